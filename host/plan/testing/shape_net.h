// Networks for the planner's tests: shapes and rows matter, values do not.
// Layers return the tensor that they write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/lower/net.h"

namespace shoal {

class ShapeNet {
 public:
  explicit ShapeNet(std::string name) { net_.name = std::move(name); }

  int tensor(int rows, int columns, int channels);
  int input(int rows, int columns, int channels);
  void output(int tensor);

  // SAME padding.
  int conv(int in, int kernel, int stride, int channels);
  int depthwise(int in, int kernel, int stride);
  // The whole picture is the kernel; one row and column come out.
  int fully_connected(int in, int channels);
  int mean(int in);
  int max_pool(int in, int kernel, int stride);
  int add(int a, int b);
  int constant(int rows, int columns, int channels);
  // `scale` has one row and column.
  int mul(int x, int scale);
  int table(int in);
  int resize_twice(int in);
  int reshape(int in, int rows, int columns, int channels);
  // A 1x1 convolution of channels [from, to) of `in` into channels
  // [c0, c0 + channels) of `out`.
  void conv_between(int in, int from, int to, int out, int c0, int channels);

  const NetTensor& shape(int tensor) const { return net_.tensors[tensor]; }
  Net finish() const { return net_; }

 private:
  Layer& layer(OpCode, int in, const Box& out_box, int out);
  Layer& window(OpCode, int in, int kernel, int stride, int channels);
  void weigh(Layer&, int taps, int channels);
  Net net_;
};

struct NamedNet {
  std::string name;
  Net net;
};
// chain, skip, shortcut, concatenation, several outputs, squeeze-and-excite,
// several inputs, tall windows, pyramid, reshape, no layers at all.
std::vector<NamedNet> shape_nets();
// A random network of a dozen layers.
Net random_net(uint32_t seed);
// MobileNetV2-like: `blocks` inverted bottlenecks on a `size` x `size` input.
Net bottleneck_net(int size, int blocks);
// Most of its memory is for its first seven layers.
Net early_net();

}  // namespace shoal
