// Convolution for rows of many pixels and small windows. The weights of 16
// output channels are brought into pairs of int16, channel by channel in a
// vector, and reused for all pixels; a pair of inputs is broadcast. A block of
// kPixels x 16 accumulators stays in registers and needs no horizontal sum.
#include "device/kernels/x86_avx2_gather.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

constexpr int kPixels = 6;         // of a block
constexpr int kGroup = 16;         // output channels of a block
constexpr int kInputs = 7 * 1024;  // gathered at once, all pixels
constexpr int kSumPixels = 64;     // in blocks between two requantizations

// Where the inputs of a pixel lie: `runs` sequences of run_count elements that
// are run_step apart, in the order of the weights; the next pixel's pixel_step
// further on. Neighbours share their columns if the kernel's are contiguous and
// overlap; else each pixel is gathered by itself.
struct Layout {
  bool shared;
  int runs, run_count;
  int pixel_step;
  int most_pixels;  // that fit
};

Layout layout_of(const ConvArgs& a) {
  Layout l;
  l.shared = a.dilation_x == 1 && a.stride_x < a.kernel_w;
  if (l.shared) {
    l.runs = a.kernel_h;
    l.run_count = a.kernel_w * a.in_c;
    l.pixel_step = a.stride_x * a.in_c;
    l.most_pixels = 1 + (kInputs / l.runs - l.run_count) / l.pixel_step;
  } else {
    l.runs = 1;
    l.run_count = a.kernel_h * a.kernel_w * a.in_c;
    l.pixel_step = (l.run_count + 1) / 2 * 2;
    l.most_pixels = kInputs / l.pixel_step;
  }
  return l;
}

int run_pairs(const Layout& l) { return (l.run_count + 1) / 2; }

struct Work {
  alignas(32) int16_t inputs[kInputs + 2];
  alignas(32) int16_t weights[kPackedElements * kGroup];
  alignas(32) int32_t sums[kSumPixels * kGroup];
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
  memcpy(some, weights + count - n, static_cast<size_t>(n));
  return load_bytes16(some);
}

// The same 16 weights of two channels; where fewer are left, the others are
// anything.
template <bool kWhole>
SHOAL_AVX2_INLINE __m256i load_two(const int8_t* low, const int8_t* high, int k,
                                   int count) {
  const __m128i a =
      kWhole ? load_bytes16(low + k) : load_last(low, count, count - k);
  const __m128i b =
      kWhole ? load_bytes16(high + k) : load_last(high, count, count - k);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}

// Up to 8 pairs of elements from element k on of kGroup channels: for each
// pair one vector of the first 8 channels, or two.
SHOAL_AVX2_INLINE void pack_pairs(const int8_t* const* from, bool both, int k,
                                  int count, int pairs, int16_t* to) {
  __m256i r[8];
  if (k + 16 <= count) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      r[i] = load_two<true>(from[i], from[i + 8], k, count);
    }
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      r[i] = load_two<false>(from[i], from[i + 8], k, count);
    }
  }
  transpose(r);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i, to += 16) {
    if (i >= pairs) return;
    store8(to, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(r[i])));
    if (both) {
      to += 16;
      store8(to, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(r[i], 1)));
    }
  }
}

SHOAL_AVX2 void subtract(int value, int count, int16_t* to) {
  const __m256i values = _mm256_set1_epi16(static_cast<int16_t>(value));
  for (int i = 0; i < count; i += 16) {
    store8(to + i, _mm256_sub_epi16(load8(to + i), values));
  }
}

// Weights of `channels` <= 16 output channels. A run of odd length ends in a
// pair of which only the first counts.
SHOAL_AVX2 void pack(const ConvArgs& a, const Layout& l, int channel,
                     int channels, int16_t* to) {
  const int8_t* from[kGroup];
  for (int i = 0; i < kGroup; ++i) {
    const int o = channel + (i < channels ? i : channels - 1);
    from[i] = a.weights + static_cast<ptrdiff_t>(o) * a.weight_stride;
  }
  const bool both = channels > 8;
  const int pair_size = both ? 32 : 16, count = l.runs * l.run_count;
  const int run_size = run_pairs(l) * pair_size;
  for (int run = 0; run < l.runs; ++run) {
    for (int pair = 0; pair < run_pairs(l); pair += 8) {
      pack_pairs(from, both, run * l.run_count + 2 * pair, count,
                 run_pairs(l) - pair, to + run * run_size + pair * pair_size);
    }
  }
  if (a.zero_weight) subtract(a.zero_weight, l.runs * run_size, to);
  if (l.run_count % 2 == 0) return;
  for (int run = 0; run < l.runs; ++run) {
    to += run_size;
    for (int i = 16; i <= pair_size; i += 16) {
      const __m256i first = _mm256_set1_epi32(0xFFFF);
      store8(to - i, _mm256_and_si256(load8(to - i), first));
    }
  }
}

