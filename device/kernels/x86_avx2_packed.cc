// Convolution for rows of many pixels and small windows. The weights of 16
// output channels are brought into pairs of int16, channel by channel in a
// vector, and reused for all pixels; a pair of inputs is broadcast. A tile of
// kPixels x 16 accumulators stays in registers and needs no horizontal sum.
#include "device/kernels/x86_avx2_gather.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

constexpr int kPixels = 6;         // of a tile
constexpr int kInputs = 8 * 1024;  // gathered at once, all pixels
constexpr int kGroup = 16;         // output channels of a tile

struct Work {
  alignas(32) int16_t inputs[kInputs];
  alignas(32) int16_t weights[kPackedElements * kGroup];
  alignas(32) int32_t sums[kPixels * kGroup];
  Scales scales;
};
static_assert(sizeof(Work) < 31 * 1024);

// Rows of 8 dwords to columns.
SHOAL_AVX2_INLINE void transpose8(__m256i (&r)[8]) {
  __m256i p[8], q[8];
  for (int i = 0; i < 4; ++i) {
    p[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    p[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i) {
    q[4 * i] = _mm256_unpacklo_epi64(p[4 * i], p[4 * i + 2]);
    q[4 * i + 1] = _mm256_unpackhi_epi64(p[4 * i], p[4 * i + 2]);
    q[4 * i + 2] = _mm256_unpacklo_epi64(p[4 * i + 1], p[4 * i + 3]);
    q[4 * i + 3] = _mm256_unpackhi_epi64(p[4 * i + 1], p[4 * i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2x128_si256(q[i], q[i + 4], 0x20);
    r[i + 4] = _mm256_permute2x128_si256(q[i], q[i + 4], 0x31);
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

// Weights of `channels` <= 8 output channels as pairs; the vectors of one pair
// index and the next are `step` elements apart.
SHOAL_AVX2 void pack8(const ConvArgs& a, int channel, int channels, int count,
                      int16_t* to, int step) {
  const int8_t* from[8];
  for (int i = 0; i < 8; ++i) {
    const int o = channel + (i < channels ? i : channels - 1);
    from[i] = a.weights + static_cast<ptrdiff_t>(o) * a.weight_stride;
  }
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(a.zero_weight));
  for (int k = 0; k < count; k += 16) {
    __m256i r[8];
    for (int i = 0; i < 8; ++i) {
      const __m128i bytes = k + 16 <= count
                                ? load_bytes16(from[i] + k)
                                : load_last(from[i], count, count - k);
      r[i] = _mm256_sub_epi16(_mm256_cvtepi8_epi16(bytes), zero);
    }
    transpose8(r);
    for (int i = 0; i < 8; ++i, to += step) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(to), r[i]);
    }
  }
}

// One tile: P pixels by 8 * V channels. `start` advances by start_stride from
// pixel to pixel.
template <int P, int V>
SHOAL_AVX2 void tile(const int16_t* inputs, int input_stride,
                     const int16_t* weights, int pairs, const int32_t* start,
                     int start_stride, int32_t* sums) {
  __m256i acc[P][V];
  const int16_t* in[P];
  for (int p = 0; p < P; ++p) {
    in[p] = inputs + p * input_stride;
    for (int v = 0; v < V; ++v) {
      acc[p][v] = load8(start + p * start_stride + 8 * v);
    }
  }
  for (int k = 0; k < pairs; ++k, weights += 16 * V) {
    __m256i w[V];
    for (int v = 0; v < V; ++v) w[v] = load8(weights + 16 * v);
    for (int p = 0; p < P; ++p) {
      int32_t pair;
      memcpy(&pair, in[p] + 2 * k, sizeof(pair));
      const __m256i x = _mm256_set1_epi32(pair);
      for (int v = 0; v < V; ++v) {
        acc[p][v] = _mm256_add_epi32(acc[p][v], _mm256_madd_epi16(x, w[v]));
      }
    }
  }
  for (int p = 0; p < P; ++p) {
    for (int v = 0; v < V; ++v) store8(sums + p * kGroup + 8 * v, acc[p][v]);
  }
}

using TileFunction = void (*)(const int16_t*, int, const int16_t*, int,
                              const int32_t*, int, int32_t*);
constexpr TileFunction kTiles[2][kPixels] = {
    {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>},
    {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>}};

// Gathered pixels [area.x, area.x + area.pixels) by up to 16 channels;
// `vector` is the first of their vectors in the scales.
SHOAL_AVX2 void group(const ConvArgs& a, const Area& area, int vector,
                      int count, int input_stride, Work& work) {
  const int vectors = area.channels > 8 ? 2 : 1;
  for (int v = 0; v < vectors; ++v) {
    pack8(a, area.channel + 8 * v, area.channels - 8 * v, count,
          work.weights + 16 * v, 16 * vectors);
  }
  const int tiles = (area.pixels + kPixels - 1) / kPixels;
  for (int i = 0, done = 0; i < tiles; ++i) {
    Area part = area;
    part.x = area.x + done;
    part.pixels = (area.pixels - done + tiles - i - 1) / (tiles - i);
    const int32_t* start = work.scales.bias + 8 * vector;
    if (a.partial_in) {
      start_rows(a, work.scales, vector, part, work.sums, kGroup);
      start = work.sums;
    }
    kTiles[vectors - 1][part.pixels - 1](
        work.inputs + done * input_stride, input_stride, work.weights,
        (count + 1) / 2, start, a.partial_in ? kGroup : 0, work.sums);
    finish_rows(a, work.scales, vector, part, work.sums, kGroup);
    done += part.pixels;
  }
}

SHOAL_AVX2 void gather_pixels(const ConvArgs& a, int x, int pixels, int count,
                              int stride, int16_t* to) {
  for (int i = 0; i < pixels; ++i, to += stride) {
    gather(a, x + i, {0, 0, 0}, count, to);
    if (count % 2) to[count] = 0;
  }
}

}  // namespace

SHOAL_AVX2 void conv_packed(const ConvArgs& a) {
  Work work;
  const int count = a.kernel_h * a.kernel_w * a.in_c;
  const int stride = (count + 1) / 2 * 2;
  const int most = kInputs / stride;
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
