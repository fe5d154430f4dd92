// The value of a name of the file while the graph is made: a constant, or a
// tensor of the graph with the order in which its axes lie there. Internal to
// host/model/onnx.
//
// Layout is solved here. A value of rank 4 lies as [1, H, W, C] from the start;
// transposes only permute the note of it, and reshapes wait until an operator
// needs the value, because the weights of a fully connected layer can be
// permuted instead of its input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/model/onnx/builder.h"
#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

using Axes = std::vector<int>;

// Where in its window each maximum of a MaxPool lies; see unpool.cc.
struct PooledPlaces {
  Shape dims;    // of the pool's input, [1, C, H, W]
  Shape pooled;  // of the maxima, [1, H, W, C]
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  // Tensors of truth values: bits of y * kernel_w + x, the lowest first.
  std::vector<int> bits;
};

struct Value {
  std::string name;
  ConstantRef constant;  // null: a tensor
  int tensor = -1;
  Shape dims;  // as the file means them; of tensors
  // Axis i of the tensor is axis order[i] of `dims`, or of `before` if that
  // is there: then the reshape from it to `dims` has not been done.
  Axes order;
  std::optional<Shape> before;
  bool turned = false;   // the order comes from a Transpose of the file
  bool shared = false;   // read by more than one
  bool refused = false;  // made by an operator that is not supported
  bool bytes = false;    // of INT8 or UINT8, which DequantizeLinear reads
  // A MaxPool's indices have these instead of a tensor.
  std::shared_ptr<const PooledPlaces> places;

  bool is_constant() const { return constant != nullptr; }
  size_t rank() const { return dims.size(); }
};

// The order that values lie in unless something else is known: NHWC.
Axes usual_order(size_t rank);
Shape permuted(const Shape& dims, const Axes& order);
// Where axis `axis` of the file lies.
int place_of(const Axes& order, int axis);

class Layouts {
 public:
  explicit Layouts(GraphBuilder& builder) : builder_(builder) {}

  // The reshape done, if one is outstanding.
  Value settled(const Value&);
  // Lying in that order; for values with their usual order, see usual_order.
  Value ordered(const Value&, const Axes& order);
  Value usual(const Value& v) { return ordered(v, usual_order(v.rank())); }
  // Same elements under other sizes; element counts agree.
  Value reshaped(const Value&, const Shape& dims);
  Value transposed(const Value&, const Axes& perm);
  // Axes of size one in front until the rank is reached.
  Value padded(const Value&, size_t rank);

  // Returns the axis of `dims` that lies last in the tensor, also where a
  // reshape that leaves that axis alone is outstanding; -1: there is none.
  static int last_axis(const Value&);

  // Elements of a row-major constant of `dims` (ones in front up to the
  // order's rank) as a value of that order holds them.
  static std::vector<float> laid_out(const std::vector<float>&,
                                     const Shape& dims, const Axes& order);

 private:
  int move(OpKind, const Value&, const Shape&, Attr = {});

  GraphBuilder& builder_;
};

}  // namespace shoal::onnx_import