// The figures that the blocks of a group share. Sums start from what lies at
// `sums` (kFromSums) or from the bias, and go to `sums`.
struct RegisterBlocks {
  const int16_t* inputs;
  int pixel_step, runs, run_step, run_pairs;
  const int16_t* weights;
  const int32_t* bias;
  int32_t* sums;
};

// `count` blocks of P pixels by 8 * V channels. Not inlined: the innermost loop
// needs all registers.
template <int P, int V, bool kFromSums>
__attribute__((noinline)) SHOAL_AVX2 void register_blocks(
    const RegisterBlocks& t, int count) {
  const int runs = t.runs, run_pairs = t.run_pairs, run_step = t.run_step;
  const ptrdiff_t pixel_step = t.pixel_step;
  const int16_t* first = t.inputs;
  int32_t* sums = t.sums;
  for (; count > 0; --count, first += P * pixel_step, sums += P * kGroup) {
    __m256i acc[P][V];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[p][v] =
            load8(kFromSums ? sums + p * kGroup + 8 * v : t.bias + 8 * v);
      }
    }
    const int16_t* weights = t.weights;
    for (int run = 0; run < runs; ++run) {
      const int16_t* inputs = first + run * run_step;
      for (int k = 0; k < run_pairs; ++k, inputs += 2, weights += 16 * V) {
        __m256i w[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) w[v] = load8(weights + 16 * v);
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) {
          int32_t pair;
          memcpy(&pair, inputs + p * pixel_step, sizeof(pair));
          const __m256i x = _mm256_set1_epi32(pair);
#pragma GCC unroll 8
          for (int v = 0; v < V; ++v) {
            acc[p][v] = _mm256_add_epi32(acc[p][v], _mm256_madd_epi16(x, w[v]));
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        store8(sums + p * kGroup + 8 * v, acc[p][v]);
      }
    }
  }
}

using BlockFunction = void (*)(const RegisterBlocks&, int);
template <int V, bool kFromSums>
inline constexpr BlockFunction kRegisterBlocks[kPixels] = {
    register_blocks<1, V, kFromSums>, register_blocks<2, V, kFromSums>,
    register_blocks<3, V, kFromSums>, register_blocks<4, V, kFromSums>,
    register_blocks<5, V, kFromSums>, register_blocks<6, V, kFromSums>};

// All pixels, in blocks that differ by one pixel at most.
void all_register_blocks(const BlockFunction* functions, RegisterBlocks t,
                         int pixels) {
  const int count = (pixels + kPixels - 1) / kPixels;
  const int least = pixels / count, larger = pixels % count;
  for (int size = least + 1; size >= least; --size) {
    const int some = size > least ? larger : count - larger;
    if (some == 0) continue;
    functions[size - 1](t, some);
    t.inputs += some * size * t.pixel_step;
    t.sums += some * size * kGroup;
  }
}

// The weights of a group that comes soon, where the call has one: a node of
// several seldom has its own in the cache.
SHOAL_AVX2_INLINE void prefetch(const ConvArgs& a, int channel) {
  const ptrdiff_t first = static_cast<ptrdiff_t>(channel) * a.weight_stride;
  const ptrdiff_t all = static_cast<ptrdiff_t>(a.channels) * a.weight_stride;
  const ptrdiff_t end = first + kGroup * a.weight_stride;
  for (ptrdiff_t i = first; i < (end < all ? end : all); i += 64) {
    _mm_prefetch(a.weights + i, _MM_HINT_T0);
  }
}

