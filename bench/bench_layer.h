// One whole layer for the benchmark: random tensors, and row kernels called as
// the runtime calls them, all rows of the layer for each slice of output
// channels.
#pragma once

#include <cstdint>
#include <vector>

#include "device/kernels/kernels.h"

namespace shoal {

enum class LayerKind { kPointwise, kConv, kDepthwise, kFullyConnected };

// Same padding; stride in both directions. kFullyConnected is one pixel.
struct LayerShape {
  LayerKind kind;
  int in_h, in_w, in_c;
  int channels;
  int kernel, stride;
};

class BenchLayer {
 public:
  explicit BenchLayer(const LayerShape& shape);

  // With `slice` output channels a call.
  void run(const KernelSet& set, int slice);
  // Nanoseconds of the best of at least three runs, `milliseconds` in all.
  double best_ns(const KernelSet& set, int slice, double milliseconds);

  // Padding positions counted.
  double macs() const;
  const std::vector<int8_t>& output() const { return output_; }

 private:
  void row(const KernelSet& set, int y, int first, int count);

  LayerShape shape_;
  int out_h_, out_w_, pad_;
  std::vector<int8_t> input_, weights_, shifts_, output_;
  std::vector<int32_t> bias_, multipliers_;
};

}  // namespace shoal
