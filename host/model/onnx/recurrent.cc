// LSTM, GRU and RNN: a loop (host/model/graph/loops.h) for each direction. A
// gate has a product with the step's input and one with the state, so each has
// a scale of its own once the model is quantized.
#include <algorithm>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

// Operands of the nodes.
enum Operand : size_t {
  kX,
  kWeights,
  kRecurrent,
  kBias,
  kLengths,
  kInitialHidden,
  kInitialCell,
  kPeepholes
};

class Recurrence {
 public:
  explicit Recurrence(OnnxCall& call)
      : call_(call), is_lstm_(call.type() == "LSTM") {
    read_sizes();
    read_attributes();
    refuse_variants();
    w_ = matrix(kWeights, inputs_, "the input's weights");
    r_ = matrix(kRecurrent, units_, "the recurrent weights");
    bias_.assign(static_cast<size_t>(directions_ * 2 * gates_ * units_), 0);
    if (call_.has(kBias)) {
      expect(kBias, {directions_, 2 * gates_ * units_}, "a bias");
      bias_ = call_.floats(kBias, "a bias");
    }
  }

  void run() {
    for (size_t i = 0; i < call_.outputs(); ++i) {
      if (call_.wants(i) && name_.empty()) name_ = call_.output_name(i);
    }
    const Value x = call_.layouts().ordered(call_.data(kX), {0, 1, 2});
    const int whole =
        op(OpKind::kReshape, {x.tensor}, ":steps", {steps_, inputs_});
    const Value h = initial(kInitialHidden, ":hidden"),
                c = is_lstm_ ? initial(kInitialCell, ":cell") : Value{};
    std::vector<int> sequences, hiddens, cells;
    for (direction_ = 0; direction_ < directions_; ++direction_) {
      const bool reverse = starts_reversed_ || direction_ == 1;
      x_ = reverse ? reversed(whole) : whole;
      // Nothing but the loop stands between its operators.
      const int hidden = part(h), cell = is_lstm_ ? part(c) : -1;
      h_ = delay(hidden);
      if (is_lstm_) c_ = delay(cell);
      const State after = step();
      close(h_, after.hidden);
      if (is_lstm_) close(c_, after.cell);
      hiddens.push_back(last(after.hidden));
      if (is_lstm_) cells.push_back(last(after.cell));
      sequences.push_back(reverse ? reversed(after.hidden) : after.hidden);
    }
    put(0, sequences,
        by_batch_ ? Shape{1, steps_, directions_, units_}
                  : Shape{steps_, directions_, 1, units_});
    const Shape state = by_batch_ ? Shape{1, directions_, units_}
                                  : Shape{directions_, 1, units_};
    put(1, hiddens, state);
    if (is_lstm_) put(2, cells, state);
  }

 private:
  struct State {
    int hidden = -1, cell = -1;
  };

  void read_sizes() {
    gates_ = is_lstm_ ? 4 : call_.type() == "GRU" ? 3 : 1;
    call_.expect_inputs(3, is_lstm_ ? 8 : 6);
    const std::string direction = call_.word("direction", "forward");
    call_.require(direction == "forward" || direction == "reverse" ||
                      direction == "bidirectional",
                  "direction is " + quoted(direction));
    directions_ = direction == "bidirectional" ? 2 : 1;
    starts_reversed_ = direction == "reverse";
    by_batch_ = call_.integer("layout", 0) != 0;
    const Shape& x = call_.data(kX).dims;
    call_.require(x.size() == 3, text("an input of ", x.size(), " axes"));
    const int batch = x[by_batch_ ? 0 : 1];
    if (batch != 1) {
      call_.unsupported(text("a batch of ", batch,
                             "; export with batch 1, as each sequence has a "
                             "state of its own"));
    }
    steps_ = x[by_batch_ ? 1 : 0];
    call_.require_at_most(65535, "a number of steps", steps_);
    inputs_ = x[2];
    const Shape r = call_.shape_of(
        call_.constant(kRecurrent, "the recurrent weights").dims);
    call_.require(r.size() == 3, text("recurrent weights of ", r.size(),
                                      " axes, expected three"));
    units_ = r[2];
    const int64_t said = call_.integer("hidden_size", units_);
    call_.require(said == units_, text("hidden_size ", said, " and weights of ",
                                       units_, " units"));
  }

