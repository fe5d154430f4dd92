// Inside the kernels for Helium: its instructions on vectors of 128 bits. Where
// the CPU has none of them, the same in C++, so that the kernels are tested on
// the host.
#pragma once

#include <cstdint>
#include <cstring>

#include "device/base/fixed_point.h"
#include "device/kernels/upper_half.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

namespace shoal {

#if defined(__ARM_FEATURE_MVE)

using Bytes = int8x16_t;
using Words = int32x4_t;
using Shorts = int16x8_t;
using Places = uint16x8_t;  // of eight bytes, behind an address

inline Bytes load_bytes(const int8_t* from) { return vldrbq_s8(from); }
inline Words load_words(const int32_t* from) { return vldrwq_s32(from); }
inline void store_words(Words v, int32_t* to) { vstrwq_s32(to, v); }
// Four bytes, each of which becomes a word, and back (the low bytes).
inline Words load_four(const int8_t* from) { return vldrbq_s32(from); }
inline void store_four(Words v, int8_t* to) { vstrbq_s32(to, v); }
// 0, step, 2 * step and so on.
inline Places places(int step) {
  return vmulq_n_u16(vidupq_n_u16(0, 1), static_cast<uint16_t>(step));
}
inline Places behind(Places at, int bytes) {
  return vaddq_n_u16(at, static_cast<uint16_t>(bytes));
}
// Eight bytes that lie side by side, and one byte to eight places.
inline void scatter_eight(const int8_t* from, Places at, int8_t* to) {
  vstrbq_scatter_offset_s16(to, at, vldrbq_s16(from));
}
inline void scatter_byte(int8_t byte, Places at, int8_t* to) {
  vstrbq_scatter_offset_s16(to, at, vdupq_n_s16(byte));
}

inline Words all_words(int32_t v) { return vdupq_n_s32(v); }
// The compiler would insert one lane after the other.
inline Words four_words(int32_t a, int32_t b, int32_t c, int32_t d) {
  Words v;
  __asm__(
      "vmov %q0[2], %q0[0], %1, %3\n"  // the lower lane's comes first
      "vmov %q0[3], %q0[1], %2, %4\n"
      : "=&w"(v)
      : "r"(a), "r"(b), "r"(c), "r"(d));
  return v;
}
inline Words add(Words a, Words b) { return vaddq_s32(a, b); }
inline Words add(Words a, int32_t b) { return vaddq_n_s32(a, b); }
inline Words multiply(Words a, int32_t b) { return vmulq_n_s32(a, b); }
inline Words multiply(Words a, Words b) { return vmulq_s32(a, b); }
// a + b * c.
inline Words add_product(Words a, Words b, int32_t c) {
  return vmlaq_n_s32(a, b, c);
}
// v + (v >> 31) * n: words below zero become n less, for an n of 0 or 1.
inline Words less_below_zero(Words v, int32_t n) {
  return vqdmlahq_n_s32(v, v, n);
}
inline Words least(Words a, Words b) { return vminq_s32(a, b); }
inline Words largest(Words a, Words b) { return vmaxq_s32(a, b); }
// Within int8.
inline Words to_int8(Words v) {
  const int16x8_t halves = vqmovnbq_s32(vreinterpretq_s16_s32(v), v);
  return vreinterpretq_s32_s8(
      vqmovnbq_s16(vreinterpretq_s8_s16(halves), halves));
}
// high_mul() (device/base/fixed_point.h), of factors not below zero.
inline Words high_products(Words a, Words b) { return vqrdmulhq_s32(a, b); }
inline Words high_products(Words a, int32_t b) { return vqrdmulhq_n_s32(a, b); }
// v / 2^-shift to nearest, halves up; shifts -31 to 0.
inline Words shifted(Words v, Words shifts) { return vrshlq_s32(v, shifts); }
inline Words shifted(Words v, int32_t shift) { return vrshlq_n_s32(v, shift); }
// Eight elements of 16 bits, also of eight bytes.
inline Shorts load_shorts(const int16_t* from) { return vldrhq_s16(from); }
inline Shorts load_eight(const int8_t* from) { return vldrbq_s16(from); }
inline void store_shorts(Shorts v, int16_t* to) { vstrhq_s16(to, v); }
// Products of the even ones, and of the odd ones.
inline Words even_products(Shorts a, Shorts b) { return vmullbq_int_s16(a, b); }
inline Words odd_products(Shorts a, Shorts b) { return vmulltq_int_s16(a, b); }
// rounded_upper_half() (upper_half.h).
inline Words upper_halves(Words a, Words b) { return vrmulhq_s32(a, b); }
// Words within int16, of which the first ones become the even elements.
inline Shorts joined(Words even, Words odd) {
  return vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
}
inline Shorts bounded(Shorts v, int16_t low, int16_t high) {
  return vminq_s16(vmaxq_s16(v, vdupq_n_s16(low)), vdupq_n_s16(high));
}
// Four words, the low halves of which lie side by side behind `to`.
inline void store_low_halves(Words v, int16_t* to) { vstrhq_s32(to, v); }
inline int32_t dot(Bytes a, Bytes b) { return vmladavq_s8(a, b); }
inline int32_t add_dot(int32_t sum, Bytes a, Bytes b) {
  return vmladavaq_s8(sum, a, b);
}

#else

struct Bytes {
  int8_t at[16];
};
struct Words {
  int32_t at[4];
};
struct Shorts {
  int16_t at[8];
};
struct Places {
  uint32_t at[8];
};

template <class F>
inline Words each_word(F f) {
  return {{f(0), f(1), f(2), f(3)}};
}
inline Bytes load_bytes(const int8_t* from) {
  Bytes v;
  std::memcpy(v.at, from, sizeof v.at);
  return v;
}
inline Words load_words(const int32_t* from) {
  return each_word([&](int i) { return from[i]; });
}
inline void store_words(Words v, int32_t* to) {
  std::memcpy(to, v.at, sizeof v.at);
}
inline Words load_four(const int8_t* from) {
  return each_word([&](int i) { return int32_t{from[i]}; });
}
inline void store_four(Words v, int8_t* to) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<int8_t>(v.at[i]);
}
inline Places places(int step) {
  Places v;
  for (int i = 0; i < 8; ++i) v.at[i] = bits(i * step);
  return v;
}
inline Places behind(Places at, int bytes) {
  for (uint32_t& place : at.at) place += bits(bytes);
  return at;
}
inline void scatter_eight(const int8_t* from, Places at, int8_t* to) {
  for (int i = 0; i < 8; ++i) to[at.at[i]] = from[i];
}
inline void scatter_byte(int8_t byte, Places at, int8_t* to) {
  for (const uint32_t place : at.at) to[place] = byte;
}

