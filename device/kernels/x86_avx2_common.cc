#include "device/kernels/x86_avx2_quantize.h"

#if defined(SHOAL_HAS_AVX2_KERNELS)

namespace shoal::avx2 {
namespace {

// Sums below 2^29 and right shifts of 1 to kMaxFastShift leave enough headroom
// for scale_bounded() to add its rounding and the zero point early.
constexpr int64_t kFastSum = int64_t{1} << 29;
constexpr int kMaxFastShift = 20;

SHOAL_AVX2_INLINE __m256i load_shifts(const int8_t* p, int n) {
  alignas(8) int8_t some[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
  memcpy(some, p, static_cast<size_t>(n < 8 ? n : 8));
  return _mm256_cvtepi8_epi32(load_bytes8(some));
}

SHOAL_AVX2_INLINE int smallest(__m256i v) {
  __m128i m =
      _mm_min_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  m = _mm_min_epi32(m, _mm_shuffle_epi32(m, 0x4E));
  m = _mm_min_epi32(m, _mm_shuffle_epi32(m, 0xB1));
  return _mm_cvtsi128_si32(m);
}

SHOAL_AVX2 void prepare_scale(__m256i multiplier, __m256i shift, int zero_out,
                              Scale8& s) {
  const __m256i zero = _mm256_setzero_si256();
  s.multiplier = multiplier;
  s.left = _mm256_max_epi32(shift, zero);
  s.right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
  const __m256i half =
      _mm256_srli_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), s.right), 1);
  const __m256i limit = _mm256_add_epi32(
      half, _mm256_sllv_epi32(_mm256_set1_epi32(zero_out), s.right));
  const __m256i half_unit = _mm256_set1_epi64x(int64_t{1} << 31);
  s.odd_multiplier = _mm256_srli_epi64(multiplier, 32);
  s.fast_round_even = _mm256_or_si256(_mm256_slli_epi64(limit, 32), half_unit);
  s.fast_round_odd = _mm256_blend_epi32(half_unit, limit, 0xAA);
  s.fast_limit = _mm256_shuffle_epi32(limit, kEvenThenOdd);
  s.fast_right = _mm256_shuffle_epi32(s.right, kEvenThenOdd);
}

// Where one pixel's channels come from and go to.
struct Pixel {
  const int32_t* sums;
  int8_t* out;
};

// Two pixels of 16 channels, or (kWhole false) of fewer.
template <bool kBounded, bool kWhole>
SHOAL_AVX2_INLINE void quantize_two(const Scales& s, const Scale8* scales,
                                    int channels, Pixel a, Pixel b) {
  const __m256i a_low = scale<kBounded>(load8(a.sums), scales[0], s.zero_out);
  const __m256i b_low = scale<kBounded>(load8(b.sums), scales[0], s.zero_out);
  __m256i a_high = a_low, b_high = b_low;
  if (kWhole || channels > 8) {
    a_high = scale<kBounded>(load8(a.sums + 8), scales[1], s.zero_out);
    b_high = scale<kBounded>(load8(b.sums + 8), scales[1], s.zero_out);
  }
  const __m256i bytes = pack(a_low, a_high, b_low, b_high, s);
  const int n = kWhole ? 16 : channels;
  store_bytes(a.out, _mm256_castsi256_si128(bytes), n);
  store_bytes(b.out, _mm256_extracti128_si256(bytes, 1), n);
}

template <bool kBounded, bool kWhole>
SHOAL_AVX2_INLINE void quantize(const Scales& s, const Scale8* scales,
                                int channels, int pixels, Pixel p,
                                ptrdiff_t stride, ptrdiff_t out_stride) {
  for (; pixels > 1; pixels -= 2) {
    const Pixel q = {p.sums + stride, p.out + out_stride};
    quantize_two<kBounded, kWhole>(s, scales, channels, p, q);
    p = {q.sums + stride, q.out + out_stride};
  }
  if (pixels) quantize_two<kBounded, kWhole>(s, scales, channels, p, p);
}

