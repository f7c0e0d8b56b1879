// distributed/collectives.h on ranks that are threads: exact sums, one order of addition, what ranks disagree on.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "../distributed/collectives.h"
#include "arithmetic.h"
#include "loopback.h"

namespace lanewise::distributed {
namespace {

constexpr std::size_t kLengths[] = {0, 1, 7, 1000, 4096, 100'003, 300'001};

// Runs body(exchange, scratch) on every rank at the same time.
template <typename Body>
void on_ranks(int size, Body body) {
  const auto world = std::make_shared<LoopbackWorld>(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      Loopback transport(world, rank);
      Progress progress;
      Exchange exchange(transport, progress);
      Scratch scratch;
      body(exchange, scratch);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::byte* bytes_of(auto& numbers) { return reinterpret_cast<std::byte*>(numbers.data()); }

// Numbers of very different sizes: another order of addition gives other bits.
float rough(std::size_t leaf, std::size_t i) {
  const auto word = static_cast<std::uint32_t>(leaf * 2654435761U + i * 40503U + 12345U) * 2246822519U;
  const float fraction = static_cast<float>(word >> 8) / 16777216.0F - 0.5F;
  return std::ldexp(fraction, static_cast<int>(word % 12U));
}

// By the definition: neighbours are added, level by level.
float tree_sum(std::size_t leaves, std::size_t i) {
  std::vector<float> level;
  for (std::size_t leaf = 0; leaf < leaves; ++leaf) level.push_back(rough(leaf, i));
  while (level.size() > 1) {
    std::vector<float> next;
    for (std::size_t at = 0; at < level.size(); at += 2) {
      next.push_back(at + 1 < level.size() ? level[at] + level[at + 1] : level[at]);
    }
    level = next;
  }
  return level[0];
}

TEST_CASE("all_reduce adds along one tree, whichever ranks have its leaves") {
  // As many leaves on different numbers of ranks: the same bits.
  for (const std::size_t leaves : {1, 2, 3, 4, 6, 8, 12}) {
    for (const std::size_t ranks : {1, 2, 3, 4, 5, 8}) {
      if (leaves % ranks != 0) continue;
      const std::size_t parts = leaves / ranks;
      for (const std::size_t count : kLengths) {
        if (count > 5000 && (test::kIsEmulated || leaves > 4)) continue;
        std::vector<int> wrong(ranks, -1);
        on_ranks(static_cast<int>(ranks), [&](Exchange& exchange, Scratch& scratch) {
          const auto rank = static_cast<std::size_t>(exchange.rank());
          std::vector<float> data(parts * count);
          for (std::size_t part = 0; part < parts; ++part) {
            for (std::size_t i = 0; i < count; ++i) data[part * count + i] = rough(rank * parts + part, i);
          }
          all_reduce(exchange, scratch, {}, bytes_of(data), count, parts);
          wrong[rank] = 0;
          for (std::size_t i = 0; i < count; ++i) {
            const float expected = tree_sum(leaves, i);
            if (std::memcmp(&expected, &data[i], sizeof(float)) != 0) ++wrong[rank];
          }
        });
        for (std::size_t rank = 0; rank < ranks; ++rank) {
          INFO(leaves, " leaves on ", ranks, " ranks, ", count, " numbers, rank ", rank);
          CHECK(wrong[rank] == 0);
        }
      }
    }
  }
}

TEST_CASE("all_reduce gives exact sums of integers, products, extremes and means") {
  for (const int ranks : {1, 2, 3, 4}) {
    for (const std::size_t count : kLengths) {
      std::vector<int> wrong(static_cast<std::size_t>(ranks), -1);
      on_ranks(ranks, [&](Exchange& exchange, Scratch& scratch) {
        const auto rank = static_cast<std::size_t>(exchange.rank());
        const int n = ranks, self = exchange.rank();
        std::vector<std::int32_t> integers(count), largest(count);
        std::vector<double> means(count), products(count, 2.0);
        for (std::size_t i = 0; i < count; ++i) {
          integers[i] = static_cast<std::int32_t>(i % 1000) + self;
          largest[i] = (static_cast<int>(i) + self) % n;
          means[i] = static_cast<double>(i) + self;
        }
        all_reduce(exchange, scratch, {DType::kInt32, ReduceOp::kSum, 1}, bytes_of(integers), count, 1);
        all_reduce(exchange, scratch, {DType::kInt32, ReduceOp::kMax, 1}, bytes_of(largest), count, 1);
        all_reduce(exchange, scratch, {DType::kFloat64, ReduceOp::kSum, static_cast<double>(n)}, bytes_of(means), count,
                   1);
        all_reduce(exchange, scratch, {DType::kFloat64, ReduceOp::kProduct, 1}, bytes_of(products), count, 1);
        wrong[rank] = 0;
        for (std::size_t i = 0; i < count; ++i) {
          wrong[rank] += integers[i] != n * static_cast<int>(i % 1000) + n * (n - 1) / 2;
          wrong[rank] += largest[i] != n - 1;
          wrong[rank] += means[i] != (static_cast<double>(n) * static_cast<double>(i) + n * (n - 1) / 2) / n;
          wrong[rank] += products[i] != std::pow(2.0, n);
        }
      });
      for (const int errors : wrong) CHECK(errors == 0);
    }
  }
}

TEST_CASE("a NaN of any rank is the minimum and the maximum") {
  for (const ReduceOp op : {ReduceOp::kMin, ReduceOp::kMax}) {
    for (const int place : {0, 1, 2}) {
      on_ranks(3, [&](Exchange& exchange, Scratch& scratch) {
        std::vector<float> data{exchange.rank() == place ? std::numeric_limits<float>::quiet_NaN() : 1.0F, 2.0F};
        all_reduce(exchange, scratch, {DType::kFloat32, op, 1}, bytes_of(data), 2, 1);
        if (!std::isnan(data[0]) || data[1] != 2.0F) throw std::logic_error("a NaN was lost");  // ends the process
      });
    }
  }
}

TEST_CASE("reduce_scatter, all_gather and broadcast move every number to its place") {
  for (const int ranks : {1, 2, 3, 4, 7}) {
    for (const std::size_t count : kLengths) {
      const auto n = static_cast<std::size_t>(ranks);
      std::vector<int> wrong(n, -1);
      on_ranks(ranks, [&](Exchange& exchange, Scratch& scratch) {
        const auto rank = static_cast<std::size_t>(exchange.rank());
        std::vector<std::int32_t> all(n * count), own(count), gathered(n * count, -1),
            from_last(count, exchange.rank());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int32_t>(i + rank);
        reduce_scatter(exchange, scratch, {DType::kInt32, ReduceOp::kSum, 1}, bytes_of(all), bytes_of(own), count);
        all_gather(exchange, bytes_of(own), bytes_of(gathered), count * 4);
        broadcast(exchange, bytes_of(from_last), count * 4, ranks - 1);
        wrong[rank] = 0;
        for (std::size_t i = 0; i < gathered.size(); ++i) {
          wrong[rank] += gathered[i] != static_cast<std::int32_t>(n * i + n * (n - 1) / 2);
        }
        for (const std::int32_t value : from_last) wrong[rank] += value != ranks - 1;
      });
      for (const int errors : wrong) CHECK(errors == 0);
    }
  }
}

TEST_CASE("all_reduce sends no more than a ring does, or two arrays where that is one round") {
  const auto world = std::make_shared<LoopbackWorld>(4);
  std::vector<std::size_t> sent(4);
  std::vector<std::thread> threads;
  constexpr std::size_t kCount = 1'000'000;
  for (int rank = 0; rank < 4; ++rank) {
    threads.emplace_back([&, rank] {
      Loopback transport(world, rank);
      Progress progress;
      Exchange exchange(transport, progress);
      Scratch scratch;
      std::vector<float> data(kCount);
      all_reduce(exchange, scratch, {}, bytes_of(data), kCount, 1);
      sent[static_cast<std::size_t>(rank)] = transport.sent;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t bytes : sent) CHECK(bytes == 2 * 3 * kCount * sizeof(float) / 4);
}

TEST_CASE("a disagreement is found before the numbers of the others are used") {
  // Their messages travel together with what ranks say they do; arrays of other sizes do not reach the result.
  std::vector<std::string> messages(2);
  on_ranks(2, [&](Exchange& exchange, Scratch& scratch) {
    const auto rank = static_cast<std::size_t>(exchange.rank());
    const std::size_t count = 1000 + rank;
    std::vector<float> data(count, 7);
    std::vector<Agreement> all;
    agree(exchange, all, {Kind::kAllReduce, DType::kFloat32, ReduceOp::kSum, 0, 1, count, 1, 1});
    try {
      all_reduce(exchange, scratch, {}, bytes_of(data), count, 1);
    } catch (const Disagreement& error) {
      messages[rank] = error.what();
    }
    for (const float value : data) {
      if (value != 7) messages[rank] = "overwritten";
    }
  });
  for (const std::string& message : messages) {
    CHECK(message.find("rank 1 calls allReduce of 1001 float32 (sum) where rank 0 calls allReduce of 1000") == 0);
  }
}

TEST_CASE("means of any number of ranks are quotients to the bit") {
  for (const int ranks : {1, 2, 3, 4, 5}) {
    for (const double divisor : {1.0, 2.0, 3.0, 4.0, 0.125, 7.0}) {
      constexpr std::size_t kCount = 103;  // no multiple of a vector
      std::vector<int> wrong(static_cast<std::size_t>(ranks), -1);
      on_ranks(ranks, [&](Exchange& exchange, Scratch& scratch) {
        const auto rank = static_cast<std::size_t>(exchange.rank());
        std::vector<float> data(kCount);
        for (std::size_t i = 0; i < kCount; ++i) data[i] = rough(rank, i);
        const Reduction mean{DType::kFloat32, ReduceOp::kSum, divisor};
        all_reduce(exchange, scratch, mean, bytes_of(data), kCount, 1);
        wrong[rank] = 0;
        for (std::size_t i = 0; i < kCount; ++i) {
          const float sum = tree_sum(static_cast<std::size_t>(ranks), i);
          wrong[rank] += data[i] != sum / static_cast<float>(divisor);
        }
      });
      for (const int errors : wrong) CHECK(errors == 0);
    }
  }
}

TEST_CASE("ranks that call different things all learn which rank differs") {
  std::vector<std::string> messages(3);
  std::vector<int> wrong(3, -1);
  on_ranks(3, [&](Exchange& exchange, Scratch& scratch) {
    const auto rank = static_cast<std::size_t>(exchange.rank());
    std::vector<Agreement> all;
    std::vector<float> data(100, static_cast<float>(rank));
    Agreement own{Kind::kAllReduce, DType::kFloat32, ReduceOp::kSum, 0, 5, 100, 1, 1};
    agree(exchange, all, own);  // the same on all
    all_reduce(exchange, scratch, {}, bytes_of(data), 100, 1);
    wrong[rank] = 0;
    for (const float value : data) wrong[rank] += value != 3;
    if (rank == 2) own = {Kind::kBroadcast, DType::kInt32, ReduceOp::kSum, 1, 5, 7, 1, 1};
    try {
      agree(exchange, all, own);
      exchange.wait();
    } catch (const Disagreement& error) {
      messages[static_cast<std::size_t>(exchange.rank())] = error.what();
    }
  });
  for (const int errors : wrong) CHECK(errors == 0);
  for (const std::string& message : messages) {
    CHECK(message.find(
              "rank 2 calls broadcast of 7 int32 from rank 1 where rank 0 calls allReduce of 100 float32 (sum)") == 0);
  }
}

}  // namespace
}  // namespace lanewise::distributed
