// Puts a network together, layer by layer: shapes follow from the operands,
// weights from a seed, scales from the spread of the values (spread.h).
// Tensors are named by number; a layer's name is its result's.
//
//   ZooBuilder b("vgg16");
//   int x = b.input(224);
//   x = b.conv("conv1_1", x, {.channels = 64, .kernel = 3});
//   Graph graph = b.finish(b.dense("fc", b.flatten(x), 1000));
//
// Throws Error(kUsage) where a picture is too small for a window.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/zoo/spread.h"

namespace shoal::zoo {

inline constexpr Activation kNone = Activation::kNone;
inline constexpr Activation kRelu = Activation::kRelu;
inline constexpr Activation kRelu6 = Activation::kRelu6;

struct Conv {
  int channels = 0, kernel = 1, stride = 1;
  int columns = 0;   // of the kernel; 0: as many as it has rows
  bool same = true;  // else VALID
  Activation activation = Activation::kRelu;
};
// The deviation of every weighted layer's sums, in real units: a RELU6 then
// cuts a little.
inline constexpr double kDeviation = 2;

struct Pool {
  int kernel = 2, stride = 2;
};

class ZooBuilder {
 public:
  explicit ZooBuilder(const std::string& name);

  int input(int side) { return input("input", {1, side, side, 3}); }
  // Another input of the network, of any shape.
  int input(const std::string& name, const Shape& shape);
  int conv(const std::string& name, int x, const Conv&);
  int depthwise(const std::string& name, int x, int kernel, int stride,
                Activation);
  int dense(const std::string& name, int x, int outputs,
            Activation = Activation::kNone, double deviation = kDeviation);
  // The results of all parts in one tensor, in the first one's scale.
  int concatenation(const std::string& name, const std::vector<int>& parts,
                    int axis = 3);
  int add(const std::string& name, int a, int b, Activation);
  // Windows that would end outside the picture are cut off there.
  int max_pool(const std::string& name, int x, const Pool&);
  int average(const std::string& name, int x);  // of each channel
  int flatten(const std::string& name, int x);

  // Parts of transformers (zoo_attention.cc), as TensorFlow Lite's converter
  // writes them.
  int reshape(const std::string& name, int x, const Shape&);
  int transpose(const std::string& name, int x, const std::vector<int>& perm);
  // Products of the last two axes; `adj_y`: b's are swapped first.
  int matmul(const std::string& name, int a, int b, bool adj_y);
  int scaled(const std::string& name, int x, double factor);
  int softmax(const std::string& name, int x);
  int gelu(const std::string& name, int x);
  // Over the last axis, with a random gain and offset of each channel.
  int layer_norm(const std::string& name, int x);
  // Random constants: tokens of a class, places.
  int parameter(const std::string& name, const Shape&,
                const Spread& = {0, 0.25});
  // One position of an axis, which is dropped.
  int position(const std::string& name, int x, int axis, int at);
  int mean_of_tokens(const std::string& name, int x);  // 1 x tokens x channels

  const Shape& shape(int x) const { return tensor(x).shape; }
  int channels(int x) const { return tensor(x).shape.back(); }
  Graph finish(int output);

 private:
  const Tensor& tensor(int t) const {
    return graph_.tensors[static_cast<size_t>(t)];
  }
  int add_result(const std::string& name, const Shape&, const Range&,
                 const Spread&);
  int add_weights(const std::string& name, const Shape&, int axis,
                  double spread_of_sum, double deviation = kDeviation);
  int add_bias(const std::string& name, int x, int weights,
               double deviation = kDeviation);
  int add_number(const std::string& name, double value);
  int add_like(const std::string& name, int x, const Shape&);
  int add_reduced(const std::string& name, int x, const Spread&);
  int add_binary(const std::string& name, OpKind, int a, int b, const Shape&,
                 const Spread&);
  const Spread& spread(int x) const { return spreads_[static_cast<size_t>(x)]; }
  void add_op(OpKind, std::vector<int> inputs, int output, Attr);
  Shape window_shape(const std::string& name, int x, int channels, WindowAttr&,
                     bool same) const;
  uint64_t next_seed() { return seed_ += 0x9E3779B97F4A7C15; }

  Graph graph_;
  std::vector<Spread> spreads_;  // by tensor
  uint64_t seed_ = 0;
};

}  // namespace shoal::zoo
