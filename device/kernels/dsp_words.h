// Inside the kernels for the DSP extension of ARMv7E-M and ARMv8-M (Cortex-M4,
// M7, M33): its instructions on pairs of 16-bit numbers in a word. Where the
// CPU has none of them, the same in C++, so that the kernels are tested on the
// host. They are single instructions in assembler: GCC has had ACLE's
// intrinsics for them only since version 10, and boards' cores come with 7.
//
// Four int8 of a word are spread into two pairs of int16: the even bytes, and
// the odd ones. A sum of products does not care for the order, as long as
// weights and input have the same.
#pragma once

#include <cstdint>
#include <cstring>

#include "device/base/fixed_point.h"
#include "device/kernels/thumb1.h"
#include "device/kernels/upper_half.h"

// Defined if loops may be in assembler that takes all registers. Compilers keep
// some for themselves without optimization, and where there is Helium; clang
// keeps a frame pointer.
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && \
    !defined(__ARM_FEATURE_MVE) && !defined(__clang__)
#define SHOAL_DSP_LOOPS
#endif

namespace shoal {

// Four bytes, wherever they lie. The instruction may be unaligned.
inline uint32_t four_bytes(const int8_t* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

#if defined(__ARM_FEATURE_DSP)

inline uint32_t even_bytes(uint32_t word) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
  return pair;
}
inline uint32_t odd_bytes(uint32_t word) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}
// sum + both products of a pair, mod 2^32.
inline uint32_t add_products(uint32_t a, uint32_t b, uint32_t sum) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
// a - b in both halves, each mod 2^16.
inline uint32_t subtract_pairs(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("ssub16 %0, %1, %2" : "=r"(pair) : "r"(a), "r"(b));
  return pair;
}
// The low halves of a and b, a's below; the high halves likewise.
inline uint32_t low_halves(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(a), "r"(b));
  return pair;
}
inline uint32_t high_halves(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(b), "r"(a));
  return pair;
}
// Four bytes spread into to[0] (even ones) and to[1].
inline void put_pairs(uint32_t word, uint32_t* to) {
  const uint32_t even = even_bytes(word), odd = odd_bytes(word);
  __asm__ volatile("strd %1, %2, [%0]"
                   :
                   : "r"(to), "r"(even), "r"(odd)
                   : "memory");
}
// The same; where the next ones go.
inline uint32_t* put_next_pairs(uint32_t word, uint32_t* to) {
  const uint32_t even = even_bytes(word), odd = odd_bytes(word);
  __asm__ volatile("strd %1, %2, [%0], #8"
                   : "+r"(to)
                   : "r"(even), "r"(odd)
                   : "memory");
  return to;
}
// rounded_upper_half().
inline int32_t high_product(int32_t a, int32_t b) {
  int32_t high;
  __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
  return high;
}
// v / 2, rounded down, within int8.
inline int32_t half_to_int8(int32_t v) {
  int32_t byte;
  __asm__("ssat %0, #8, %1, asr #1" : "=r"(byte) : "r"(v));
  return byte;
}
// requantize_doubled() (device/base/fixed_point.h).
inline int32_t scale_doubled(int32_t v, int32_t multiplier, int right) {
  int32_t result;
  uint32_t low;
  __asm__(
      "asr %0, %2, #31\n"
      "eor %1, %4, %0, lsl #31\n"
      "smlal %1, %0, %2, %3\n"
      "asr %0, %0, %5\n"
      : "=&r"(result), "=&r"(low)
      : "r"(v), "r"(multiplier), "r"(1u << 30), "r"(right));
  return result;
}
// The same with halves towards minus infinity where v is below zero:
// (v * multiplier + 2^31 + (2^32 * (v >> 31))) >> 32 >> right.
inline int32_t scale_up(int32_t v, int32_t multiplier, int right) {
  int32_t result;
  uint32_t low = 1u << 31;
  __asm__(
      "asr %0, %2, #31\n"
      "smlal %1, %0, %2, %3\n"
      "asr %0, %0, %4\n"
      : "=&r"(result), "+r"(low)
      : "r"(v), "r"(multiplier), "r"(right));
  return result;
}

#else

inline uint32_t pair_of(int32_t low, int32_t high) {
  return (static_cast<uint32_t>(low) & 0xFFFF) | static_cast<uint32_t>(high)
                                                     << 16;
}
inline int32_t low_of(uint32_t pair) { return static_cast<int16_t>(pair); }
inline int32_t high_of(uint32_t pair) {
  return static_cast<int16_t>(pair >> 16);
}
inline uint32_t even_bytes(uint32_t word) {
  return pair_of(static_cast<int8_t>(word), static_cast<int8_t>(word >> 16));
}
inline uint32_t odd_bytes(uint32_t word) { return even_bytes(word >> 8); }
inline uint32_t add_products(uint32_t a, uint32_t b, uint32_t sum) {
  return sum + static_cast<uint32_t>(low_of(a) * low_of(b)) +
         static_cast<uint32_t>(high_of(a) * high_of(b));
}
inline uint32_t subtract_pairs(uint32_t a, uint32_t b) {
  return pair_of(low_of(a) - low_of(b), high_of(a) - high_of(b));
}
inline uint32_t low_halves(uint32_t a, uint32_t b) {
  return pair_of(low_of(a), low_of(b));
}
inline uint32_t high_halves(uint32_t a, uint32_t b) {
  return pair_of(high_of(a), high_of(b));
}
inline void put_pairs(uint32_t word, uint32_t* to) {
  to[0] = even_bytes(word), to[1] = odd_bytes(word);
}
inline uint32_t* put_next_pairs(uint32_t word, uint32_t* to) {
  put_pairs(word, to);
  return to + 2;
}
inline int32_t high_product(int32_t a, int32_t b) {
  return rounded_upper_half(a, b);
}
inline int32_t half_to_int8(int32_t v) {
  v >>= 1;
  return v < -128 ? -128 : v > 127 ? 127 : v;
}
inline int32_t scale_doubled(int32_t v, int32_t multiplier, int right) {
#if defined(SHOAL_NO_LONG_PRODUCTS)
  return requantize_doubled_by_halves(v, multiplier, right);
#else
  return requantize_doubled(v, multiplier, right);
#endif
}
inline int32_t scale_up(int32_t v, int32_t multiplier, int right) {
  const uint64_t up = uint64_t{bits(v >> 31)} << 32 | 1u << 31;
  const int64_t scaled =
      static_cast<int64_t>(v) * multiplier + static_cast<int64_t>(up);
  return static_cast<int32_t>(scaled >> 32) >> right;
}

#endif

// Two elements, wherever they lie.
inline uint32_t two_elements(const int16_t* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Four elements spread into to[0] (the even ones) and to[1].
inline void put_four(const int8_t* from, uint32_t* to) {
  put_pairs(four_bytes(from), to);
}
inline void put_four(const int16_t* from, uint32_t* to) {
  const uint32_t low = two_elements(from), high = two_elements(from + 2);
  to[0] = low_halves(low, high), to[1] = high_halves(low, high);
}
// The same; where the next ones go.
inline uint32_t* put_next_four(const int8_t* from, uint32_t* to) {
  return put_next_pairs(four_bytes(from), to);
}
inline uint32_t* put_next_four(const int16_t* from, uint32_t* to) {
  put_four(from, to);
  return to + 2;
}

inline uint32_t pair_with(int32_t both) {
  return (static_cast<uint32_t>(both) & 0xFFFF) | static_cast<uint32_t>(both)
                                                      << 16;
}

}  // namespace shoal
