// The order of the work: constants and inputs, then node after node, then the
// outputs.
#include "host/model/onnx/onnx.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "host/base/shell_word.h"
#include "host/model/onnx/call.h"
#include "host/model/onnx/ends.h"
#include "host/model/onnx/integers.h"
#include "host/model/onnx/qdq.h"
#include "host/model/onnx/qlinear.h"

namespace shoal {
namespace onnx_import {
namespace {

class Conversion {
 public:
  Conversion(const OnnxModel& model, size_t file_bytes,
             const ImportOptions& options, const std::string& name)
      : model_(model),
        options_(options),
        name_(name),
        state_(model, name, file_bytes, options.constant_bytes) {}

  // Returns the shape of the only output, as far as it follows.
  Shape output_shape() {
    prepare();
    convert_all();
    const Value& v = state_.values.at(model_.outputs[0].name);
    if (v.refused || v.is_constant() || !open_.empty()) return {};
    return v.dims;
  }

  Graph run() {
    prepare();
    convert_all();
    report_unsupported();
    add_outputs();
    state_.builder.prune();
    drop_shape_inputs();
    if (state_.quantized) {
      make_whole_numbers(state_.builder, sums_);
      quantize_graph(state_.builder, real_outputs_);
    }
    restore_end_types();
    state_.builder.compact();
    Graph graph = std::move(state_.builder.graph());
    if (graph.ops.empty()) fail("has no operator");
    // The values of such an input are the pixels themselves.
    if (pixel_input_ && graph.inputs.size() == 1 && is_float(graph)) {
      graph.pixels = Normalization{{0.F}, {1.F}};
    }
    return graph;
  }

 private:
  void prepare() {
    find_makers();
    find_needed();
    count_uses();
    add_constants();
    add_inputs();
  }
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(Exit::kCorrupt, name_ + ": " + reason);
  }
  [[noreturn]] void refuse(const std::string& reason,
                           const std::string& fix) const {
    throw Error(Exit::kUnsupported, name_ + ": " + reason, fix);
  }

  // If sizes are open, the operators are looked at with some that they could
  // have, so that all reasons are told at once; what does not fit those sizes
  // says nothing about the model.
  void convert_all() {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      try {
        if (needed_[i]) convert(i);
      } catch (const Error& e) {
        if (open_.empty() || e.code() != Exit::kCorrupt) throw;
        return;
      }
    }
  }

  // Every name is made once; `kNobody` marks constants and inputs.
  void find_makers() {
    const auto make = [&](const std::string& who, const std::string& value,
                          size_t maker) {
      if (!makers_.emplace(value, maker).second) {
        fail(text(who, ": ", quoted(value), " is made twice"));
      }
    };
    std::set<std::string> initializers;
    for (const ConstantRef& c : model_.constants) {
      make("initializers", c->name, kNobody);
      initializers.insert(c->name);
    }
    for (const OnnxEnd& end : model_.inputs) {
      if (!initializers.contains(end.name)) {
        make("model inputs", end.name, kNobody);
      }
    }
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      for (const std::string& value : model_.nodes[i].outputs) {
        if (!value.empty()) make(node_title(model_, i), value, i);
      }
    }
  }

  // Nodes that some output depends on, walked from the last to the first: a
  // node reads only what stands before it.
  void find_needed() {
    needed_.assign(model_.nodes.size(), false);
    if (model_.outputs.empty()) fail("has no output");
    std::set<std::string> outputs;
    for (const OnnxEnd& end : model_.outputs) {
      if (outputs.insert(end.name).second) continue;
      fail(text("model outputs: ", quoted(end.name), " is named twice"));
    }
    for (const OnnxEnd& end : model_.outputs) {
      need("model outputs", end.name, model_.nodes.size());
    }
    for (size_t i = model_.nodes.size(); i-- > 0;) {
      if (!needed_[i]) continue;
      for (const std::string& value : model_.nodes[i].inputs) {
        if (!value.empty()) need(node_title(model_, i), value, i);
      }
    }
  }

  void need(const std::string& who, const std::string& value, size_t reader) {
    const auto made = makers_.find(value);
    if (made == makers_.end()) {
      fail(text(who, ": ", quoted(value), " is made by nobody"));
    }
    if (made->second == kNobody) return;
    if (made->second >= reader) {
      fail(text(who, ": ", quoted(value), " is read before it is made"));
    }
    needed_[made->second] = true;
  }