// Gathered pixels [area.x, area.x + area.pixels) by up to 16 channels;
// `vector` is the first of their vectors in the scales.
SHOAL_AVX2 void group(const ConvArgs& a, const Layout& l, const Area& area,
                      int vector, int run_step, Work& work) {
  prefetch(a, area.channel + kGroup);
  pack(a, l, area.channel, area.channels, work.weights);
  const BlockFunction* functions =
      area.channels > 8 ? (a.partial_in ? kRegisterBlocks<2, true>
                                        : kRegisterBlocks<2, false>)
                        : (a.partial_in ? kRegisterBlocks<1, true>
                                        : kRegisterBlocks<1, false>);
  RegisterBlocks t = {work.inputs,
                      l.pixel_step,
                      l.runs,
                      run_step,
                      run_pairs(l),
                      work.weights,
                      work.scales.bias + 8 * vector,
                      work.sums};
  Area part = area;
  int parts = (area.pixels + kSumPixels - 1) / kSumPixels;
  for (int left = area.pixels; left > 0; left -= part.pixels, --parts) {
    part.pixels = left / parts;
    if (a.partial_in) {
      start_rows(a, work.scales, vector, part, work.sums, kGroup);
    }
    all_register_blocks(functions, t, part.pixels);
    finish_rows(a, work.scales, vector, part, work.sums, kGroup);
    part.x += part.pixels;
    t.inputs += part.pixels * t.pixel_step;
  }
}

// Each pixel by itself.
SHOAL_AVX2 void gather_apart(const ConvArgs& a, const Layout& l, int x,
                             int pixels, int16_t* to) {
  const int first = x * a.stride_x - a.pad_left;
  const int last = first + (pixels - 1) * a.stride_x;
  const int n = l.run_count;
  const bool point =
      a.kernel_h * a.kernel_w == 1 && a.rows[0] && first >= 0 && last < a.in_w;
  if (point && a.in_stride == n && l.pixel_step == n && a.stride_x == 1) {
    return widen(to, a.rows[0] + first * n, pixels * n);
  }
  for (int i = 0; i < pixels; ++i, to += l.pixel_step) {
    if (point) {
      const ptrdiff_t column = first + i * a.stride_x;
      widen(to, a.rows[0] + column * a.in_stride, n);
    } else {
      gather(a, x + i, {0, 0, 0}, n, to);
    }
    if (n % 2) to[n] = 0;
  }
}

// All columns between the first pixel's and the last one's, for each kernel
// row. Behind the last element lies one that meets a weight of 0.
SHOAL_AVX2 void gather_shared(const ConvArgs& a, int x, int run_step,
                              int16_t* to) {
  const bool dense = a.in_stride == a.in_c;
  const int first = x * a.stride_x - a.pad_left;
  for (int ky = 0; ky < a.kernel_h; ++ky, to += run_step) {
    const int8_t* row = a.rows[ky];
    if (!row) {
      fill(to, a.zero_in, run_step);
    } else if (dense) {
      gather_run(row, first * a.in_c, a.in_w * a.in_c, run_step, a.zero_in, to);
    } else {
      gather_columns(a, row, first, 0, run_step, to);
    }
  }
  *to = 0;
}

}  // namespace

bool packs(const ConvArgs& a) {
  const Layout l = layout_of(a);
  return 2 * l.runs * run_pairs(l) <= kPackedElements;
}

SHOAL_AVX2 void conv_packed(const ConvArgs& a) {
  Work work;
  const Layout l = layout_of(a);
  const int taps = l.runs * l.run_count;
  for (int o = 0; o < a.channels; o += kBlockChannels) {
    const int left = a.channels - o;
    const int block = left < kBlockChannels ? left : kBlockChannels;
    prefetch(a, o);
    prepare(a, o, block, taps, work.scales);
    for (int x = a.x0; x < a.x1; x += l.most_pixels) {
      const int rest = a.x1 - x;
      const int pixels = rest < l.most_pixels ? rest : l.most_pixels;
      const int run_step = (pixels - 1) * l.pixel_step + l.run_count;
      l.shared ? gather_shared(a, x, run_step, work.inputs)
               : gather_apart(a, l, x, pixels, work.inputs);
      for (int c = 0; c < block; c += kGroup) {
        const int channels = block - c < kGroup ? block - c : kGroup;
        group(a, l, {x, pixels, o + c, channels}, c / 8, run_step, work);
      }
    }
  }
}

}  // namespace shoal::avx2

#endif
