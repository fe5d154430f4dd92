// Depthwise convolution, output channels side by side in a vector. Taps are
// taken two at a time: the bytes of both, interleaved and widened, meet
// weights that were brought into the same order once for the call.
//
// A tap on padding points at bytes that hold zero_in. Channel ranges that are
// no whole vectors, and depth multipliers, are first copied to `staged`.
#include "device/kernels/x86_avx2_common.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

constexpr int kChannels = 64;
constexpr int kPairs = 32;  // of taps, at once
constexpr int kPixels = 16;

struct Work {
  alignas(32) int16_t weights[kPairs * kChannels * 2];
  alignas(32) int32_t sums[kPixels * kChannels];
  alignas(32) int8_t staged[2 * kPairs * kChannels];
  alignas(32) int8_t padding[kChannels];
  const int8_t* taps[2 * kPairs];
  ptrdiff_t steps[2 * kPairs];  // of the taps from pixel to pixel
  Scales scales;
};
static_assert(sizeof(Work) < 31 * 1024);

// The channels of a call and the taps that it takes at once.
struct Part {
  int channel, channels, vectors;
  int tap, taps, pairs;
  bool stage;
};

SHOAL_AVX2_INLINE __m128i load_up_to8(const int8_t* p, int n) {
  if (n >= 8) return load_bytes8(p);
  alignas(8) int8_t some[8] = {};
  memcpy(some, p, static_cast<size_t>(n));
  return load_bytes8(some);
}

// Pairs (w - zero) of two taps per channel; a missing second tap counts 0.
SHOAL_AVX2 void pack(const ConvArgs& a, const Part& part, int16_t* to) {
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(a.zero_weight));
  const __m128i none = _mm_set1_epi8(static_cast<char>(a.zero_weight));
  for (int t = 0; t < part.taps; t += 2) {
    const int8_t* w = a.weights + part.channel +
                      static_cast<ptrdiff_t>(part.tap + t) * a.weight_stride;
    for (int c = 0; c < part.channels; c += 8) {
      const int n = part.channels - c;
      const __m128i first = load_up_to8(w + c, n);
      const __m128i second =
          t + 1 < part.taps ? load_up_to8(w + a.weight_stride + c, n) : none;
      const __m256i both =
          _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second));
      store8(to + (t * kChannels + 2 * c), _mm256_sub_epi16(both, zero));
    }
  }
}

void stage(const ConvArgs& a, const Part& part, const int8_t* pixel,
           int8_t* to) {
  if (a.multiplier == 1) {
    memcpy(to, pixel + part.channel, static_cast<size_t>(part.channels));
    return;
  }
  int in = part.channel / a.multiplier, of = part.channel % a.multiplier;
  for (int c = 0; c < part.channels; ++c) {
    to[c] = pixel[in];
    if (++of == a.multiplier) of = 0, ++in;
  }
}

// Where the part's channels of each tap of output column x lie.
void find_taps(const ConvArgs& a, const Part& part, int x, Work& work) {
  const int first = x * a.stride_x - a.pad_left;
  int ky = part.tap / a.kernel_w, kx = part.tap % a.kernel_w;
  for (int t = 0; t < part.taps; ++t) {
    const int column = first + kx * a.dilation_x;
    const int8_t* at = work.padding;
    work.steps[t] = 0;
    if (a.rows[ky] && column >= 0 && column < a.in_w) {
      at = a.rows[ky] + static_cast<ptrdiff_t>(column) * a.in_stride;
      if (part.stage) {
        stage(a, part, at, work.staged + t * kChannels);
        at = work.staged + t * kChannels;
      } else {
        at += part.channel;
        work.steps[t] = static_cast<ptrdiff_t>(a.stride_x) * a.in_stride;
      }
    }
    work.taps[t] = at;
    if (++kx == a.kernel_w) kx = 0, ++ky;
  }
  if (part.taps % 2) {
    work.taps[part.taps] = work.padding;
    work.steps[part.taps] = 0;
  }
}

// Returns whether the taps of output column x are those of x - 1, one step on.
bool steps_on(const ConvArgs& a, const Part& part, int x) {
  const int previous = (x - 1) * a.stride_x - a.pad_left;
  const int last = previous + a.stride_x + (a.kernel_w - 1) * a.dilation_x;
  return !part.stage && previous >= 0 && last < a.in_w;
}

