// Inside the AVX2 kernels: from int32 sums in registers to int8.
#pragma once

#include "device/kernels/x86_avx2_common.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {

inline constexpr int kEvenThenOdd = 0xD8;  // lanes 0, 2, 1, 3 of each half

// requantize(v) + zero_out for bounded sums, without left shift, lanes in
// the order kEvenThenOdd. 2v * m has high_mul's quotient in its upper half;
// rounding and zero point of the second step, shifted left, are added in the
// same addition as the rounding of the first. What comes out below
// `fast_limit` was negative, and ties of negative numbers go down.
SHOAL_AVX2_INLINE __m256i scale_bounded(__m256i v, const Scale8& s) {
  v = _mm256_add_epi32(v, v);
  const __m256i even =
      _mm256_add_epi64(_mm256_mul_epi32(v, s.multiplier), s.fast_round_even);
  const __m256i odd = _mm256_add_epi64(
      _mm256_mul_epi32(_mm256_srli_epi64(v, 32), s.odd_multiplier),
      s.fast_round_odd);
  const __m256i high = _mm256_castps_si256(_mm256_shuffle_ps(
      _mm256_castsi256_ps(even), _mm256_castsi256_ps(odd), 0xDD));
  const __m256i negative = _mm256_cmpgt_epi32(s.fast_limit, high);
  return _mm256_srav_epi32(_mm256_add_epi32(high, negative), s.fast_right);
}

// wrap_add(requantize(v), zero_out) for every v and shift, lanes in the order
// kEvenThenOdd.
SHOAL_AVX2_INLINE __m256i scale_any(__m256i v, const Scale8& s,
                                    __m256i zero_out) {
  const __m256i nudge = _mm256_set1_epi64x(int64_t{1} << 30);
  v = _mm256_sllv_epi32(v, s.left);
  const __m256i even =
      _mm256_add_epi64(_mm256_mul_epi32(v, s.multiplier), nudge);
  const __m256i odd = _mm256_add_epi64(
      _mm256_mul_epi32(_mm256_srli_epi64(v, 32), s.odd_multiplier), nudge);
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31),
                                          _mm256_add_epi64(odd, odd), 0xAA);
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, s.right), one);
  const __m256i rest = _mm256_and_si256(high, mask);
  const __m256i threshold =
      _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(high, 31));
  const __m256i rounded = _mm256_sub_epi32(_mm256_srav_epi32(high, s.right),
                                           _mm256_cmpgt_epi32(rest, threshold));
  return _mm256_shuffle_epi32(_mm256_add_epi32(rounded, zero_out),
                              kEvenThenOdd);
}

template <bool kBounded>
SHOAL_AVX2_INLINE __m256i scale(__m256i sums, const Scale8& s,
                                __m256i zero_out) {
  return kBounded ? scale_bounded(sums, s) : scale_any(sums, s, zero_out);
}

// 16 channels of two pixels, lanes in the order kEvenThenOdd, to bytes in
// natural order.
SHOAL_AVX2_INLINE __m256i pack(__m256i first_low, __m256i first_high,
                               __m256i second_low, __m256i second_high,
                               const Scales& s) {
  const __m256i order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
  __m256i bytes =
      _mm256_packs_epi16(_mm256_packs_epi32(first_low, first_high),
                         _mm256_packs_epi32(second_low, second_high));
  bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, s.act_min), s.act_max);
  return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(bytes, order),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

SHOAL_AVX2_INLINE void store_bytes(int8_t* out, __m128i bytes, int n) {
  if (n >= 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  } else if (n == 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), bytes);
  } else {
    alignas(16) int8_t some[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(some), bytes);
    memcpy(out, some, static_cast<size_t>(n));
  }
}

}  // namespace shoal::avx2

#endif