template <bool kBounded>
SHOAL_AVX2 void quantize_rows(const ConvArgs& a, const Scales& s, int vector,
                              const Area& area, const int32_t* sums,
                              int stride) {
  Pixel p = {sums, a.out + static_cast<ptrdiff_t>(area.x) * a.out_stride +
                       area.channel};
  const Scale8* scales = s.of + vector;
  int left = area.channels;
  for (; left >= 16; left -= 16, scales += 2) {
    quantize<kBounded, true>(s, scales, 16, area.pixels, p, stride,
                             a.out_stride);
    p = {p.sums + 16, p.out + 16};
  }
  if (left > 0) {
    quantize<kBounded, false>(s, scales, left, area.pixels, p, stride,
                              a.out_stride);
  }
}

}  // namespace

SHOAL_AVX2 void prepare(const ConvArgs& a, int channel, int channels,
                        int64_t taps, Scales& s) {
  __m256i least_bias = _mm256_setzero_si256();  // -max |bias|
  __m256i least_shift = _mm256_set1_epi32(-1);
  __m256i least_opposite = _mm256_set1_epi32(1);  // of -shift
  for (int c = 0; c < channels; c += 8) {
    const int o = channel + c, n = channels - c;
    __m256i bias = _mm256_setzero_si256();
    if (!a.partial_in) bias = load_some(a.bias + o, n);
    _mm256_store_si256(reinterpret_cast<__m256i*>(s.bias + c), bias);
    if (a.partial_out) continue;
    const __m256i shift = load_shifts(a.shifts + o, n);
    prepare_scale(load_some(a.multipliers + o, n), shift, a.zero_out,
                  s.of[c / 8]);
    const __m256i opposite = _mm256_sub_epi32(_mm256_setzero_si256(), bias);
    least_bias = _mm256_min_epi32(least_bias, _mm256_min_epi32(bias, opposite));
    least_shift = _mm256_min_epi32(least_shift, shift);
    least_opposite = _mm256_min_epi32(
        least_opposite, _mm256_sub_epi32(_mm256_setzero_si256(), shift));
  }
  const int zero = a.zero_weight < 0 ? -a.zero_weight : a.zero_weight;
  const int64_t largest = taps * 128 * (128 + zero) - smallest(least_bias);
  s.bounded = !a.partial_in && !a.partial_out && largest < kFastSum &&
              smallest(least_shift) >= -kMaxFastShift &&
              smallest(least_opposite) >= 1;
  s.zero_out = _mm256_set1_epi32(a.zero_out);
  s.act_min = _mm256_set1_epi8(static_cast<char>(a.act_min));
  s.act_max = _mm256_set1_epi8(static_cast<char>(a.act_max));
}

SHOAL_AVX2 void start_rows(const ConvArgs& a, const Scales& s, int vector,
                           const Area& area, int32_t* sums, int stride) {
  for (int i = 0; i < area.pixels; ++i, sums += stride) {
    const int32_t* from =
        a.partial_in ? a.partial_in + area.channel +
                           static_cast<ptrdiff_t>(area.x + i) * a.partial_stride
                     : s.bias + 8 * vector;
    const int count = a.partial_in ? area.channels : kBlockChannels;
    for (int c = 0; c < area.channels; c += 8) {
      store8(sums + c, load_some(from + c, count - c));
    }
  }
}

SHOAL_AVX2 void finish_rows(const ConvArgs& a, const Scales& s, int vector,
                            const Area& area, const int32_t* sums, int stride) {
  if (!a.partial_out) {
    s.bounded ? quantize_rows<true>(a, s, vector, area, sums, stride)
              : quantize_rows<false>(a, s, vector, area, sums, stride);
    return;
  }
  int32_t* out = a.partial_out + area.channel +
                 static_cast<ptrdiff_t>(area.x) * a.partial_stride;
  for (int i = 0; i < area.pixels; ++i, out += a.partial_stride) {
    for (int c = 0; c < area.channels; c += 8) {
      store_some(out + c, area.channels - c, load8(sums + i * stride + c));
    }
  }
}

}  // namespace shoal::avx2

#endif
