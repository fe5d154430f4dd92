#include <cstring>

#include "boards/bench/bench_rows.h"
#include "device/port/console.h"
#include "device/program/chunk.h"

namespace shoal {
namespace {

constexpr uint32_t kChunkBytes = 16 * 1024;

int in_rows(const BenchLayer& l, int rows) {
  if (enlarges(l.kind)) {
    const int in = (rows - 1) / l.stride + 2;
    return in < l.in_h ? in : l.in_h;
  }
  const int padding = all_padding(l, l.in_h, out_height(l));
  const int in = (rows - 1) * l.stride + l.kernel - padding;
  return in < l.in_h ? in : l.in_h;
}

uint32_t weights_per_channel(const BenchLayer& l) {
  const int taps = l.kernel * l.kernel;
  return static_cast<uint32_t>(l.kind == BenchKind::kDepthwise ? taps
                                                               : taps * l.in_c);
}

int row_bytes(const BenchLayer& l, int columns, int channels) {
  return columns * channels * l.element;
}

uint32_t chunk_bytes(const BenchLayer& l, int channels) {
  if (!has_chunks(l.kind)) return 0;
  const auto n = static_cast<uint32_t>(channels);
  return chunk_layout(weights_per_channel(l) * n, n, true).bytes;
}

void place_chunk(const Bench& b, int channels, Random& random, ConvArgs& a) {
  const ChunkLayout at = make_chunk(b, channels, random);
  a.weights = reinterpret_cast<int8_t*>(b.chunk);
  a.bias = reinterpret_cast<int32_t*>(b.chunk + at.bias);
  a.multipliers = reinterpret_cast<int32_t*>(b.chunk + at.multiplier);
  a.shifts = reinterpret_cast<int8_t*>(b.chunk + at.shift);
  a.weight_stride = weight_stride(b.layer, channels);
  a.channels = channels;
}

uint32_t seed_of(const BenchLayer& l) {
  const auto* name = reinterpret_cast<const uint8_t*>(l.name);
  return crc32_add(0, name, static_cast<uint32_t>(std::strlen(l.name))) | 1;
}

ConvArgs conv_args(const Bench& b) {
  ConvArgs a{};
  set_window(b, a);
  a.zero_in = a.zero_out = kBenchZero;
  a.act_min = -128, a.act_max = 127;
  return a;
}

// The first rows in one call, where the runtime makes one of them: a pointwise
// layer's are one long row, and depthwise kernels may take several.
void measure_band(const Bench& b, const KernelSet& kernels,
                  const BenchClock& clock, int channel, ConvArgs a,
                  BenchRows& counted) {
  const BenchLayer& l = b.layer;
  const int most = kMaxWindowRows / l.kernel;  // pointers that a kernel gets
  int n = b.fit.rows < kBenchBand ? b.fit.rows : kBenchBand;
  if (n > most) n = most;
  const bool depthwise = l.kind == BenchKind::kDepthwise;
  if (n < 2 ||
      !(depthwise ? kernels.depthwise_rows : l.kind == BenchKind::kPointwise)) {
    return;
  }
  const int8_t* rows[kMaxWindowRows];
  for (int y = 0; y < n; ++y) {
    window_rows(b, y, depthwise ? channel : 0, rows + y * l.kernel);
  }
  a.rows = rows;
  a.out = b.out + channel;
  if (depthwise) {
    a.more_rows = n - 1, a.out_row = b.out_row;
  } else {
    a.in_w *= n, a.x1 *= n;
  }
  const auto kernel = depthwise ? kernels.depthwise : kernels.conv;
  count(clock, counted, [&] { kernel(a); });
  if (channel == 0) counted.rows = static_cast<uint32_t>(n);
}

void measure_conv(const Bench& b, const KernelSet& kernels,
                  const BenchClock& clock, Random& random, BenchResult& r) {
  const BenchLayer& l = b.layer;
  const bool depthwise = l.kind == BenchKind::kDepthwise;
  const auto kernel = depthwise                          ? kernels.depthwise
                      : l.kind == BenchKind::kTransposed ? transpose_conv_row
                                                         : kernels.conv;
  const int8_t* rows[kMaxWindowRows];
  ConvArgs a = conv_args(b);
  a.rows = rows;
  for (int o = 0; o < l.out_c; o += b.fit.chunk_channels) {
    const int left = l.out_c - o;
    place_chunk(b, left < b.fit.chunk_channels ? left : b.fit.chunk_channels,
                random, a);
    for (int y = 0; y < b.fit.rows; ++y) {
      const bool border = window_rows(b, y, depthwise ? o : 0, rows);
      a.out = b.out + y * b.out_row + o;
      BenchRows& counted = border ? r.border : r.interior;
      count(clock, counted, [&] { kernel(a); });
      if (o == 0) ++counted.rows;
    }
    measure_band(b, kernels, clock, o, a, r.band);
  }
}

Bench lay_out(const BenchLayer& l, uint8_t* memory) {
  Bench b{l,
          fit_layer(l),
          row_bytes(l, l.in_w, l.in_c),
          row_bytes(l, out_width(l), l.out_c),
          {},
          {},
          {},
          memory};
  const uint32_t chunk = chunk_bytes(l, b.fit.chunk_channels);
  b.in = reinterpret_cast<int8_t*>(memory + chunk);
  const int in_bytes = b.in_row * b.fit.in_rows;
  b.other = b.in + in_bytes;
  b.out = b.in + (l.kind == BenchKind::kAdd ? 2 : 1) * in_bytes;
  return b;
}

}  // namespace

// Multipliers spread results over int8.
ChunkLayout make_chunk(const Bench& b, int channels, Random& random) {
  const uint32_t n = static_cast<uint32_t>(channels);
  const ChunkLayout at =
      chunk_layout(weights_per_channel(b.layer) * n, n, true);
  auto* weights = reinterpret_cast<int8_t*>(b.chunk);
  auto* bias = reinterpret_cast<int32_t*>(b.chunk + at.bias);
  auto* multipliers = reinterpret_cast<int32_t*>(b.chunk + at.multiplier);
  auto* shifts = reinterpret_cast<int8_t*>(b.chunk + at.shift);
  random.fill(weights, static_cast<int>(weights_per_channel(b.layer) * n));
  int shift = -7;
  for (int terms = macs_per_output(b.layer); terms > 1; terms /= 4) --shift;
  for (int o = 0; o < channels; ++o) {
    bias[o] = static_cast<int32_t>(random.next()) >> 16;
    multipliers[o] = random.multiplier();
    shifts[o] =
        static_cast<int8_t>(shift - static_cast<int>(random.next() >> 31));
  }
  return at;
}

int weight_stride(const BenchLayer& l, int channels) {
  return l.kind == BenchKind::kDepthwise
             ? channels
             : static_cast<int>(weights_per_channel(l));
}

const int8_t* window_row(const Bench& b, int oy, int ky, int channel) {
  const BenchLayer& l = b.layer;
  const int top = front_padding(l, l.in_h, out_height(l));
  int iy = oy * l.stride - top + ky;
  if (l.kind == BenchKind::kTransposed) {
    const int reach = oy + top - ky;
    iy = reach % l.stride == 0 ? reach / l.stride : -1;
  }
  if (iy < 0 || iy >= b.fit.in_rows) return nullptr;
  return b.in + iy * b.in_row + channel * b.layer.element;
}

bool window_rows(const Bench& b, int oy, int channel, const int8_t** rows) {
  bool border = false;
  for (int ky = 0; ky < b.layer.kernel; ++ky) {
    rows[ky] = window_row(b, oy, ky, channel);
    border |= !rows[ky];
  }
  // All rows of a picture that becomes larger see rows that are not there.
  return border && !enlarges(b.layer.kind);
}

BenchFit fit_layer(const BenchLayer& l) {
  BenchFit fit{l.out_c, 0, 0};
  while (chunk_bytes(l, fit.chunk_channels) > kChunkBytes) {
    fit.chunk_channels = (fit.chunk_channels - 1) / 8 * 8;
  }
  const int inputs = l.kind == BenchKind::kAdd ? 2 : 1;
  const int in_row = inputs * row_bytes(l, l.in_w, l.in_c);
  const int out_row = row_bytes(l, out_width(l), l.out_c);
  const int bytes =
      static_cast<int>(kBenchMemory - chunk_bytes(l, fit.chunk_channels));
  for (int rows = 1; rows <= out_height(l); ++rows) {
    if (in_rows(l, rows) * in_row + rows * out_row > bytes) break;
    fit.rows = rows, fit.in_rows = in_rows(l, rows);
  }
  return fit;
}

BenchResult measure_layer(const BenchLayer& l, const KernelSet& kernels,
                          const BenchClock& clock, uint8_t* memory) {
  const Bench b = lay_out(l, memory);
  Random random(seed_of(l));
  random.fill(b.in, b.in_row * b.fit.in_rows);
  BenchResult r{};
  if (l.element == 2) {
    measure_wide(b, clock, random, r);
  } else if (has_chunks(l.kind)) {
    measure_conv(b, kernels, clock, random, r);
  } else {
    measure_plain(b, clock, random, r);
  }
  r.checksum = crc32_add(0, reinterpret_cast<const uint8_t*>(b.out),
                         static_cast<uint32_t>(b.out_row * b.fit.rows));
  return r;
}

}  // namespace shoal