  void read_attributes() {
    if (call_.before(7)) call_.ignore({"output_sequence"});
    call_.ignore({"activation_alpha", "activation_beta"});
    resets_after_ = call_.integer("linear_before_reset", 0) != 0;
    std::vector<std::string> usual{"Sigmoid", "Tanh", "Tanh"};
    if (call_.type() == "GRU") usual = {"Sigmoid", "Tanh"};
    if (call_.type() == "RNN") usual = {"Tanh"};
    const std::vector<std::string> given = call_.words("activations");
    call_.require(
        given.empty() ||
            given.size() == usual.size() * static_cast<size_t>(directions_),
        text(given.size(), " activations"));
    for (size_t i = 0; i < given.size(); ++i) {
      if (given[i] == usual[i % usual.size()]) continue;
      call_.unsupported("the activation " + quoted(given[i]) +
                        "; build the layer with " + usual[i % usual.size()]);
    }
  }

  void refuse_variants() {
    if (call_.real("clip", 0) > 0) {
      call_.unsupported("clipped arguments; build the layer without clip");
    }
    if (call_.integer("input_forget", 0) != 0) {
      call_.unsupported(
          "a coupled input and forget gate; build the layer with four gates");
    }
    if (call_.has(kPeepholes)) {
      call_.unsupported("peephole weights; build the layer without");
    }
    if (!call_.has(kLengths)) return;
    if (!call_.in(kLengths).is_constant()) {
      call_.unsupported(
          "sequence_lens that are computed; export with sequences of one "
          "length");
    }
    for (const int64_t length : call_.numbers(kLengths, "sequence_lens")) {
      if (length == steps_) continue;
      call_.unsupported(text("a sequence of ", length, " of ", steps_,
                             " steps; export without sequence_lens"));
    }
  }

  void expect(size_t operand, const Shape& shape, const char* what) const {
    const Shape dims = call_.shape_of(call_.constant(operand, what).dims);
    call_.require(dims == shape, text(what, " of shape ", shape_text(dims),
                                      ", expected ", shape_text(shape)));
  }

  std::vector<float> matrix(size_t operand, int columns, const char* what) {
    expect(operand, {directions_, gates_ * units_, columns}, what);
    return call_.floats(operand, what);
  }

  int op(OpKind kind, std::vector<int> inputs, const std::string& part,
         const Shape& shape, Attr attr = {}) {
    return call_.graph().op(kind, std::move(inputs), name_ + part, shape,
                            std::move(attr));
  }
  int step_op(OpKind kind, std::vector<int> inputs, const std::string& part) {
    const bool is_binary = inputs.size() == 2;
    return op(kind, std::move(inputs), part, {steps_, units_},
              is_binary ? Attr{FusedAttr{}} : Attr{});
  }

  int reversed(int sequence) {
    SliceAttr backwards = slice_from({steps_ - 1, 0});
    backwards.stride[0] = -1;
    return op(OpKind::kStridedSlice, {sequence}, ":reversed",
              call_.graph().shape(sequence), backwards);
  }

  // The state before the first step, [1, directions * units].
  Value initial(size_t operand, const char* name) {
    const Shape given = by_batch_ ? Shape{1, directions_, units_}
                                  : Shape{directions_, 1, units_};
    const Shape shape{1, directions_ * units_};
    Value v;
    v.dims = shape;
    if (!call_.has(operand) || call_.in(operand).is_constant()) {
      std::vector<float> values(static_cast<size_t>(directions_ * units_), 0);
      if (call_.has(operand)) {
        expect(operand, given, "a state");
        values = call_.floats(operand, "a state");
      }
      v.tensor = call_.graph().constant(name_ + name, shape, values);
      return v;
    }
    const Value& x = call_.data(operand);
    call_.require(x.dims == given, text("a state of shape ", shape_text(x.dims),
                                        ", expected ", shape_text(given)));
    const Value laid = call_.layouts().ordered(x, {0, 1, 2});
    v.tensor = op(OpKind::kReshape, {laid.tensor}, name, shape);
    return v;
  }

  // The state of the direction before the first step.
  int part(const Value& states) {
    if (directions_ == 1) return states.tensor;
    const Tensor& t = call_.graph().at(states.tensor);
    if (t.constant) {
      const std::vector<float> all = call_.graph().values(states.tensor);
      const auto from = all.begin() + direction_ * units_;
      return call_.graph().constant(t.name, {1, units_}, {from, from + units_});
    }
    return op(OpKind::kSlice, {states.tensor}, ":initial", {1, units_},
              slice_from({0, direction_ * units_}));
  }

  int delay(int state) {
    return op(OpKind::kDelay, {state, -1}, ":before", {steps_, units_});
  }
  void close(int delayed, int after) {
    call_.graph().maker(delayed)->inputs[1] = after;
  }

  int last(int sequence) {
    return op(OpKind::kSlice, {sequence}, ":last", {1, units_},
              slice_from({steps_ - 1, 0}));
  }