  void count_uses() {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      if (!needed_[i]) continue;
      const OnnxNode& node = model_.nodes[i];
      for (const std::string& value : node.inputs) ++state_.uses[value];
      if (node.type == "MaxUnpool" && node.inputs.size() > 1) {
        ++state_.unpools[node.inputs[1]];
      }
    }
    for (const OnnxEnd& end : model_.outputs) ++state_.uses[end.name];
    state_.uses.erase("");
  }

  void add_constants() {
    for (const ConstantRef& c : model_.constants) {
      Value v;
      v.name = c->name;
      v.constant = c;
      state_.values[c->name] = std::move(v);
    }
  }

  void add_inputs() {
    bool any = false;
    for (const OnnxEnd& end : model_.inputs) {
      if (state_.values.contains(end.name)) continue;
      add_input(end);
      any = true;
    }
    if (!any) fail("has no input");
  }

  void add_input(const OnnxEnd& end) {
    const std::string title = "model input " + quoted(end.name);
    const bool bytes = end.type == kOnnxInt8 || end.type == kOnnxUint8;
    const bool truth = end.type == kOnnxBool;
    if (end.type != kOnnxFloat && !bytes && !truth) {
      open_.push_back(text(title, ": has type ", onnx_type_name(end.type),
                           ", only FLOAT, INT8, UINT8 and BOOL are taken"));
    }
    if (!end.shaped) {
      refuse(title + ": has no shape", "export with a fixed shape");
    }
    if (end.dims.empty()) {
      open_.push_back(title + ": is a scalar; give it an axis of size 1");
    }
    Value v;
    v.name = end.name;
    v.dims = end.dims.empty() ? Shape{1} : fixed_shape(title, end);
    v.order = usual_order(v.rank());
    if (v.rank() == 4 && lies_as_nhwc(end.name)) v.order = {0, 1, 2, 3};
    v.bytes = bytes;
    v.tensor = state_.builder.tensor(end.name, permuted(v.dims, v.order));
    v.shared = state_.uses[end.name] > 1;
    state_.builder.input(v.tensor);
    input_ends_[v.tensor] = &end;
    if (truth) state_.builder.make_truth(v.tensor);
    if (bytes) {
      pixel_input_ = end.type == kOnnxUint8;
      state_.builder.note(v.tensor).type =
          end.type == kOnnxUint8 ? Type::kUint8 : Type::kInt8;
    }
    state_.values[end.name] = std::move(v);
  }

  static int64_t possible_size(const OnnxEnd& end, size_t axis) {
    if (end.dims.size() != 4) return 128;
    return axis == 1 ? 3 : 320;
  }

  // The first axis of pictures is the batch; that of other inputs may be steps
  // in time.
  void tell_open_first(const std::string& title, const OnnxEnd& end) const {
    const std::string& symbol = end.symbols[0];
    const bool batch = end.dims.size() >= 4 || symbol == "N" || symbol == "n" ||
                       symbol.find("batch") != std::string::npos;
    if (batch || !options_.tell) return;
    std::vector<int64_t> shape = end.dims;
    shape[0] = 30;
    for (size_t i = 1; i < shape.size(); ++i) {
      if (shape[i] < 1) shape[i] = possible_size(end, i);
    }
    options_.tell(text(title, ": axis 0 is open (", quoted(symbol),
                       "), one step is taken; for more: --input-shape ",
                       shell_word(end.name + "=" + shape_text(shape))));
  }

  bool is_constant(const std::string& name) const {
    return std::ranges::any_of(model_.constants,
                               [&](const auto& c) { return c->name == name; });
  }

  // Shapes that all open inputs could have.
  std::string shapes_hint() const {
    std::string hint;
    for (const OnnxEnd& end : model_.inputs) {
      if (end.dims.empty() || is_constant(end.name)) continue;
      std::vector<int64_t> shape = end.dims;
      shape[0] = std::max<int64_t>(shape[0], 1);
      bool open = false;
      for (size_t i = 1; i < shape.size(); ++i) {
        if (shape[i] >= 1) continue;
        shape[i] = possible_size(end, i);
        open = true;
      }
      if (!open) continue;
      hint += (hint.empty() ? "" : " ") + std::string("--input-shape ") +
              shell_word(end.name + "=" + shape_text(shape));
    }
    return hint;
  }

  Shape fixed_shape(const std::string& title, const OnnxEnd& end) {
    Shape out;
    for (size_t i = 0; i < end.dims.size(); ++i) {
      int64_t size = end.dims[i];
      if (size < -1) {
        throw Error(Exit::kCorrupt,
                    text(name_, ": ", title, ": size ", size, " of an axis"));
      }
      if (size < 1 && i == 0) {
        size = 1;
        tell_open_first(title, end);
      }
      if (size < 1) {
        open_.push_back(text(title, ": the size of axis ", i, " is open (",
                             quoted(end.symbols[i]), ")"));
        size = possible_size(end, i);
      }
      if (size > std::numeric_limits<int32_t>::max()) {
        refuse(text(title, ": size ", size, " of an axis"), "");
      }
      out.push_back(static_cast<int>(size));
    }
    return out;
  }

  // Keras exporters keep the input as [1, H, W, C] and transpose it for the
  // first convolution; element by element work may come before.
  bool lies_as_nhwc(const std::string& input) const {
    std::string value = input;
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const OnnxNode& node = model_.nodes[i];
      if (!needed_[i] || !reads(node, value) || node.outputs.empty()) continue;
      if (node.type == "Transpose") {
        const OnnxCall call(const_cast<State&>(state_), i);
        return call.integers("perm") == std::vector<int64_t>{0, 3, 1, 2};
      }
      constexpr const char* kElementwise[] = {"Identity",
                                              "Cast",
                                              "Add",
                                              "Sub",
                                              "Mul",
                                              "Div",
                                              "QuantizeLinear",
                                              "DequantizeLinear"};
      if (std::none_of(std::begin(kElementwise), std::end(kElementwise),
                       [&](const char* t) { return node.type == t; })) {
        return false;
      }
      value = node.outputs[0];
    }
    return false;
  }

  static bool reads(const OnnxNode& node, const std::string& value) {
    return std::find(node.inputs.begin(), node.inputs.end(), value) !=
           node.inputs.end();
  }

  // Inputs of which only the shape was read: nobody has to give them.
  void drop_shape_inputs() {
    Graph& graph = state_.builder.graph();
    std::set<int> read(graph.outputs.begin(), graph.outputs.end());
    for (const Op& op : graph.ops) {
      read.insert(op.inputs.begin(), op.inputs.end());
    }
    std::erase_if(graph.inputs, [&](int t) {
      const auto input = input_ends_.find(t);
      if (input == input_ends_.end()) return false;
      const OnnxEnd& end = *input->second;
      if (read.contains(t)) {
        if (!end.shape_only) return false;
        throw Error(Exit::kUsage,
                    text(name_, ": the outputs still need the model input ",
                         quoted(end.name)),
                    "name it with --inputs as well");
      }
      const bool used = state_.uses.contains(end.name);
      if (used && !end.shape_only && options_.tell) {
        options_.tell("model input " + quoted(end.name) +
                      ": only its shape is read, it is left out");
      }
      return used;
    });
    if (graph.inputs.empty()) fail("has no input that is computed with");
  }

  void convert(size_t number) {
    OnnxCall call(state_, number);
    const OnnxNode& node = model_.nodes[number];
    if (node.outputs.empty()) call.corrupt("has no output");
    try {
      // ONNX Runtime had it before ONNX did.
      const bool known = node.domain == "com.microsoft" && node.type == "Gelu";
      if (!node.domain.empty() && node.domain != "ai.onnx" && !known) {
        call.unsupported("an operator outside of ai.onnx" +
                         domain_advice(node.domain));
      }
      if (reads_refused(node)) {
        if (!knows(node.type)) call.unsupported(replacement(node.type));
        refuse_outputs(node);
        return;
      }
      if (reads_bytes(node) && counts(node.type)) {
        call.unsupported(
            "computes with bytes as whole numbers; put it between a "
            "DequantizeLinear and a QuantizeLinear");
      }
      if (!dispatch(call)) call.unsupported(replacement(node.type));
      call.expect_understood();
      check_results(call, node);
    } catch (const Error& error) {
      if (error.code() != Exit::kUnsupported) throw;
      refuse_node(number, error);
    }
  }

  bool reads_refused(const OnnxNode& node) const {
    return std::any_of(
        node.inputs.begin(), node.inputs.end(), [&](const std::string& value) {
          return !value.empty() && state_.values.at(value).refused;
        });
  }

  bool reads_bytes(const OnnxNode& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const std::string& value) {
                         return !value.empty() && state_.values.at(value).bytes;
                       });
  }

  void refuse_outputs(const OnnxNode& node) {
    for (const std::string& value : node.outputs) {
      if (value.empty()) continue;
      Value v;
      v.refused = true;
      state_.values[value] = std::move(v);
    }
  }

  // Some operators of ONNX have more results than their family makes.
  void check_results(const OnnxCall& call, const OnnxNode& node) const {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const bool read = state_.uses.contains(node.outputs[i]);
      if (read && !state_.values.contains(node.outputs[i])) {
        call.unsupported(text("its result ", i, ", ", quoted(node.outputs[i]),
                              "; leave out what reads it, or compute it by "
                              "other operators"));
      }
    }
  }

  static bool dispatch(OnnxCall& call) {
    return fold_constants(call) || convert_window(call) || convert_pool(call) ||
           convert_unpool(call) || convert_matrix(call) ||
           convert_recurrent(call) || convert_arithmetic(call) ||
           convert_activation(call) || convert_function(call) ||
           convert_composed(call) || convert_choice(call) ||
           convert_normalization(call) || convert_reduction(call) ||
           convert_views(call) || convert_movement(call) ||
           convert_scatter(call) || convert_pad(call) || convert_join(call) ||
           convert_resize(call) || convert_quantization(call);
  }

  void refuse_node(size_t number, const Error& error) {
    const std::string title = node_title(model_, number), what = error.what();
    const bool titled = what.starts_with(title);
    refuse_outputs(model_.nodes[number]);
    refused_nodes_.insert(number);
    Refusal refusal{model_.nodes[number].type,
                    titled ? what.substr(title.size()) : ": " + what,
                    {number}};
    for (Refusal& known : refusals_) {
      if (known.type != refusal.type || known.reason != refusal.reason)
        continue;
      known.nodes.push_back(number);
      return;
    }
    refusals_.push_back(std::move(refusal));
  }

  void report_unsupported() const {
    if (refusals_.empty() && open_.empty()) return;
    constexpr size_t kShown = 3;
    std::string what = name_ + ": not supported:";
    for (const std::string& line : open_) what += "\n  " + line;
    for (const Refusal& r : refusals_) {
      const size_t shown = std::min(r.nodes.size(), kShown);
      for (size_t i = 0; i < shown; ++i) {
        what += (i == 0 ? "\n  " : ", ") + node_title(model_, r.nodes[i]);
      }
      if (r.nodes.size() > shown) {
        what += text(" and ", r.nodes.size() - shown, " more");
      }
      what += r.reason;
    }
    std::string fix = ends_fix(model_, refused_nodes_);
    const std::string shapes = shapes_hint();
    if (!shapes.empty()) {
      fix = text(shapes,
                 ", or export with fixed sizes (torch: no dynamic_axes but "
                 "axis 0)",
                 fix.empty() ? "" : "\n  ", fix);
    }
    throw Error(Exit::kUnsupported, what, fix);
  }

  void add_outputs() {
    Graph& graph = state_.builder.graph();
    for (const OnnxEnd& end : model_.outputs) {
      const std::string title = "model output " + quoted(end.name);
      Value v = state_.values.at(end.name);
      if (v.is_constant()) {
        if (options_.tell) options_.tell(title + " is a constant: left out");
        continue;
      }
      const bool is_byte = end.type == kOnnxUint8 || end.type == kOnnxInt8;
      if (is_byte && !v.bytes && !state_.builder.noted(v.tensor) &&
          state_.builder.at(v.tensor).type == Type::kFloat32) {
        refuse(title + ": bytes whose scale follows from each frame",
               "end the model before the DynamicQuantizeLinear (--outputs), or "
               "behind what dequantizes it");
      }
      v = state_.layouts.settled(v);
      // [1, H, W, C], whether the file turns it so itself or not.
      const bool turned = v.turned && v.order == Axes{0, 1, 2, 3};
      if (v.rank() != 4 || !turned) v = state_.layouts.usual(v);
      if (std::find(graph.inputs.begin(), graph.inputs.end(), v.tensor) !=
          graph.inputs.end()) {
        const Shape shape = state_.builder.shape(v.tensor);
        v.tensor =
            state_.builder.op(OpKind::kReshape, {v.tensor}, end.name, shape);
      }
      if (std::find(graph.outputs.begin(), graph.outputs.end(), v.tensor) ==
          graph.outputs.end()) {
        state_.builder.claim(v.tensor, end.name);
      }
      graph.outputs.push_back(v.tensor);
      if (end.has_sums) sums_.push_back(v.tensor);
      real_outputs_.push_back(end.type == kOnnxFloat);
      uint8_outputs_.push_back(end.type == kOnnxUint8);
    }
    if (!graph.outputs.empty()) return;
    const std::string first = quoted(model_.outputs.front().name);
    refuse("model output " + first + ": is a constant", "");
  }

  // The ends of a quantized graph have the bytes of the file, which may count
  // from 0.
  void restore_end_types() {
    Graph& graph = state_.builder.graph();
    const auto restore = [&](int t) {
      Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
      if (tensor.file_type == Type::kInt8) tensor.file_type = Type::kUint8;
    };
    for (const int t : graph.inputs) {
      const auto end = input_ends_.find(t);
      if (end != input_ends_.end() && end->second->type == kOnnxUint8) {
        restore(t);
      }
    }
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      if (uint8_outputs_[i]) restore(graph.outputs[i]);
    }
  }

  static constexpr size_t kNobody = static_cast<size_t>(-1);
  const OnnxModel& model_;
  const ImportOptions& options_;
  const std::string& name_;
  State state_;
  std::map<std::string, size_t> makers_;
  std::vector<bool> needed_;
  std::map<int, const OnnxEnd*> input_ends_;  // by tensor
  bool pixel_input_ = false;                  // the last input is UINT8
  std::vector<bool> real_outputs_;            // of those of the graph: float32
  std::vector<bool> uint8_outputs_;           // likewise
  std::vector<int> sums_;  // outputs that have the sums of products
  // Nodes of one operator that are refused for one reason.
  struct Refusal {
    std::string type, reason;
    std::vector<size_t> nodes;
  };
  std::vector<Refusal> refusals_;
  std::vector<std::string> open_;  // what inputs lack, a line each
  std::set<size_t> refused_nodes_;
};

