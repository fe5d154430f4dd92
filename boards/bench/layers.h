// The layers that `shoal bench-node` measures: those of the quoted figures in
// bench/quoted_kernels.toml, by the same names, and others of which none are
// quoted. Host and firmware read this one table.
#pragma once

#include <cstdint>

namespace shoal {

enum class BenchKind : uint8_t {
  kPointwise,
  kConv,
  kDepthwise,
  kFullyConnected,
  kAdd,
  kMul,  // the second operand is one pixel, as of an attention
  kTable,
  kSoftmax,
  kAveragePool,
  kMaxPool,
  kMean,     // of the whole picture
  kNearest,  // `stride` times as large, as are the next two
  kBilinear,
  kTransposed,
};

// Padding is TensorFlow's SAME; kernels are square.
struct BenchLayer {
  const char* name;
  BenchKind kind;
  int in_h, in_w, in_c, out_c;
  int kernel, stride;
  int element = 1;  // bytes; 2: with weights of one byte
};

inline constexpr BenchLayer kBenchLayers[] = {
    {"1x1 112x112x32->16", BenchKind::kPointwise, 112, 112, 32, 16, 1, 1},
    {"1x1 56x56x24->144", BenchKind::kPointwise, 56, 56, 24, 144, 1, 1},
    {"1x1 14x14x96->576", BenchKind::kPointwise, 14, 14, 96, 576, 1, 1},
    {"1x1 14x14x576->96", BenchKind::kPointwise, 14, 14, 576, 96, 1, 1},
    {"1x1 7x7x96->576", BenchKind::kPointwise, 7, 7, 96, 576, 1, 1},
    {"1x1 7x7x320->1280", BenchKind::kPointwise, 7, 7, 320, 1280, 1, 1},
    {"1x1 14x14x96->72", BenchKind::kPointwise, 14, 14, 96, 72, 1, 1},
    {"1x1 2x14x96->576", BenchKind::kPointwise, 2, 14, 96, 576, 1, 1},
    {"1x1 7x7x960->40", BenchKind::kPointwise, 7, 7, 960, 40, 1, 1},
    {"3x3 224x224x3->32 s2", BenchKind::kConv, 224, 224, 3, 32, 3, 2},
    {"3x3 112x112x3->32 s2", BenchKind::kConv, 112, 112, 3, 32, 3, 2},
    {"3x3 14x14x64->64", BenchKind::kConv, 14, 14, 64, 64, 3, 1},
    {"dw 112x112x32", BenchKind::kDepthwise, 112, 112, 32, 32, 3, 1},
    {"dw 56x56x144", BenchKind::kDepthwise, 56, 56, 144, 144, 3, 1},
    {"dw 28x28x192 s2", BenchKind::kDepthwise, 28, 28, 192, 192, 3, 2},
    {"dw 14x14x576", BenchKind::kDepthwise, 14, 14, 576, 576, 3, 1},
    {"dw 7x7x960", BenchKind::kDepthwise, 7, 7, 960, 960, 3, 1},
    {"dw 14x14x72", BenchKind::kDepthwise, 14, 14, 72, 72, 3, 1},
    {"dw5 28x28x120", BenchKind::kDepthwise, 28, 28, 120, 120, 5, 1},
    {"dw5 28x28x144 s2", BenchKind::kDepthwise, 28, 28, 144, 144, 5, 2},
    {"dw5 7x7x480", BenchKind::kDepthwise, 7, 7, 480, 480, 5, 1},
    {"fc 1280->1000", BenchKind::kFullyConnected, 1, 1, 1280, 1000, 1, 1},
    {"fc 1280->256", BenchKind::kFullyConnected, 1, 1, 1280, 256, 1, 1},
    {"add 56x56x24", BenchKind::kAdd, 56, 56, 24, 24, 1, 1},
    {"add 14x14x96", BenchKind::kAdd, 14, 14, 96, 96, 1, 1},
    {"add 7x7x160", BenchKind::kAdd, 7, 7, 160, 160, 1, 1},
    {"dw7 14x14x96", BenchKind::kDepthwise, 14, 14, 96, 96, 7, 1},
    {"3x3 14x14x64->1", BenchKind::kConv, 14, 14, 64, 1, 3, 1},
    {"3x3 14x14x64->2", BenchKind::kConv, 14, 14, 64, 2, 3, 1},
    {"3x3 14x14x64->4", BenchKind::kConv, 14, 14, 64, 4, 3, 1},
    {"3x3 14x14x64->8", BenchKind::kConv, 14, 14, 64, 8, 3, 1},
    {"1x1 14x14x96->4", BenchKind::kPointwise, 14, 14, 96, 4, 1, 1},
    {"dw 14x14x8", BenchKind::kDepthwise, 14, 14, 8, 8, 3, 1},
    {"mul 14x14x96", BenchKind::kMul, 14, 14, 96, 96, 1, 1},
    {"table 14x14x96", BenchKind::kTable, 14, 14, 96, 96, 1, 1},
    {"softmax 1000", BenchKind::kSoftmax, 1, 1, 1000, 1000, 1, 1},
    {"average 3x3 14x14x96", BenchKind::kAveragePool, 14, 14, 96, 96, 3, 1},
    {"average 7x7x960", BenchKind::kAveragePool, 7, 7, 960, 960, 7, 7},
    {"max 2x2 28x28x64 s2", BenchKind::kMaxPool, 28, 28, 64, 64, 2, 2},
    {"max 3x3 28x28x64 s2", BenchKind::kMaxPool, 28, 28, 64, 64, 3, 2},
    {"mean 7x7x960", BenchKind::kMean, 7, 7, 960, 960, 7, 7},
    {"nearest 14x14x96 x2", BenchKind::kNearest, 14, 14, 96, 96, 1, 2},
    {"bilinear 14x14x96 x2", BenchKind::kBilinear, 14, 14, 96, 96, 1, 2},
    {"tconv 14x14x64 x2", BenchKind::kTransposed, 14, 14, 64, 64, 3, 2},
    {"16b 1x1 14x14x96->576", BenchKind::kPointwise, 14, 14, 96, 576, 1, 1, 2},
    {"16b 1x1 14x14x576->96", BenchKind::kPointwise, 14, 14, 576, 96, 1, 1, 2},
    {"16b 3x3 14x14x64->64", BenchKind::kConv, 14, 14, 64, 64, 3, 1, 2},
    {"16b dw 14x14x72", BenchKind::kDepthwise, 14, 14, 72, 72, 3, 1, 2},
    {"16b fc 1280->256", BenchKind::kFullyConnected, 1, 1, 1280, 256, 1, 1, 2},
    {"16b tconv 14x14x64 x2", BenchKind::kTransposed, 14, 14, 64, 64, 3, 2, 2},
};
inline constexpr int kBenchLayerCount =
    static_cast<int>(sizeof kBenchLayers / sizeof kBenchLayers[0]);

constexpr bool has_chunks(BenchKind kind) {
  return kind <= BenchKind::kFullyConnected || kind == BenchKind::kTransposed;
}
constexpr bool enlarges(BenchKind kind) { return kind >= BenchKind::kNearest; }

constexpr int out_size(const BenchLayer& l, int in) {
  return enlarges(l.kind) ? in * l.stride : (in + l.stride - 1) / l.stride;
}
constexpr int out_height(const BenchLayer& l) { return out_size(l, l.in_h); }
constexpr int out_width(const BenchLayer& l) { return out_size(l, l.in_w); }

// Returns the rows or columns of padding in front, and on both ends together.
constexpr int all_padding(const BenchLayer& l, int in, int out) {
  const int reach = enlarges(l.kind) ? l.kernel - l.stride
                                     : (out - 1) * l.stride + l.kernel - in;
  return reach > 0 ? reach : 0;
}
constexpr int front_padding(const BenchLayer& l, int in, int out) {
  return all_padding(l, in, out) / 2;
}

// Returns the multiply-accumulates of one output element, padding included; for
// pools and means the places of the window, for others one.
constexpr int macs_per_output(const BenchLayer& l) {
  const int taps = l.kernel * l.kernel;
  if (l.kind == BenchKind::kDepthwise || !has_chunks(l.kind)) return taps;
  const bool enlarged = l.kind == BenchKind::kTransposed;
  return taps * l.in_c / (enlarged ? l.stride * l.stride : 1);
}
constexpr int64_t macs_per_row(const BenchLayer& l) {
  return int64_t{out_width(l)} * l.out_c * macs_per_output(l);
}

}  // namespace shoal
