// One node of the file while it is converted: its operands and attributes
// with the checks that every operator needs, errors that name it, and the
// operators of the graph that it becomes. Internal to host/model/onnx.
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/model/graph/shapes.h"
#include "host/model/onnx/builder.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/text.h"
#include "host/model/onnx/value.h"

namespace shoal::onnx_import {

// A tensor that is factor * hard_sigmoid(source), times source if `times`:
// exporters write HARD_SWISH in pieces.
struct Gate {
  int source = -1;
  float factor = 1;
  bool times = false;
};

// The state that all calls of the conversion of one file share.
struct State {
  State(const OnnxModel& m, const std::string& name, size_t file_bytes,
        int64_t constant_bytes)
      : model(m),
        budget(file_bytes, constant_bytes),
        builder(name, budget),
        layouts(builder) {}

  const OnnxModel& model;
  Budget budget;
  GraphBuilder builder;
  Layouts layouts;
  std::map<std::string, Value> values;
  std::map<int, Gate> gates;           // by tensor
  std::map<std::string, int> uses;     // of each name, by nodes and outputs
  std::map<std::string, int> unpools;  // the uses as indices of a MaxUnpool
  bool quantized = false;  // a QuantizeLinear or its inverse is there
};

// "node 3 Conv \"conv1\"": how errors name a node.
std::string node_title(const OnnxModel&, size_t number);

class OnnxCall {
 public:
  OnnxCall(State& state, size_t number)
      : state_(state), number_(number), node_(state.model.nodes[number]) {}

  const std::string& type() const { return node_.type; }
  int64_t opset() const { return state_.model.opset; }
  GraphBuilder& graph() { return state_.builder; }
  Layouts& layouts() { return state_.layouts; }
  State& state() { return state_; }

  [[noreturn]] void corrupt(const std::string& reason) const;
  [[noreturn]] void unsupported(const std::string& reason) const;
  void require(bool ok, const std::string& reason) const {
    if (!ok) corrupt(reason);
  }
  // Refuses a value that ONNX allows, but that is larger than what runs.
  void require_at_most(int64_t limit, const std::string& what, int64_t value,
                       const char* way_out = "use a smaller one") const;