SHOAL_AVX2 void step(const Part& part, Work& work) {
  for (int t = 0; t < 2 * part.pairs; ++t) work.taps[t] += work.steps[t];
}

SHOAL_AVX2_INLINE __m256i products(__m128i bytes, const int16_t* w) {
  return _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), load8(w));
}

// Adds the products of 8 * V channels from `channel` on; V is 1 or even.
template <int V>
SHOAL_AVX2_INLINE void add(const Work& work, const Part& part, int channel,
                           const int32_t* start, int32_t* sums) {
  __m256i acc[V];
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) acc[v] = load8(start + channel + 8 * v);
  const int16_t* w = work.weights + 2 * channel;
  for (int j = 0; j < part.pairs; ++j, w += 2 * kChannels) {
    const int8_t* a = work.taps[2 * j] + channel;
    const int8_t* b = work.taps[2 * j + 1] + channel;
    if constexpr (V == 1) {
      const __m128i bytes = _mm_unpacklo_epi8(load_bytes8(a), load_bytes8(b));
      acc[0] = _mm256_add_epi32(acc[0], products(bytes, w));
    } else {
#pragma GCC unroll 8
      for (int v = 0; v < V; v += 2) {
        const __m128i p = load_bytes16(a + 8 * v);
        const __m128i q = load_bytes16(b + 8 * v);
        acc[v] = _mm256_add_epi32(
            acc[v], products(_mm_unpacklo_epi8(p, q), w + 16 * v));
        acc[v + 1] = _mm256_add_epi32(
            acc[v + 1], products(_mm_unpackhi_epi8(p, q), w + 16 * v + 16));
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) store8(sums + channel + 8 * v, acc[v]);
}

SHOAL_AVX2 void add_all(const Work& work, const Part& part,
                        const int32_t* start, int32_t* sums) {
  int v = 0;
  for (; v + 4 <= part.vectors; v += 4) add<4>(work, part, 8 * v, start, sums);
  for (; v + 2 <= part.vectors; v += 2) add<2>(work, part, 8 * v, start, sums);
  if (v < part.vectors) add<1>(work, part, 8 * v, start, sums);
}

// All taps of some pixels of the part's channels. The weights stay packed from
// one call to the next if they fit.
SHOAL_AVX2 void pixels(const ConvArgs& a, Part part, int x, int count,
                       bool first, Work& work) {
  const int taps = a.kernel_h * a.kernel_w;
  const Area area = {x, count, part.channel, part.channels};
  const bool from_sums = a.partial_in != nullptr;
  if (from_sums) start_rows(a, work.scales, 0, area, work.sums, kChannels);
  for (part.tap = 0; part.tap < taps; part.tap += 2 * kPairs) {
    const int left = taps - part.tap;
    part.taps = left < 2 * kPairs ? left : 2 * kPairs;
    part.pairs = (part.taps + 1) / 2;
    if (first || taps > 2 * kPairs) pack(a, part, work.weights);
    for (int i = 0; i < count; ++i) {
      int32_t* sums = work.sums + i * kChannels;
      if (i > 0 && steps_on(a, part, x + i)) {
        step(part, work);
      } else {
        find_taps(a, part, x + i, work);
      }
      const bool add_on = from_sums || part.tap > 0;
      add_all(work, part, add_on ? sums : work.scales.bias, sums);
    }
  }
  finish_rows(a, work.scales, 0, area, work.sums, kChannels);
}

}  // namespace

SHOAL_AVX2 void depthwise(const ConvArgs& a) {
  Work work;
  memset(work.padding, a.zero_in, sizeof(work.padding));
  for (int o = 0; o < a.channels; o += kChannels) {
    const int left = a.channels - o;
    Part part{};
    part.channel = o;
    part.channels = left < kChannels ? left : kChannels;
    part.vectors = (part.channels + 7) / 8;
    part.stage = a.multiplier != 1 || part.channels % 8 != 0;
    prepare(a, o, part.channels, int64_t{a.kernel_h} * a.kernel_w, work.scales);
    ConvArgs row = a;
    for (int y = 0; y <= a.more_rows; ++y) {
      for (int x = a.x0; x < a.x1; x += kPixels) {
        const int n = a.x1 - x < kPixels ? a.x1 - x : kPixels;
        pixels(row, part, x, n, y == 0 && x == a.x0, work);
      }
      row.rows += a.kernel_h;
      row.out += a.out_row;
    }
  }
}

}  // namespace shoal::avx2

#endif
