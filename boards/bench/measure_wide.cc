#include "boards/bench/bench_rows.h"
#include "device/kernels/wide.h"

namespace shoal {
namespace {

void (*kernel_of(BenchKind kind))(const WideConvArgs&) {
  if (kind == BenchKind::kDepthwise) return wide_depthwise_row;
  return kind == BenchKind::kTransposed ? wide_transpose_conv_row
                                        : wide_conv_row;
}

WideConvArgs wide_args(const Bench& b) {
  WideConvArgs a{};
  set_window(b, a);
  a.wide = {-32768, 32767, 1};
  return a;
}

// Long sums have a multiplier of 15 bits and, above it, the bias's upper part.
void place_chunk(const Bench& b, int channels, Random& random,
                 WideConvArgs& a) {
  const ChunkLayout at = make_chunk(b, channels, random);
  auto* const bias = reinterpret_cast<int32_t*>(b.chunk + at.bias);
  auto* const multipliers = reinterpret_cast<int32_t*>(b.chunk + at.multiplier);
  for (int o = 0; o < channels; ++o) {
    const uint32_t upper = bias[o] < 0 ? 0xFFFF0000u : 0;
    const uint32_t lower = static_cast<uint32_t>(multipliers[o]) >> 16;
    multipliers[o] = static_cast<int32_t>(upper | lower);
  }
  a.weights = reinterpret_cast<int8_t*>(b.chunk);
  a.bias = bias, a.multipliers = multipliers;
  a.shifts = reinterpret_cast<int8_t*>(b.chunk + at.shift);
  a.weight_stride = weight_stride(b.layer, channels);
  a.channels = channels;
}

}  // namespace

void measure_wide(const Bench& b, const BenchClock& clock, Random& random,
                  BenchResult& r) {
  const BenchLayer& l = b.layer;
  const auto kernel = kernel_of(l.kind);
  const bool depthwise = l.kind == BenchKind::kDepthwise;
  const int8_t* bytes[kMaxWindowRows];
  const int16_t* rows[kMaxWindowRows];
  WideConvArgs a = wide_args(b);
  a.rows = rows;
  for (int o = 0; o < l.out_c; o += b.fit.chunk_channels) {
    const int left = l.out_c - o;
    place_chunk(b, left < b.fit.chunk_channels ? left : b.fit.chunk_channels,
                random, a);
    for (int y = 0; y < b.fit.rows; ++y) {
      const bool border = window_rows(b, y, depthwise ? o : 0, bytes);
      for (int ky = 0; ky < l.kernel; ++ky) {
        rows[ky] = reinterpret_cast<const int16_t*>(bytes[ky]);
      }
      a.out = reinterpret_cast<int16_t*>(b.out + y * b.out_row) + o;
      BenchRows& counted = border ? r.border : r.interior;
      count(clock, counted, [&] { kernel(a); });
      if (o == 0) ++counted.rows;
    }
  }
}

}  // namespace shoal
