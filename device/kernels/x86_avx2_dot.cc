// Convolution for large windows and few pixels (fully connected: one). Up to 4
// pixels are gathered; each is multiplied with the weights of a few output
// channels where they lie, 16 elements at a time, and summed up across the
// vector at the end.
#include "device/kernels/x86_avx2_gather.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

constexpr int kPixels = 4;
constexpr int kSegment = 2048;  // elements gathered at once, of one pixel

struct Work {
  alignas(32) int16_t inputs[kPixels * kSegment];
  alignas(32) int32_t sums[kPixels * kBlockChannels];
  Scales scales;
};
static_assert(sizeof(Work) < 31 * 1024);

// Gathered pixels against weights. Behind the last full vector of inputs lies
// one for the `tail` elements that are left; it has zeros in front, because
// the weights are read from tail - 16 on, all of them the same channel's.
struct Segment {
  const int16_t* inputs;  // pixels kSegment apart
  const int8_t* weights;  // of the block's first channel
  ptrdiff_t weight_stride;
  int steps, tail;
};

// The sums of 4 vectors: lower halves' in the lower half, upper in the upper.
SHOAL_AVX2_INLINE __m256i half_sums(__m256i a, __m256i b, __m256i c,
                                    __m256i d) {
  return _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
}
SHOAL_AVX2_INLINE __m128i sums4(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i h = half_sums(a, b, c, d);
  return _mm_add_epi32(_mm256_castsi256_si128(h),
                       _mm256_extracti128_si256(h, 1));
}

SHOAL_AVX2_INLINE void add4(int32_t* to, __m128i v) {
  __m128i* p = reinterpret_cast<__m128i*>(to);
  _mm_storeu_si128(p, _mm_add_epi32(_mm_loadu_si128(p), v));
}
SHOAL_AVX2_INLINE void add2(int32_t* to, __m128i v) {
  __m128i* p = reinterpret_cast<__m128i*>(to);
  _mm_storel_epi64(p, _mm_add_epi32(_mm_loadl_epi64(p), v));
}
SHOAL_AVX2_INLINE void add1(int32_t* to, __m128i v) {
  *to = wrap_add(*to, _mm_cvtsi128_si32(v));
}

template <int P, int C>
SHOAL_AVX2_INLINE void add_sums(const __m256i (&acc)[P][C], int32_t* sums) {
  static_assert(C == 1 || C == 2 || C == 4);
  constexpr int kStep = C == 2 ? 2 : 1;
#pragma GCC unroll 8
  for (int p = 0; p < P; p += kStep) {
    int32_t* to = sums + p * kBlockChannels;
    if constexpr (C == 4) {
      add4(to, sums4(acc[p][0], acc[p][1], acc[p][2], acc[p][3]));
    } else if constexpr (C == 2) {
      const int q = p + 1 < P ? p + 1 : p;
      const __m128i s = sums4(acc[p][0], acc[p][1], acc[q][0], acc[q][1]);
      add2(to, s);
      if (q > p) add2(to + kBlockChannels, _mm_unpackhi_epi64(s, s));
    } else {
      add1(to, sums4(acc[p][0], acc[p][0], acc[p][0], acc[p][0]));
    }
  }
}

// Adds C channels' products to P pixels' sums.
template <int P, int C>
SHOAL_AVX2_INLINE void channels(const Segment& s, int channel, int32_t* sums) {
  __m256i acc[P][C];
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) acc[p][c] = _mm256_setzero_si256();
  }
  const int8_t* weights = s.weights + channel * s.weight_stride;
  const int16_t* inputs = s.inputs;
  int steps = s.steps;
  for (int part = 0; part < 2; ++part) {
    for (int i = 0; i < steps; ++i, weights += 16, inputs += 16) {
      // The next channels' weights: a node of several seldom has its own in
      // the cache, and waiting for them would take most of the time.
      if (i % 4 == 0) {
#pragma GCC unroll 8
        for (int c = C; c < 2 * C; ++c) {
          _mm_prefetch(weights + c * s.weight_stride, _MM_HINT_T0);
        }
      }
      __m256i x[P];
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) x[p] = load8(inputs + p * kSegment);
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) {
        const __m256i w =
            _mm256_cvtepi8_epi16(load_bytes16(weights + c * s.weight_stride));
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) {
          acc[p][c] = _mm256_add_epi32(acc[p][c], _mm256_madd_epi16(x[p], w));
        }
      }
    }
    weights += s.tail - 16;
    steps = s.tail ? 1 : 0;
  }
  add_sums<P, C>(acc, sums + channel);
}

