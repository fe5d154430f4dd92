// Float graphs by hand: for tests of quantization and of what reads its
// results. Weights are random unless given; sizes follow from the operands.
//
//   FloatNet net(seed);
//   int x = net.input({1, 32, 32, 3});
//   x = net.conv(x, 16, {.kernel = 3, .stride = 2, .act = Activation::kRelu6});
//   net.output(net.softmax(net.dense(net.mean(x), 10)));
#pragma once

#include <random>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/quantize/quantize.h"

namespace shoal {

struct NetWindow {
  int kernel = 1, stride = 1, dilation = 1;
  bool same = true;  // else VALID
  Activation act = Activation::kNone;
  bool bias = true;
};

class FloatNet {
 public:
  explicit FloatNet(unsigned seed);

  int input(const Shape&);
  int constant(const Shape&, const std::vector<float>&);
  int conv(int x, int channels, const NetWindow&);
  int depthwise(int x, const NetWindow&, int multiplier = 1);
  // Twice as high and wide at stride 2.
  int transpose_conv(int x, int channels, const NetWindow&);
  int dense(int x, int features, Activation = Activation::kNone);
  int pool(OpKind, int x, const NetWindow&);
  int binary(OpKind, int a, int b, Activation = Activation::kNone);
  int mean(int x);  // over height and width, which go
  int unary(OpKind, int x, float value = 0);
  int softmax(int x) { return unary(OpKind::kSoftmax, x, 1); }
  int prelu(int x);  // random alphas
  int concatenation(const std::vector<int>& xs, int axis = 3);
  int pad(int x, int before, int after);  // height and width
  int padv2(int x, int before, int after, float value);
  int reshape(int x, const Shape&);
  int transpose(int x, const std::vector<int>& perm);
  // Products of the matrices of two tensors of four axes; the right ones are
  // read with rows and columns exchanged.
  int matmul(int a, int b);
  int slice(int x, const Shape& begin, const Shape& size);
  std::vector<int> split(int x, int axis, int parts);
  int mirror(int x, int before, int after, bool symmetric);
  // Its channels taken apart and packed again, the last one first.
  int turned_channels(int x);
  int resize(int x, int times);
  int blocks(OpKind, int x, int block);
  void output(int tensor) { graph_.outputs.push_back(tensor); }

  // Elements of a constant that an operator reads.
  std::vector<float> values(int tensor) const;
  void set_values(int tensor, const std::vector<float>&);
  const Shape& shape(int tensor) const { return graph_.tensors[tensor].shape; }
  Op& maker(int tensor);
  const Graph& graph() const { return graph_; }
  std::mt19937& random() { return random_; }

 private:
  int add(const Shape&, const std::string& name);
  int random_constant(const Shape&, float spread, const std::string& name);
  int add_op(OpKind, std::vector<int> inputs, const Shape&, Attr = {});
  int window(OpKind, int x, int channels, const Shape& weights, int fan_in,
             const NetWindow&, int multiplier);
  float normal();

  Graph graph_;
  std::mt19937 random_;
};

// Smooth random frames, the same for a seed: sums of a few waves in 0..1.
Calibration wave_frames(const Graph&, int64_t count, unsigned seed);

}  // namespace shoal