inline Words all_words(int32_t v) { return {{v, v, v, v}}; }
inline Words four_words(int32_t a, int32_t b, int32_t c, int32_t d) {
  return {{a, b, c, d}};
}
inline Words add(Words a, Words b) {
  return each_word([&](int i) { return wrap_add(a.at[i], b.at[i]); });
}
inline Words add(Words a, int32_t b) { return add(a, all_words(b)); }
inline Words multiply(Words a, int32_t b) {
  return each_word([&](int i) { return wrap_mul(a.at[i], b); });
}
inline Words multiply(Words a, Words b) {
  return each_word([&](int i) { return wrap_mul(a.at[i], b.at[i]); });
}
inline Words add_product(Words a, Words b, int32_t c) {
  return add(a, multiply(b, c));
}
inline Words less_below_zero(Words v, int32_t n) {
  return each_word(
      [&](int i) { return wrap_sub(v.at[i], v.at[i] < 0 ? n : 0); });
}
inline Words least(Words a, Words b) {
  return each_word(
      [&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; });
}
inline Words largest(Words a, Words b) {
  return each_word(
      [&](int i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; });
}
inline Words to_int8(Words v) {
  return least(largest(v, all_words(-128)), all_words(127));
}
inline Words high_products(Words a, Words b) {
  return each_word([&](int i) { return high_mul(a.at[i], b.at[i]); });
}
inline Words high_products(Words a, int32_t b) {
  return high_products(a, all_words(b));
}
inline Words shifted(Words v, Words shifts) {
  return each_word([&](int i) {
    const int right = -shifts.at[i];
    const int64_t half = (int64_t{1} << right) / 2;
    return static_cast<int32_t>((v.at[i] + half) >> right);
  });
}
inline Words shifted(Words v, int32_t shift) {
  return shifted(v, all_words(shift));
}
inline Shorts load_shorts(const int16_t* from) {
  Shorts v;
  std::memcpy(v.at, from, sizeof v.at);
  return v;
}
inline Shorts load_eight(const int8_t* from) {
  Shorts v;
  for (int i = 0; i < 8; ++i) v.at[i] = from[i];
  return v;
}
inline void store_shorts(Shorts v, int16_t* to) {
  std::memcpy(to, v.at, sizeof v.at);
}
inline Words even_products(Shorts a, Shorts b) {
  return each_word([&](int i) { return a.at[2 * i] * b.at[2 * i]; });
}
inline Words odd_products(Shorts a, Shorts b) {
  return each_word([&](int i) { return a.at[2 * i + 1] * b.at[2 * i + 1]; });
}
inline Words upper_halves(Words a, Words b) {
  return each_word([&](int i) { return rounded_upper_half(a.at[i], b.at[i]); });
}
inline Shorts joined(Words even, Words odd) {
  Shorts v;
  for (int i = 0; i < 4; ++i) {
    v.at[2 * i] = static_cast<int16_t>(clamp(even.at[i], -32768, 32767));
    v.at[2 * i + 1] = static_cast<int16_t>(clamp(odd.at[i], -32768, 32767));
  }
  return v;
}
inline Shorts bounded(Shorts v, int16_t low, int16_t high) {
  for (int16_t& h : v.at) h = static_cast<int16_t>(clamp(h, low, high));
  return v;
}
inline void store_low_halves(Words v, int16_t* to) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<int16_t>(v.at[i]);
}
inline int32_t add_dot(int32_t sum, Bytes a, Bytes b) {
  for (int i = 0; i < 16; ++i) sum = wrap_add(sum, a.at[i] * b.at[i]);
  return sum;
}
inline int32_t dot(Bytes a, Bytes b) { return add_dot(0, a, b); }

#endif

// requantize() (device/base/fixed_point.h) of sums that are all shifted to the
// right, or none: halves away from zero are halves up of what is one less below
// zero.
template <class Factor>
inline Words requantized(Words v, Factor multiplier, Factor shift,
                         bool shifts = true) {
  const Words h = high_products(v, multiplier);
  return shifted(less_below_zero(h, shifts), shift);
}

// The output's zero point and limits, which end each sum.
struct Ending {
  int32_t zero;
  Words low, high;
};
inline Words ended(Words v, const Ending& e) {
  return least(largest(add(v, e.zero), e.low), e.high);
}

}  // namespace shoal