template <int P>
SHOAL_AVX2 void all_channels(const Segment& s, int count, int32_t* sums) {
  constexpr int kAtOnce = P <= 2 ? 4 : 2;
  int c = 0;
  for (; c + kAtOnce <= count; c += kAtOnce) channels<P, kAtOnce>(s, c, sums);
  for (; c < count; ++c) channels<P, 1>(s, c, sums);
}

SHOAL_AVX2 void all_channels(const Segment& s, int pixels, int count,
                             int32_t* sums) {
  switch (pixels) {
    case 1:
      return all_channels<1>(s, count, sums);
    case 2:
      return all_channels<2>(s, count, sums);
    case 3:
      return all_channels<3>(s, count, sums);
    default:
      return all_channels<4>(s, count, sums);
  }
}

SHOAL_AVX2 int32_t sum_of(const int16_t* inputs, int vectors) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum = _mm256_setzero_si256();
  for (int i = 0; i < vectors; ++i) {
    sum =
        _mm256_add_epi32(sum, _mm256_madd_epi16(load8(inputs + 16 * i), ones));
  }
  return _mm_cvtsi128_si32(sums4(sum, sum, sum, sum));
}

// One pixel's inputs with the tail moved to the end of its vector. Weights are
// used as they are, so the weight zero point enters here, by the inputs' sum.
SHOAL_AVX2 void gather_pixel(const ConvArgs& a, int x, Tap from, int n,
                             int channel_count, int16_t* to, int32_t* sums) {
  gather(a, x, from, n, to);
  const int steps = n / 16, tail = n % 16;
  if (tail) {
    int16_t* last = to + 16 * steps;
    const size_t zeros = static_cast<size_t>(16 - tail) * sizeof(int16_t);
    memmove(last + 16 - tail, last, sizeof(int16_t) * 16 - zeros);
    memset(last, 0, zeros);
  }
  if (!a.zero_weight) return;
  const __m256i zero = _mm256_set1_epi32(
      wrap_mul(a.zero_weight, sum_of(to, steps + (tail ? 1 : 0))));
  for (int c = 0; c < channel_count; c += 8) {
    store8(sums + c, _mm256_sub_epi32(load8(sums + c), zero));
  }
}

SHOAL_AVX2 void pixels(const ConvArgs& a, const Area& area, int count,
                       Work& work) {
  start_rows(a, work.scales, 0, area, work.sums, kBlockChannels);
  for (int k = 0; k < count; k += kSegment) {
    const int n = count - k < kSegment ? count - k : kSegment;
    const Tap from = tap_at(a, k);
    for (int i = 0; i < area.pixels; ++i) {
      gather_pixel(a, area.x + i, from, n, area.channels,
                   work.inputs + i * kSegment, work.sums + i * kBlockChannels);
    }
    const Segment segment = {
        work.inputs,
        a.weights + static_cast<ptrdiff_t>(area.channel) * a.weight_stride + k,
        a.weight_stride, n / 16, n % 16};
    all_channels(segment, area.pixels, area.channels, work.sums);
  }
  finish_rows(a, work.scales, 0, area, work.sums, kBlockChannels);
}

}  // namespace

SHOAL_AVX2 void conv_dot(const ConvArgs& a) {
  Work work;
  const int count = a.kernel_h * a.kernel_w * a.in_c;
  for (int o = 0; o < a.channels; o += kBlockChannels) {
    const int left = a.channels - o;
    const int block = left < kBlockChannels ? left : kBlockChannels;
    prepare(a, o, block, count, work.scales);
    for (int x = a.x0; x < a.x1; x += kPixels) {
      const int n = a.x1 - x < kPixels ? a.x1 - x : kPixels;
      pixels(a, {x, n, o, block}, count, work);
    }
  }
}

}  // namespace shoal::avx2

#endif
