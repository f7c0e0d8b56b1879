// core/denormals.h.
#include <doctest/doctest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "../core/denormals.h"

namespace lanewise::core {
namespace {

// The arithmetic goes through volatile memory, so that the compiler cannot do it in advance or move it.
float half(float x) {
  const volatile float source = x;
  const volatile float result = source * 0.5f;
  return result;
}

TEST_CASE("denormals are flushed inside the scope and only there") {
  const float tiny = std::numeric_limits<float>::min();
  const float denormal = std::numeric_limits<float>::denorm_min() * 64;
  REQUIRE(half(tiny) > 0);
  {
    const FlushDenormals flush;
    CHECK(half(tiny) == 0);  // a denormal result
    const volatile float input = denormal;
    const volatile float scaled = input * 1e30f;
    CHECK(scaled == 0);  // a denormal input
    {
      const FlushDenormals nested;
      CHECK(half(tiny) == 0);
    }
    CHECK(half(tiny) == 0);
  }
  CHECK(half(tiny) > 0);
  CHECK(half(denormal) > 0);
}

TEST_CASE("a mode can be carried to another thread") {
  std::atomic<bool> ready{false};
  FloatMode mode = FloatMode::current();
  std::thread other([&] {  // started before the change, which a new thread would inherit
    while (!ready) std::this_thread::yield();
    CHECK_FALSE(FloatMode::current() == mode);
    CHECK(half(std::numeric_limits<float>::min()) > 0);
    mode.apply();
    CHECK(FloatMode::current() == mode);
    CHECK(half(std::numeric_limits<float>::min()) == 0);
  });
  {
    const FlushDenormals flush;
    mode = FloatMode::current();
  }
  ready = true;
  other.join();
}

TEST_CASE("the standard mode keeps denormals, whatever the thread was born with") {
  const FlushDenormals flush;
  std::thread([] {
    FloatMode::standard().apply();
    CHECK(half(std::numeric_limits<float>::min()) > 0);
  }).join();
  CHECK(half(std::numeric_limits<float>::min()) == 0);
}

TEST_CASE("threads of a program start in the standard mode") { CHECK(FloatMode::current() == FloatMode::standard()); }

}  // namespace
}  // namespace lanewise::core