  bool has_attribute(const std::string& name) const {
    return find(name) != nullptr;
  }
  int64_t integer(const std::string& name, int64_t otherwise) const;
  float real(const std::string& name, float otherwise) const;
  std::string word(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> integers(const std::string& name) const;
  std::vector<std::string> words(const std::string& name) const;
  ConstantRef tensor_attribute(const std::string& name) const;
  const OnnxAttribute* find(const std::string& name) const;
  // Attributes that change nothing here.
  void ignore(std::initializer_list<const char*> names) const {
    for (const char* name : names) read_.insert(name);
  }
  // Returns whether the opset is older than the one in which something that was
  // an attribute became an operand.
  bool before(int64_t opset) const { return this->opset() < opset; }
  // Throws for an attribute that nobody has asked for: what is not understood
  // may change the result.
  void expect_understood() const;

  size_t inputs() const { return node_.inputs.size(); }
  size_t outputs() const { return node_.outputs.size(); }
  bool has(size_t i) const {
    return i < node_.inputs.size() && !node_.inputs[i].empty();
  }
  bool wants(size_t output) const {
    return output < node_.outputs.size() && !node_.outputs[output].empty();
  }
  // Returns whether a node or the model's end reads the output.
  bool is_read(size_t output) const {
    return wants(output) && state_.uses.contains(node_.outputs[output]);
  }
  const std::string& output_name(size_t i = 0) const {
    return node_.outputs[i];
  }
  void expect_inputs(size_t least, size_t most) const;
  const Value& in(size_t i) const;
  // A tensor of the graph; kUnsupported for constants.
  const Value& data(size_t i) const;
  // Elements of a constant operand; `what` it is, for errors.
  const OnnxTensor& constant(size_t i, const char* what) const;
  const std::vector<float>& floats(size_t i, const char* what) const;
  const std::vector<int64_t>& numbers(size_t i, const char* what) const;
  float scalar(size_t i, const char* what) const;
  // A constant byte of the type that operand 0 has.
  int byte(size_t i, const char* what);
  // The real value of a byte in the scale of operand 0, whose bytes it is like.
  float meaning_of(int byte);
  // An axis of the file, negative ones counted from the end.
  int axis(int64_t value, size_t rank) const;

  // Sizes that a graph may have, else an error.
  Shape shape_of(const std::vector<int64_t>& dims) const;

  // An operator whose result is the node's, in the axes' order given.
  // `part` marks what comes before the result.
  Value emit(OpKind, std::vector<int> inputs, const Shape& dims,
             const Axes& order, Attr = {}, const char* part = "");
  // Like `x`, element by element.
  Value emit_like(OpKind, std::vector<int> inputs, const Value& x, Attr = {},
                  const char* part = "");
  int constant_tensor(const char* part, const Shape&,
                      const std::vector<float>&);
  // A constant operand beside a value of that order.
  int constant_beside(size_t i, const Axes& order);
  int constant_beside(const OnnxTensor&, const Axes& order);
  void set_output(size_t i, Value);
  void set_constant(size_t i, OnnxTensor);

 private:
  const QuantNote& note_of_bytes();

  State& state_;
  size_t number_;
  const OnnxNode& node_;
  mutable std::set<std::string> read_;  // names of attributes
};

// Families of nodes, each in its own file; false if not of the family.
bool fold_constants(OnnxCall&);  // all operands are constants, or Shape
bool convert_window(OnnxCall&);
bool convert_pool(OnnxCall&);
bool convert_unpool(OnnxCall&);
bool convert_matrix(OnnxCall&);
bool convert_recurrent(OnnxCall&);
bool convert_arithmetic(OnnxCall&);
bool convert_activation(OnnxCall&);
bool convert_function(OnnxCall&);
bool convert_composed(OnnxCall&);
bool convert_choice(OnnxCall&);
bool convert_normalization(OnnxCall&);
bool convert_reduction(OnnxCall&);
bool convert_views(OnnxCall&);
bool convert_movement(OnnxCall&);
bool convert_scatter(OnnxCall&);
bool convert_pad(OnnxCall&);
bool convert_join(OnnxCall&);
bool convert_resize(OnnxCall&);
bool convert_quantization(OnnxCall&);

// Returns whether some family knows the operator.
bool knows(const std::string& type);
// Returns whether the operator's result for integers is another one than for
// the real values that they stand for.
bool counts(const std::string& type);
// Returns what to use instead of an operator that no family knows.
std::string replacement(const std::string& type);
// Returns what to do about an operator of another domain, from the semicolon.
std::string domain_advice(const std::string& domain);

// Conv and pool paddings, see padding.cc.
struct Side {  // one axis
  int64_t in = 0, kernel = 1, stride = 1, dilation = 1;
  int64_t before = 0, after = 0;  // the file's paddings
  int64_t out = 0;
  int64_t window() const { return (kernel - 1) * dilation + 1; }
};
struct Window {
  Side h, w;
  // The operator's attributes, once `pad` is either empty or in front.
  WindowAttr attr;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool padded() const {
    return pad_top + pad_left + pad_bottom + pad_right > 0;
  }
};
// Makes the value of a MaxPool's indices, output 1 of the node; `padded` is its
// input with what windows reach behind it.
void note_places(OnnxCall&, const Value& x, const Window&, int padded);

// The shape of a result of two operands.
template <class Size>
std::vector<Size> result_dims(const OnnxCall& call, const std::vector<Size>& a,
                              const std::vector<Size>& b) {
  const auto dims = broadcast_shape(a, b);
  call.require(dims.has_value(), text("shapes ", shape_text(a), " and ",
                                      shape_text(b), kNoBroadcast));
  return *dims;
}

// A convolution's or pool's operand as [1, C, H, W] in the usual order; what
// has one axis less is one row. Its result has the operand's axes again.
Value windowed(OnnxCall&, const Value& given);
void set_windowed(OnnxCall&, const Value& made);
// From the node's attributes; `x` is [1, C, H, W].
Window window_of(OnnxCall&, const Value& x, int64_t kernel_h, int64_t kernel_w);
// Chooses SAME, VALID or paddings in front.
void resolve_window(Window&);
// The operator in front; returns the padded tensor.
int pad_in_front(OnnxCall&, const Value& x, const Window&, float value);
// Returns a slice from there on, an index for each axis, without steps.
SliceAttr slice_from(std::vector<int> begin);

// A truth value as 1 or 0.
Value as_number(OnnxCall&, const Value& truth);

// Joins tensors along an axis of theirs, few at once as TensorFlow Lite wants.
int joined(OnnxCall&, std::vector<int> parts, int axis);

// Fusing into the operator that made a value; see fuse.cc.
// Null unless only this reader sees what the operator makes.
Op* sole_maker(OnnxCall&, const Value&);
bool fuse_activation(OnnxCall&, const Value&, Activation);
// y = x * scale + shift along axis `axis` of the file, the channels, or
// wherever they are if all have the same numbers.
inline constexpr int kAllChannelsAlike = -1;
bool fuse_affine(OnnxCall&, const Value&, int axis,
                 const std::vector<float>& scale,
                 const std::vector<float>& shift);
// Channel i (of axis 1) of the result is channel from[i]; renames nothing.
bool fuse_channels(OnnxCall&, const Value&, const std::vector<int>& from);

}  // namespace shoal::onnx_import