// The shapes of new inputs that neither the file nor the user says, as they
// follow from the inputs before them.
void add_inner_shapes(OnnxModel& model, size_t file_bytes,
                      const ImportOptions& options, const std::string& name) {
  const auto asked = asked_shapes(options);
  for (const std::string& input : options.inputs) {
    const auto is_it = [&](const OnnxEnd& end) { return end.name == input; };
    const bool known = std::ranges::any_of(model.inner, is_it) ||
                       std::ranges::any_of(model.inputs, is_it) ||
                       std::ranges::any_of(model.outputs, is_it);
    if (known || asked.contains(input)) continue;
    OnnxModel before = model;
    OnnxEnd end;
    end.name = input;
    end.type = kOnnxFloat;
    before.outputs = {end};
    try {
      const Shape shape =
          Conversion(before, file_bytes, {}, name).output_shape();
      if (shape.empty()) continue;
      end.shaped = true;
      end.dims.assign(shape.begin(), shape.end());
      end.symbols.assign(shape.size(), "");
      model.inner.push_back(std::move(end));
    } catch (const Error&) {
      // The user has to say it, and is told so.
    }
  }
}

}  // namespace
}  // namespace onnx_import

Graph import_onnx(std::span<const uint8_t> file, const std::string& name,
                  const ImportOptions& options) {
  onnx_import::OnnxModel model =
      onnx_import::decode_onnx(file, name, options.folder);
  onnx_import::put_in_order(model);
  onnx_import::add_inner_shapes(model, file.size(), options, name);
  onnx_import::set_ends(model, options);
  onnx_import::join_gelu(model);
  onnx_import::expand_quantized(model);
  const onnx_import::Budget budget(file.size(), options.constant_bytes);
  if (onnx_import::expand_integers(model, budget, name) && options.tell) {
    options.tell(
        "dynamically quantized: read as a float model with the values of its "
        "int8 weights");
  }
  return onnx_import::Conversion(model, file.size(), options, name).run();
}

}  // namespace shoal
