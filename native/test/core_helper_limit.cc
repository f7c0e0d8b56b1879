// core/helper_limit.h: when there are fewer helpers and when there are more again, by a clock and by CPUs made up here.
#include <doctest/doctest.h>

#include <cstddef>

#include "../core/helper_limit.h"

namespace lanewise::core {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::size_t mask = HelperLimit::kNone, quota = HelperLimit::kNone;
int masks_asked = 0, quotas_asked = 0;

HelperLimit new_limit() {
  mask = quota = HelperLimit::kNone;
  masks_asked = quotas_asked = 0;
  return HelperLimit({[]() noexcept {
                        ++masks_asked;
                        return mask;
                      },
                      []() noexcept {
                        ++quotas_asked;
                        return quota;
                      }});
}

// A program that makes runs of 0.1 ms one after the other, of `wanted` helpers.
struct Program {
  HelperLimit limit = new_limit();
  std::size_t wanted = 1;
  HelperLimit::Clock::time_point now{std::chrono::hours(5)};

  std::size_t run() {
    const auto began = now;
    const std::size_t helpers = limit.allow(wanted, began);
    now += microseconds(100);
    limit.ran(helpers, now - began, {}, now);
    return helpers;
  }
  // A run that waits for its helpers.
  void lose(HelperLimit::Clock::duration time) {
    const auto began = now;
    const std::size_t helpers = limit.allow(wanted, began);
    now += time;
    limit.ran(helpers, now - began, time, now);
  }
  // Runs with `helpers` while the time passes, in thousandths.
  int share_with(std::size_t helpers, milliseconds time) {
    int with = 0, all = 0;
    for (const auto end = now + time; now < end; ++all) with += run() == helpers;
    return with * 1000 / all;
  }
};

TEST_CASE("helper limit: a quiet machine has all helpers, whatever the losses of a moment") {
  Program program;
  for (const std::size_t wanted : {1, 7, 255}) {
    program.wanted = wanted;
    CHECK(program.share_with(wanted, milliseconds(100)) == 1000);
  }
  program.wanted = 3;
  for (int second = 0; second < 20; ++second) {  // 8 ms a second
    program.lose(milliseconds(4));
    CHECK(program.share_with(3, milliseconds(500)) == 1000);
    program.lose(milliseconds(4));
    CHECK(program.share_with(3, milliseconds(500)) == 1000);
  }
}

TEST_CASE("helper limit: waits that come to nothing are no losses") {
  Program program;
  for (int i = 0; i < 1000; ++i) {
    program.run();
    program.limit.ran(1, milliseconds(4), milliseconds(-3), program.now);
    program.limit.ran(0, milliseconds(4), milliseconds(3), program.now);
  }
  CHECK(program.run() == 1);
}

TEST_CASE("helper limit: losses of more than one part in fifty of the time cost a helper") {
  Program program;
  program.wanted = 3;
  for (int i = 0; i < 100 && program.run() == 3; ++i) {
    program.share_with(3, milliseconds(30));
    program.lose(milliseconds(1));
  }
  CHECK(program.run() == 2);
  program.lose(milliseconds(1));  // still more: another
  CHECK(program.run() == 1);
  program.lose(milliseconds(1));
  CHECK(program.run() == 0);
  program.lose(milliseconds(1));  // of no helper
  CHECK(program.run() == 0);
}

TEST_CASE("helper limit: a core that stays busy is tried less and less often") {
  Program program;
  int tries = 0;
  milliseconds apart{}, longest{};
  for (auto end = program.now + std::chrono::seconds(20), last = program.now; program.now < end;) {
    if (program.run() == 0) continue;
    program.lose(milliseconds(4));  // whenever there is a helper
    if (program.run() == 1) continue;
    ++tries;
    apart = std::chrono::duration_cast<milliseconds>(program.now - last);
    longest = std::max(longest, apart);
    last = program.now;
  }
  CHECK(tries > 15);
  CHECK(tries < 30);
  CHECK(longest >= HelperLimit::kLongestPause);
  CHECK(longest < 2 * HelperLimit::kLongestPause);
  // Quiet again: back within the longest pause, and the next pause is the first one.
  program.now += HelperLimit::kLongestPause;
  CHECK(program.share_with(1, std::chrono::seconds(5)) == 1000);
  program.lose(milliseconds(4));
  program.lose(milliseconds(4));
  CHECK(program.run() == 0);
  program.now += HelperLimit::kFirstPause;
  CHECK(program.run() == 1);
}

TEST_CASE("helper limit: a core that is busy is tried less and less often also when runs have helpers now and then") {
  Program program;
  const auto end = program.now + std::chrono::seconds(20);
  int with = 0, losses = 0;
  while (program.now < end) {
    // A phase of runs that have helpers when they may, and one of others. The core is lost after 12 ms with a helper.
    for (const auto phase = program.now + milliseconds(10); program.now < phase;) {
      if (program.run() == 0 || ++with < 120) continue;
      program.lose(milliseconds(4));
      with = 0;
      ++losses;
    }
    program.now += milliseconds(30);
  }
  CHECK(losses > 10);
  CHECK(losses < 30);  // 120 ms of 5 s
}

TEST_CASE("helper limit: helpers come back one at a time") {
  Program program;
  program.wanted = 4;
  for (int i = 0; i < 5; ++i) program.lose(milliseconds(5));
  CHECK(program.run() == 0);
  for (const std::size_t helpers : {1, 2, 3, 4}) {
    program.now += HelperLimit::kLongestPause;
    CHECK(program.run() == helpers);
    CHECK(program.run() == helpers);
  }
  program.wanted = 9;
  program.now += HelperLimit::kLongestPause;
  CHECK(program.run() == 5);
}

TEST_CASE("helper limit: the mask and the quota are looked at again, each in its time") {
  Program program;
  program.wanted = 7;
  CHECK(program.run() == 7);
  mask = 1;
  program.now += HelperLimit::kMaskPeriod;
  CHECK(program.run() == 0);
  mask = 4;
  program.now += HelperLimit::kMaskPeriod;
  CHECK(program.run() == 3);
  quota = 2;
  program.now += HelperLimit::kQuotaPeriod;
  CHECK(program.run() == 1);
  quota = HelperLimit::kNone;
  program.now += HelperLimit::kQuotaPeriod;
  CHECK(program.run() == 3);
  mask = 0;  // no answer that makes sense
  program.now += HelperLimit::kMaskPeriod;
  CHECK(program.run() == 0);

  masks_asked = quotas_asked = 0;
  program.share_with(0, std::chrono::seconds(10));
  CHECK(masks_asked >= 900);
  CHECK(masks_asked <= 1000);
  CHECK(quotas_asked >= 9);
  CHECK(quotas_asked <= 10);
}

}  // namespace
}  // namespace lanewise::core
