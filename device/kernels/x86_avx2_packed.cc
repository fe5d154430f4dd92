// Convolution for rows of many pixels and small windows. The weights of 16
// output channels are brought into pairs of int16, channel by channel in a
// vector, and reused for all pixels; a pair of inputs is broadcast. A tile of
// kPixels x 16 accumulators stays in registers and needs no horizontal sum.
#include "device/kernels/x86_avx2_gather.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

constexpr int kPixels = 6;         // of a tile
constexpr int kGroup = 16;         // output channels of a tile
constexpr int kInputs = 8 * 1024;  // gathered at once, all pixels
constexpr int kMostPixels = 64;    // gathered at once

struct Work {
  alignas(32) int16_t inputs[kInputs + 16];  // and what spills over
  alignas(32) int16_t weights[kPackedElements * kGroup];
  alignas(32) int32_t sums[kMostPixels * kGroup];
  Scales scales;
};
static_assert(sizeof(Work) < 31 * 1024);

// In each half of the vectors: rows of 8 words to columns.
SHOAL_AVX2_INLINE void transpose(__m256i (&r)[8]) {
  __m256i p[8], q[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 2) {
    p[i] = _mm256_unpacklo_epi16(r[i], r[i + 1]);
    p[i + 1] = _mm256_unpackhi_epi16(r[i], r[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 4) {
    q[i] = _mm256_unpacklo_epi32(p[i], p[i + 2]);
    q[i + 1] = _mm256_unpackhi_epi32(p[i], p[i + 2]);
    q[i + 2] = _mm256_unpacklo_epi32(p[i + 1], p[i + 3]);
    q[i + 3] = _mm256_unpackhi_epi32(p[i + 1], p[i + 3]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i) {
    r[2 * i] = _mm256_unpacklo_epi64(q[i], q[i + 4]);
    r[2 * i + 1] = _mm256_unpackhi_epi64(q[i], q[i + 4]);
  }
}

// The last n < 16 of `count` weights; the lanes behind them hold anything.
SHOAL_AVX2_INLINE __m128i load_last(const int8_t* weights, int count, int n) {
  alignas(16) static constexpr int8_t kDown[32] = {
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  if (count >= 16) {
    return _mm_shuffle_epi8(load_bytes16(weights + count - 16),
                            load_bytes16(kDown + 16 - n));
  }
  alignas(16) int8_t some[16] = {};
  memcpy(some, weights, static_cast<size_t>(n));
  return load_bytes16(some);
}

// 16 weights from element k on.
SHOAL_AVX2_INLINE __m128i load_weights(const int8_t* weights, int k,
                                       int count) {
  return k + 16 <= count ? load_bytes16(weights + k)
                         : load_last(weights, count, count - k);
}

// Weights of `channels` <= 16 output channels: for each pair of elements one
// vector of 8 channels, or two.
SHOAL_AVX2 void pack(const ConvArgs& a, int channel, int channels, int count,
                     int16_t* to) {
  const int8_t* from[kGroup];
  for (int i = 0; i < kGroup; ++i) {
    const int o = channel + (i < channels ? i : channels - 1);
    from[i] = a.weights + static_cast<ptrdiff_t>(o) * a.weight_stride;
  }
  const bool both = channels > 8;
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(a.zero_weight));
  for (int k = 0; k < count; k += 16) {
    __m256i r[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      r[i] = _mm256_castsi128_si256(load_weights(from[i], k, count));
      if (both) {
        r[i] = _mm256_inserti128_si256(r[i],
                                       load_weights(from[i + 8], k, count), 1);
      }
    }
    transpose(r);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i, to += 16) {
      const __m256i low = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(r[i]));
      store8(to, _mm256_sub_epi16(low, zero));
      if (both) {
        const __m256i high =
            _mm256_cvtepi8_epi16(_mm256_extracti128_si256(r[i], 1));
        store8(to += 16, _mm256_sub_epi16(high, zero));
      }
    }
  }
}

// What the tiles of a group share. `start` advances by start_stride from pixel
// to pixel.
struct Tiles {
  const int16_t* inputs;
  int input_stride;
  const int16_t* weights;
  int pairs;
  const int32_t* start;
  int start_stride;
  int32_t* sums;
};

// `count` tiles of P pixels by 8 * V channels.
template <int P, int V>
SHOAL_AVX2 void tiles(Tiles t, int count) {
  for (; count > 0; --count) {
    __m256i acc[P][V];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[p][v] = load8(t.start + p * t.start_stride + 8 * v);
      }
    }
    const int16_t* inputs = t.inputs;
    const int16_t* weights = t.weights;
    for (int k = 0; k < t.pairs; ++k, inputs += 2, weights += 16 * V) {
      __m256i w[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) w[v] = load8(weights + 16 * v);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        int32_t pair;
        memcpy(&pair, inputs + p * t.input_stride, sizeof(pair));
        const __m256i x = _mm256_set1_epi32(pair);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
          acc[p][v] = _mm256_add_epi32(acc[p][v], _mm256_madd_epi16(x, w[v]));
        }
      }
    }
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        store8(t.sums + p * kGroup + 8 * v, acc[p][v]);
      }
    }
    t.inputs += P * t.input_stride;
    t.start += P * t.start_stride;
    t.sums += P * kGroup;
  }
}

