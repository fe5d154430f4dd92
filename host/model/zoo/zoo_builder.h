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
  bool same = true;  // else VALID
  Activation activation = Activation::kRelu;
};
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
            Activation = Activation::kNone);
  // The results of all parts in one tensor, in its scale.
  int concatenation(const std::string& name, const std::vector<int>& parts);
  int add(const std::string& name, int a, int b, Activation);
  // Windows that would end outside the picture are cut off there.
  int max_pool(const std::string& name, int x, const Pool&);
  int average(const std::string& name, int x);  // of each channel
  int flatten(const std::string& name, int x);

  int channels(int x) const { return tensor(x).shape.back(); }
  Graph finish(int output);

 private:
  const Tensor& tensor(int t) const {
    return graph_.tensors[static_cast<size_t>(t)];
  }
  int add_result(const std::string& name, const Shape&, const Range&,
                 const Spread&);
  int add_weights(const std::string& name, const Shape&, int axis,
                  double spread_of_sum);
  int add_bias(const std::string& name, int x, int weights);
  void add_op(OpKind, std::vector<int> inputs, int output, Attr);
  Shape window_shape(const std::string& name, int x, int channels, WindowAttr&,
                     bool same) const;
  uint64_t next_seed() { return seed_ += 0x9E3779B97F4A7C15; }

  Graph graph_;
  std::vector<Spread> spreads_;  // by tensor
  uint64_t seed_ = 0;
};

}  // namespace shoal::zoo
