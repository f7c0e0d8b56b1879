// How this thread rounds and treats denormal numbers. JavaScript's own arithmetic runs on the same threads, so whatever
// is changed here is put back before JavaScript runs again.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#elif defined(_M_ARM64)
#include <intrin.h>
#endif

namespace lanewise::core {

// The control bits of the floating-point unit: rounding, traps, flushing. Exception flags are left out.
class FloatMode {
 public:
  static FloatMode current() { return FloatMode(read() & ~kFlags); }

  // What C and JavaScript compute in: rounding to nearest, no traps, no flushing. A new thread on Linux inherits the
  // mode of the one that started it, whatever that is at the moment.
  static FloatMode standard() { return FloatMode(kStandard); }

  // The same mode, but denormal inputs count as zero and denormal results become zero. Adam's moments decay into that
  // range, where arithmetic is several times slower.
  FloatMode flushing_denormals() const { return FloatMode(bits_ | kFlush); }

  // Makes it this thread's mode. Writing the register costs more than reading it.
  void apply() const {
    const Bits now = read();
    if ((now & ~kFlags) != bits_) write((now & kFlags) | bits_);
  }

  bool operator==(const FloatMode&) const = default;

 private:
#if defined(__x86_64__) || defined(_M_X64)
  using Bits = std::uint32_t;
  static constexpr Bits kFlags = 0x3f;
  static constexpr Bits kFlush = 0x8040;     // flush to zero, denormals are zero
  static constexpr Bits kStandard = 0x1f80;  // all exceptions masked
  static Bits read() { return _mm_getcsr(); }
  static void write(Bits bits) { _mm_setcsr(bits); }
#elif defined(__aarch64__)
  using Bits = std::uint64_t;
  static constexpr Bits kFlags = 0;  // they stand in another register, FPSR
  static constexpr Bits kFlush = Bits{1} << 24;
  static constexpr Bits kStandard = 0;
  static Bits read() {
    Bits bits;
    __asm__ volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void write(Bits bits) { __asm__ volatile("msr fpcr, %0" : : "r"(bits)); }
#elif defined(_M_ARM64)
  using Bits = std::uint64_t;
  static constexpr Bits kFlags = 0;
  static constexpr Bits kFlush = Bits{1} << 24;
  static constexpr Bits kStandard = 0;
  static Bits read() { return static_cast<Bits>(_ReadStatusReg(ARM64_FPCR)); }
  static void write(Bits bits) { _WriteStatusReg(ARM64_FPCR, static_cast<__int64>(bits)); }
#else
  using Bits = std::uint32_t;
  static constexpr Bits kFlags = 0;
  static constexpr Bits kFlush = 0;
  static constexpr Bits kStandard = 0;
  static Bits read() { return 0; }
  static void write(Bits) {}
#endif

  explicit FloatMode(Bits bits) : bits_(bits) {}

  Bits bits_;
};

// Flushes denormals from here to the end of the scope.
class FlushDenormals {
 public:
  FlushDenormals() : before_(FloatMode::current()) { before_.flushing_denormals().apply(); }
  ~FlushDenormals() { before_.apply(); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  FloatMode before_;
};

}  // namespace lanewise::core