template <int V>
SHOAL_AVX2 void tiles(Tiles& t, int pixels, int count) {
  switch (pixels) {
    case 1:
      return tiles<1, V>(t, count);
    case 2:
      return tiles<2, V>(t, count);
    case 3:
      return tiles<3, V>(t, count);
    case 4:
      return tiles<4, V>(t, count);
    case 5:
      return tiles<5, V>(t, count);
    default:
      return tiles<kPixels, V>(t, count);
  }
}

// All pixels, in tiles that differ by one pixel at most.
SHOAL_AVX2 void all_tiles(Tiles& t, int pixels, int vectors) {
  const int count = (pixels + kPixels - 1) / kPixels;
  const int least = pixels / count, larger = pixels % count;
  for (int size = least + 1; size >= least; --size) {
    const int some = size > least ? larger : count - larger;
    if (some == 0) continue;
    vectors == 1 ? tiles<1>(t, size, some) : tiles<2>(t, size, some);
    t.inputs += some * size * t.input_stride;
    t.start += some * size * t.start_stride;
    t.sums += some * size * kGroup;
  }
}

// Gathered pixels [area.x, area.x + area.pixels) by up to 16 channels;
// `vector` is the first of their vectors in the scales.
SHOAL_AVX2 void group(const ConvArgs& a, const Area& area, int vector,
                      int count, int input_stride, Work& work) {
  pack(a, area.channel, area.channels, count, work.weights);
  Tiles t = {work.inputs,
             input_stride,
             work.weights,
             (count + 1) / 2,
             work.scales.bias + 8 * vector,
             0,
             work.sums};
  if (a.partial_in) {
    start_rows(a, work.scales, vector, area, work.sums, kGroup);
    t.start = work.sums;
    t.start_stride = kGroup;
  }
  all_tiles(t, area.pixels, area.channels > 8 ? 2 : 1);
  finish_rows(a, work.scales, vector, area, work.sums, kGroup);
}

SHOAL_AVX2 void gather_points(const ConvArgs& a, int column, int pixels,
                              int count, int stride, int16_t* to) {
  const ptrdiff_t step = static_cast<ptrdiff_t>(a.stride_x) * a.in_stride;
  const int8_t* from = a.rows[0] + static_cast<ptrdiff_t>(column) * a.in_stride;
  if (step == count && count == stride) return widen(to, from, pixels * count);
  for (int i = 0; i < pixels; ++i, to += stride, from += step) {
    widen(to, from, count);
    if (count % 2) to[count] = 0;
  }
}

// Rows without gaps of less than a vector, a whole vector each: what spills
// over is written again with what belongs there.
SHOAL_AVX2_INLINE void gather_short(const ConvArgs& a, int at, int row_count,
                                    int16_t* to) {
  for (int ky = 0; ky < a.kernel_h; ++ky, to += row_count) {
    widen16(to, a.rows[ky] + at);
  }
}

SHOAL_AVX2 void gather_pixels(const ConvArgs& a, int x, int pixels, int count,
                              int stride, int16_t* to) {
  const int first = x * a.stride_x - a.pad_left;
  const int last = first + (pixels - 1) * a.stride_x;
  bool whole = true;
  for (int ky = 0; ky < a.kernel_h; ++ky) whole = whole && a.rows[ky];
  if (whole && a.kernel_h * a.kernel_w == 1 && first >= 0 && last < a.in_w) {
    return gather_points(a, first, pixels, count, stride, to);
  }
  const int row_count = a.kernel_w * a.in_c;
  const bool rows_short =
      whole && row_count < 16 && a.dilation_x == 1 && a.in_stride == a.in_c;
  const int last_at = rows_short ? a.in_w * a.in_c - 16 : -1;
  int at = first * a.in_c;
  for (int i = 0; i < pixels; ++i, to += stride, at += a.stride_x * a.in_c) {
    if (at >= 0 && at <= last_at) {
      gather_short(a, at, row_count, to);
    } else {
      gather(a, x + i, {0, 0, 0}, count, to);
    }
    if (count % 2) to[count] = 0;
  }
}

}  // namespace

SHOAL_AVX2 void conv_packed(const ConvArgs& a) {
  Work work;
  const int count = a.kernel_h * a.kernel_w * a.in_c;
  const int stride = (count + 1) / 2 * 2;
  const int fit = kInputs / stride;
  const int most = fit < kMostPixels ? fit : kMostPixels;
  for (int o = 0; o < a.channels; o += kBlockChannels) {
    const int left = a.channels - o;
    const int block = left < kBlockChannels ? left : kBlockChannels;
    prepare(a, o, block, count, work.scales);
    for (int x = a.x0; x < a.x1; x += most) {
      const int pixels = a.x1 - x < most ? a.x1 - x : most;
      gather_pixels(a, x, pixels, count, stride, work.inputs);
      for (int c = 0; c < block; c += kGroup) {
        const int channels = block - c < kGroup ? block - c : kGroup;
        group(a, {x, pixels, o + c, channels}, c / 8, count, stride, work);
      }
    }
  }
}

}  // namespace shoal::avx2

#endif