  // Rows of a gate, numbered as the file has them.
  int product(int sequence, const std::vector<float>& weights, int columns,
              int gate, std::vector<float> bias, const char* part) {
    const auto size = static_cast<ptrdiff_t>(units_) * columns;
    const auto from =
        weights.begin() + (ptrdiff_t{direction_} * gates_ + gate) * size;
    const int w = call_.graph().constant(
        name_ + part + ":weights", {units_, columns}, {from, from + size});
    int b = -1;
    if (!bias.empty()) {
      b = call_.graph().constant(name_ + part + ":bias", {units_}, bias);
    }
    return op(OpKind::kFullyConnected, {sequence, w, b}, part, {steps_, units_},
              FusedAttr{});
  }
  std::vector<float> bias(int gate, bool recurrent) const {
    const int from =
        ((direction_ * 2 + (recurrent ? 1 : 0)) * gates_ + gate) * units_;
    return {bias_.begin() + from, bias_.begin() + from + units_};
  }
  int of_input(int gate, bool with_recurrent_bias) {
    std::vector<float> b = bias(gate, false);
    if (with_recurrent_bias) {
      const std::vector<float> more = bias(gate, true);
      for (size_t i = 0; i < b.size(); ++i) b[i] += more[i];
    }
    return product(x_, w_, inputs_, gate, std::move(b), ":input");
  }
  int of_state(int state, int gate, bool with_bias) {
    return product(state, r_, units_, gate,
                   with_bias ? bias(gate, true) : std::vector<float>{},
                   ":recurrent");
  }
  int gate(OpKind function, int number) {
    const int sum =
        step_op(OpKind::kAdd,
                {of_input(number, true), of_state(h_, number, false)}, ":sum");
    return step_op(function, {sum}, ":gate");
  }

  State step() {
    if (is_lstm_) return lstm_step();
    if (call_.type() == "GRU") return {gru_step()};
    return {gate(OpKind::kTanh, 0)};
  }

  State lstm_step() {
    const int input = gate(OpKind::kLogistic, 0);
    const int forget = gate(OpKind::kLogistic, 2);
    const int cell = gate(OpKind::kTanh, 3);
    const int kept = step_op(OpKind::kMul, {forget, c_}, ":kept");
    const int added = step_op(OpKind::kMul, {input, cell}, ":added");
    const int after = step_op(OpKind::kAdd, {kept, added}, ":cell");
    const int output = gate(OpKind::kLogistic, 1);
    const int bounded = step_op(OpKind::kTanh, {after}, ":bounded");
    return {step_op(OpKind::kMul, {output, bounded}, ":hidden"), after};
  }

  int gru_step() {
    const int update = gate(OpKind::kLogistic, 0);
    const int reset = gate(OpKind::kLogistic, 1);
    int recurrent = -1;
    if (resets_after_) {
      recurrent =
          step_op(OpKind::kMul, {reset, of_state(h_, 2, true)}, ":reset");
    } else {
      const int kept = step_op(OpKind::kMul, {reset, h_}, ":reset");
      recurrent = of_state(kept, 2, false);
    }
    const int sum =
        step_op(OpKind::kAdd, {of_input(2, !resets_after_), recurrent}, ":sum");
    const int fresh = step_op(OpKind::kTanh, {sum}, ":new");
    const int change = step_op(OpKind::kSub, {h_, fresh}, ":change");
    const int kept = step_op(OpKind::kMul, {update, change}, ":kept");
    return step_op(OpKind::kAdd, {fresh, kept}, ":hidden");
  }

  void put(size_t output, const std::vector<int>& parts, const Shape& dims) {
    if (!call_.wants(output)) return;
    Value v;
    v.tensor = parts.size() == 1 ? parts[0] : joined(call_, parts, 1);
    v.dims = call_.graph().shape(v.tensor);
    v.order = {0, 1};
    v.shared = true;  // the next step reads it, too
    call_.set_output(output, call_.layouts().reshaped(v, dims));
  }

  OnnxCall& call_;
  const bool is_lstm_;
  bool starts_reversed_ = false, by_batch_ = false, resets_after_ = false;
  int gates_ = 0, directions_ = 1, steps_ = 0, inputs_ = 0, units_ = 0;
  std::vector<float> w_, r_, bias_;
  std::string name_;
  int direction_ = 0;
  int x_ = -1, h_ = -1, c_ = -1;  // sequences of the direction
};

}  // namespace

bool convert_recurrent(OnnxCall& call) {
  if (call.type() != "LSTM" && call.type() != "GRU" && call.type() != "RNN") {
    return false;
  }
  Recurrence(call).run();
  return true;
}

}  // namespace shoal::onnx_import
