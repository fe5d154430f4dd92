// Helpers that the AVX2 kernels share: constants of a block of output channels,
// accumulators as rows of int32, and the way from there to the output.
//
// A kernel takes output channels in blocks of at most kBlockChannels. For each
// block prepare() makes the Scales; start_rows() or the bias fill rows of
// accumulators (`sums`), the kernel adds its products, finish_rows() writes
// int8 or partial sums. Rows of `sums` hold whole vectors; lanes beyond the
// last channel are computed and dropped.
#pragma once

#include "device/base/fixed_point.h"
#include "device/kernels/x86_avx2.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#define SHOAL_AVX2 __attribute__((target("avx2")))
#define SHOAL_AVX2_INLINE inline __attribute__((target("avx2"), always_inline))

namespace shoal::avx2 {

inline constexpr int kBlockChannels = 128;

// Channels in vectors of 8; odd_multiplier has the odd lanes in the even ones.
// The `fast` ones serve blocks whose sums are bounded, see scale_bounded().
struct Scale8 {
  __m256i multiplier, odd_multiplier, left, right;
  __m256i fast_round_even, fast_round_odd, fast_limit, fast_right;
};

struct Scales {
  alignas(32) int32_t bias[kBlockChannels];  // 0 with partial sums
  Scale8 of[kBlockChannels / 8];
  __m256i act_min, act_max;  // bytes
  __m256i zero_out;
  bool bounded;
};

// Output channels [channel, channel + channels) of output columns
// [x, x + pixels).
struct Area {
  int x, pixels;
  int channel, channels;
};

// `taps` products make one sum.
void prepare(const ConvArgs& a, int channel, int channels, int64_t taps,
             Scales& s);

// Row i begins at sums + i * stride; `vector` is the first of the
// area's vectors in s.
void start_rows(const ConvArgs& a, const Scales& s, int vector,
                const Area& area, int32_t* sums, int stride);
void finish_rows(const ConvArgs& a, const Scales& s, int vector,
                 const Area& area, const int32_t* sums, int stride);

// Elements of the largest window that conv_packed() takes, kernel rows of odd
// length counted one longer. One of less than 16 always fits.
inline constexpr int kPackedElements = 192;
bool packs(const ConvArgs& a);
void conv_packed(const ConvArgs& a);
void conv_dot(const ConvArgs& a);
void depthwise(const ConvArgs& a);

SHOAL_AVX2_INLINE __m256i load8(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
SHOAL_AVX2_INLINE void store8(void* p, __m256i v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}
SHOAL_AVX2_INLINE __m128i load_bytes16(const int8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
SHOAL_AVX2_INLINE __m128i load_bytes8(const int8_t* p) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}

// Lanes below n.
SHOAL_AVX2_INLINE __m256i lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// The first min(n, 8) elements, the rest 0; touches no others.
SHOAL_AVX2_INLINE __m256i load_some(const int32_t* p, int n) {
  return n >= 8 ? load8(p) : _mm256_maskload_epi32(p, lanes(n));
}
SHOAL_AVX2_INLINE void store_some(int32_t* p, int n, __m256i v) {
  if (n >= 8) {
    store8(p, v);
  } else {
    _mm256_maskstore_epi32(p, lanes(n), v);
  }
}

}  // namespace shoal::avx2

#endif
