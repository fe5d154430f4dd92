// The network under construction, with what the operators' lowerings share:
// where each file tensor lies so far, and how to get it as an operator needs
// it. Used by one lower() call; refers to the graph, owns the net.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/lower/layout.h"
#include "host/model/graph/loops.h"

namespace shoal {

// SPACE_TO_BATCH_ND, a convolution with strides of 1 and BATCH_TO_SPACE_ND,
// which are one dilated convolution; by the number of the convolution. Numbers
// of the other two, -1: it stands alone.
struct Dilated {
  int split = -1, join = -1;
};

class Builder {
 public:
  Builder(const Graph&, int most_columns);

  const Graph& graph() const { return graph_; }
  const Tensor& tensor(int t) const { return graph_.tensors[t]; }
  const Op& op() const { return graph_.ops[file_op_]; }
  int file_op() const { return file_op_; }
  // Places of ARG_MAX are two bytes each, along an axis more than the tensor
  // has; other whole numbers are what a byte says.
  // Sums of products have some digits instead of the two bytes.
  bool has_places(int t) const { return parts_[t] > 0; }
  int parts(int t) const { return parts_[t]; }
  void set_places(int t, int parts = 2) { parts_[t] = parts; }
  Shape lies(int t) const;
  Net& net() { return net_; }
  // Layers added from here on belong to this operator of the file.
  void begin_op(int file_op) { file_op_ = file_op; }

  void set(int t, Value v) { values_[t] = std::move(v); }
  bool has(int t) const { return values_[t].has_value(); }
  // The PAD that the readers of this tensor take over, or -1.
  int folded_pad(int t) const { return folded_pad_[t]; }
  // The operators that take apart and join the pictures of the current
  // operator, a convolution; and whether an operator is one of them.
  const Dilated& dilated() const { return dilated_[file_op_]; }
  bool is_dilation(int file_op) const { return dilation_[file_op]; }
  // Where a tensor lies, in any order and extent; a constant gets its layer.
  Value raw(int t);
  // The same in the tensor's own axes.
  Value value(int t);
  // In the order of the file.
  Value plain(int t);
  View plain(int t, const Extent&);
  // A picture as windows read it: in the order of the file, or turned (turn.h).
  Value picture(int t);
  bool is_turned(int t) const { return turned_[t]; }
  const std::vector<bool>& turned() const { return turned_; }
  // The result of windows: a picture in the same order.
  View picture_result(int t, const Extent&);
  // In an order of all axes of the file's shape; if bytes have to move for it,
  // they are cut into these rows, columns and channels.
  Value ordered(int t, const std::vector<int>& full_order);
  Value ordered(int t, const std::vector<int>& full_order, const Extent&);
  // A value in the axes of another shape of as many elements.
  Value in_axes(const Value&, const Shape&);
  // Rows along an axis: pixels whose channels are that axis; the order of all
  // axes, and the extent.
  View rows_along(int t, int axis, std::vector<int>& order, Extent& extent);
  // A value cut into other rows, columns and channels.
  View as_extent(const Value&, const Extent&);
  // A new tensor for an operator's result, whole.
  View result(int t, const Extent&, std::vector<int> order);
  View result(int t, const Extent&);
  View new_tensor(const std::string& name, const Extent&, int element_bytes);
  // `values`: all bytes.
  View constant(const std::string& name, std::vector<int8_t> values,
                const Extent&, int element_bytes);
  // Returns the bytes of an element of a tensor of the file on nodes, and of a
  // view.
  int width(int t) const { return is_int16(tensor(t)) ? 2 : 1; }
  int width(const View& v) const {
    return net_.tensors[v.tensor].element_bytes;
  }

  // A layer of the current operator; `name` is that of its output tensor.
  Layer layer(OpCode, int output) const;
  // Throws Error(kUnsupported) for one that no program holds.
  void add(Layer);
  // A kMove from `in` to `out`, both boxes, by groups.
  void move(int output, const View& in, const View& out, const AxisMaps&,
            int fill);
  // Copies `from` into a box of a concatenation; coalesce_copies() may let
  // the producer write there itself.
  void copy_part(int output, const View& from, const View& to);
  // Copies a box to another of the same sizes, for good.
  void copy(int output, const View& from, const View& to);
  const std::vector<int>& part_copies() const { return part_copies_; }

 private:
  Value transposed(const Value&, const std::vector<int>& order, const Extent&);
  View transpose(const View&, const std::vector<int32_t>& params,
                 const Extent&);

  const Graph& graph_;
  Net net_;
  std::vector<std::optional<Value>> values_;
  int file_op_ = 0;
  std::vector<int> folded_pad_;
  std::vector<Dilated> dilated_;         // by operator
  std::vector<bool> dilation_, turned_;  // by operator, by tensor
  std::vector<int> parts_;               // by tensor
  std::vector<int> part_copies_;         // layers
  // Copies made so far; params are the transposition's, if it is one.
  struct Copy {
    View from;
    std::vector<int32_t> params;
    View to;
  };
  std::vector<Copy> copies_;
};

// Per tensor the number of the PAD that made it, if all its readers are
// convolutions and can pad by themselves with the same values; else -1.
std::vector<int> folded_pads(const Graph&);

// One lowering per group of operators; each reads Builder::op().
void lower_convolution(Builder&);
void lower_fully_connected(Builder&);
void lower_pool(Builder&);
void lower_resize(Builder&);
void lower_bilinear(Builder&);
void lower_matmul(Builder&);
void lower_running_sum(Builder&);
void lower_lstm(Builder&);
void lower_loop(Builder&, const Loop&);
void lower_arg(Builder&);
void lower_cast(Builder&);
void lower_blocks(Builder&);
void lower_unary(Builder&);
void lower_quantize(Builder&);
void lower_binary(Builder&);
void lower_softmax(Builder&);
void lower_reduce(Builder&);
void lower_movement(Builder&);  // of bytes, axes kept or not

}  // namespace shoal
