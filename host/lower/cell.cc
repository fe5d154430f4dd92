// A loop (host/model/graph/loops.h) as one layer: the operations of a step are
// parameters, and its matrices the weights of each unit. The result has a row
// for each step and one for each further state behind them, so the state behind
// the last step is a box of it. A loop with a product of what the step computes
// has phases: the operators from one matrix to the next.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>

#include "device/program/chunk.h"
#include "host/base/error.h"
#include "host/lower/builder.h"
#include "host/lower/convolution.h"
#include "host/lower/lut.h"
#include "host/lower/param_list.h"
#include "host/lower/wide.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

void append_word(int32_t v, std::vector<int8_t>& to) {
  for (int shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<int8_t>(static_cast<uint32_t>(v) >> shift & 0xFF));
  }
}

class CellWriter {
 public:
  CellWriter(Builder& b, const Loop& loop)
      : b_(b), g_(b.graph()), loop_(loop) {}

  void run() {
    find_states();
    const bool has_phases = multiplies_values();
    OpKind before = OpKind::kDelay;
    for (int i = loop_.first; i < loop_.last; ++i) {
      b_.begin_op(i);
      const Op& op = g_.ops[static_cast<size_t>(i)];
      const bool begins = op.kind == OpKind::kFullyConnected &&
                          before != OpKind::kFullyConnected;
      if (has_phases && begins && ops_ > 0) end_phase(i);
      add(op);
      before = op.kind;
    }
    for (size_t s = 0; s < states_.size(); ++s) {
      params_.after[s] = value(states_[s].after);
    }
    params_.phase[params_.phases++] = {ops_, params_.after[0]};
    finish();
  }

 private:
  // The weights of a phase's products, in the order of operations.
  struct Dots {
    int inputs = 0, states = 0;
    std::vector<LayerWeights> weights;
  };

  [[noreturn]] void refuse(const std::string& reason,
                           const std::string& fix) const {
    throw Error(Exit::kUnsupported,
                "op " + std::to_string(b_.file_op()) + " " +
                    op_name(b_.op().kind) + " of a loop: " + reason,
                fix);
  }
  const Tensor& tensor(int t) const {
    return g_.tensors[static_cast<size_t>(t)];
  }

  void find_states() {
    b_.begin_op(loop_.first);
    states_ = loop_states(g_, loop_);
    params_.states = static_cast<int>(states_.size());
    units_ = tensor(states_[0].after).shape.back();
    is_wide_ = is_int16(tensor(states_[0].after));
    if (states_.size() > kMostCellStates) {
      refuse(std::to_string(states_.size()) + " states, at most " +
                 std::to_string(kMostCellStates) + " run",
             "use LSTM or GRU layers");
    }
  }

  bool is_before(int t) const {
    return std::ranges::find(states_, t, &LoopState::before) != states_.end();
  }

  // Returns whether an operator is a product of a matrix and values that the
  // step makes.
  bool multiplies_values() const {
    const std::vector<int> read = loop_sequences(g_, loop_);
    for (int i = loop_.first; i < loop_.last; ++i) {
      const Op& op = g_.ops[static_cast<size_t>(i)];
      if (op.kind == OpKind::kFullyConnected && !is_before(op.inputs[0]) &&
          std::ranges::find(read, op.inputs[0]) == read.end()) {
        return true;
      }
    }
    return false;
  }

  // The operators from `next` on belong to another phase. They find one of the
  // values that were made so far.
  void end_phase(int next) {
    std::set<int> read;
    for (int i = next; i < loop_.last; ++i) {
      const Op& op = g_.ops[static_cast<size_t>(i)];
      read.insert(op.inputs.begin(), op.inputs.end());
    }
    for (const LoopState& s : states_) read.insert(s.after);
    int result = -1;
    for (const auto& [t, number] : values_) {
      if (!read.contains(t) || vector_of(t) >= 0) continue;
      if (result >= 0) {
        refuse("later products and '" + tensor(result).name +
                   "' of the same gate are read behind it",
               "build the layer with one result for each gate");
      }
      result = t;
    }
    if (result < 0 || params_.phases + 1 == kMostCellPhases) {
      refuse("more than " + std::to_string(kMostCellPhases) +
                 " gates, of which one reads another",
             "use GRU layers with linear_before_reset = 1 (reset_after of "
             "Keras)");
    }
    params_.phase[params_.phases++] = {ops_, values_[result]};
    results_.push_back(result);
    values_.clear();
    dots_.emplace_back();
  }

  CellOp& add_op(CellCode code, int made) {
    if (ops_ == kMostCellOps) {
      refuse(
          "more than " + std::to_string(kMostCellOps) + " operations in a step",
          "use a simpler cell");
    }
    if (tensor(made).shape.back() != units_) {
      refuse("makes " + std::to_string(tensor(made).shape.back()) +
                 " values a step, states have " + std::to_string(units_),
             "give each gate operators of its own");
    }
    values_[made] = ops_;
    CellOp& op = params_.op[ops_++];
    op.code = static_cast<int32_t>(code);
    op.low = is_wide_ ? -32768 : -128, op.high = is_wide_ ? 32767 : 127;
    return op;
  }

  // Returns the number of a vector: a state before the step, or the result of
  // an earlier phase; -1: the tensor is neither.
  int vector_of(int t) const {
    const auto state = std::ranges::find(states_, t, &LoopState::before);
    if (state != states_.end()) {
      return static_cast<int>(state - states_.begin());
    }
    const auto result = std::ranges::find(results_, t);
    if (result == results_.end()) return -1;
    return static_cast<int>(states_.size()) +
           static_cast<int>(result - results_.begin());
  }

  // A vector is read unit by unit when an operation of the phase first does.
  int value(int t) {
    if (const auto at = values_.find(t); at != values_.end()) return at->second;
    const int vector = vector_of(t);
    if (vector < 0) {
      refuse("reads '" + tensor(t).name + "', which no step makes",
             "read inputs of a loop by FULLY_CONNECTED alone");
    }
    add_op(CellCode::kState, t).a = vector;
    return values_[t];
  }

  void add(const Op& op) {
    if (op.kind == OpKind::kDelay) return;
    if (op.kind == OpKind::kFullyConnected) return add_dot(op);
    if (is_wide_) return add_wide(op);
    if (class_of(op.kind) != OpClass::kBinary) {
      return add_table(op.inputs[0], unary_table(g_, op));
    }
    if (const auto table = binary_table(b_)) {
      return add_table(table->tensor, table->table);
    }
    const Tensor& y = tensor(op.outputs[0]);
    add_pair(op, activation_range(std::get<FusedAttr>(op.attr).activation,
                                  y.scale(), y.zero()));
  }

  void add_wide(const Op& op) {
    const bool is_tanh = op.kind == OpKind::kTanh;
    if (!is_tanh && op.kind != OpKind::kLogistic) {
      const float scale = tensor(op.outputs[0]).scale();
      if (class_of(op.kind) != OpClass::kBinary) {
        refuse("is not computed there in int16", "use LOGISTIC and TANH");
      }
      return add_pair(op, wide_activation_range(
                              std::get<FusedAttr>(op.attr).activation, scale));
    }
    const SigmoidParams p = sigmoid_params(op, tensor(op.inputs[0]));
    static_assert(sizeof p.table == 2 * sizeof params_.table[0]);
    std::memcpy(params_.table, p.table, sizeof p.table);
    const int from = value(op.inputs[0]);
    CellOp& made = add_op(CellCode::kTable, op.outputs[0]);
    made.a = from, made.b = is_tanh ? 1 : 0;
    made.params[0] = p.multiplier, made.params[1] = p.shift;
  }

  void add_pair(const Op& op, std::pair<int, int> range) {
    const bool sum = op.kind == OpKind::kAdd || op.kind == OpKind::kSub;
    if (!sum && op.kind != OpKind::kMul) {
      refuse("is not computed there", "use ADD, SUB and MUL");
    }
    const Tensor& y = tensor(op.outputs[0]);
    const Tensor &l = tensor(op.inputs[0]), &r = tensor(op.inputs[1]);
    const int left = value(op.inputs[0]), right = value(op.inputs[1]);
    CellOp& made = add_op(sum ? CellCode::kAdd : CellCode::kMul, op.outputs[0]);
    made.a = left, made.b = right;
    made.low = range.first, made.high = range.second;
    made.zero_out = y.zero();
    if (sum) {
      set_params(add_params(l, r, y, op.kind == OpKind::kSub), made);
    } else {
      set_params(mul_params(l, r, y), made);
    }
  }

  template <class P>
  static void set_params(const P& params, CellOp& op) {
    static_assert(sizeof params <= sizeof op.params);
    std::memcpy(op.params, &params, sizeof params);
  }

  void add_table(int x, const ByteTable& table) {
    const int from = value(x);
    auto at = std::ranges::find(tables_, table);
    if (at == tables_.end()) {
      if (tables_.size() == kMostCellTables) {
        refuse("more than " + std::to_string(kMostCellTables) +
                   " functions in a step",
               "use a simpler cell");
      }
      at = tables_.insert(at, table);
      std::memcpy(params_.table[tables_.size() - 1], table.data(), 256);
    }
    CellOp& made = add_op(CellCode::kTable, b_.op().outputs[0]);
    made.a = from;
    made.b = static_cast<int32_t>(at - tables_.begin());
  }

  void add_dot(const Op& op) {
    const int from = op.inputs[0], source = 1 + vector_of(from);
    if (source == 0) {
      if (values_.contains(from)) {
        refuse("a product with another one", "put a function between them");
      }
      if (x_ >= 0 && x_ != from) {
        refuse("products with two inputs", "concatenate them before the loop");
      }
      x_ = from;
    }
    Layer l = fully_connected_layer(b_);
    if (l.zero_in != 0) fold_zero_point(l, true);
    macs_ += l.macs;
    CellOp& made = add_op(CellCode::kDot, op.outputs[0]);
    made.a = source;
    made.low = l.act_min, made.high = l.act_max;
    made.zero_out = l.zero_out;
    if (is_wide_) {
      const WideParams& wide =
          *reinterpret_cast<const WideParams*>(&l.params[0]);
      made.low = wide.low, made.high = wide.high;
      made.b = wide.long_sums ? 0 : 1;
    }
    Dots& dots = dots_.back();
    ++(source == 0 ? dots.inputs : dots.states);
    dots.weights.push_back(std::move(l.weights));
  }

  // The weights of a unit for each phase.
  std::vector<int8_t> unit_weights(int inputs) {
    for (const Dots& d : dots_) {
      params_.input_dots = std::max(params_.input_dots, d.inputs);
      params_.state_dots = std::max(params_.state_dots, d.states);
    }
    const auto bytes =
        static_cast<size_t>(cell_unit_bytes(params_, inputs, units_));
    params_.unit_bytes = static_cast<int32_t>(bytes);
    const auto scales =
        static_cast<size_t>(static_cast<int>(kCellDotBytes) *
                            (params_.input_dots + params_.state_dots));
    std::vector<int8_t> all;
    for (const Dots& d : dots_) {
      for (size_t unit = 0; unit < static_cast<size_t>(units_); ++unit) {
        const size_t begin = all.size();
        for (const LayerWeights& w : d.weights) {
          append_word(w.bias[unit], all);
          append_word(w.multipliers[unit], all);
          append_word(w.shifts[unit], all);
        }
        all.resize(begin + scales);
        for (const LayerWeights& w : d.weights) {
          const size_t n = w.values.size() / static_cast<size_t>(units_);
          const auto from = w.values.begin() + static_cast<ptrdiff_t>(unit * n);
          all.insert(all.end(), from, from + static_cast<ptrdiff_t>(n));
        }
        all.resize(begin + bytes);
      }
    }
    return all;
  }

  // A row for each state before the first step.
  View initial_states() {
    const Extent row{1, 1, units_};
    if (states_.size() == 1) return b_.plain(states_[0].initial, row);
    const View all =
        b_.new_tensor(tensor(states_[0].initial).name + ":states",
                      {static_cast<int>(states_.size()), 1, units_},
                      b_.width(states_[0].initial));
    for (size_t s = 0; s < states_.size(); ++s) {
      View to = all;
      to.box.y0 = static_cast<int>(s), to.box.y1 = to.box.y0 + 1;
      b_.copy_part(states_[s].initial, b_.plain(states_[s].initial, row), to);
    }
    return all;
  }

  void finish() {
    if (x_ < 0) {
      refuse("no input is read in its steps", "read one by FULLY_CONNECTED");
    }
    const int y = states_[0].after;
    const int inputs = tensor(x_).shape.back();
    const View before = initial_states();
    Layer l = b_.layer(OpCode::kCell, y);
    l.weights.values = unit_weights(inputs);
    l.params = param_list(params_);
    if (is_wide_) add_wide_params(l, Activation::kNone, 1, true);
    l.macs = macs_;
    l.in[0] = b_.plain(x_, {loop_.steps, 1, inputs});
    l.in[1] = before;
    l.out = b_.new_tensor(
        tensor(y).name,
        {loop_.steps + params_.states - 1, 1, params_.phases * units_},
        b_.width(y));
    set_rows(y, 0, loop_.steps, l.out);
    for (size_t s = 1; s < states_.size(); ++s) {
      for (const Op& op : g_.ops) {
        if (takes_last(g_, loop_, op) && op.inputs[0] == states_[s].after) {
          set_rows(op.outputs[0], loop_.steps - 1 + static_cast<int>(s), 1,
                   l.out);
        }
      }
    }
    b_.add(std::move(l));
  }

  void set_rows(int t, int first, int count, View view) {
    view.box.y0 = first, view.box.y1 = first + count;
    view.box.c0 = view.box.c1 - units_;  // of the last phase
    const Shape shape = squeezed(b_.lies(t));
    b_.set(t, {view, shape, identity_order(static_cast<int>(shape.size()))});
  }

  Builder& b_;
  const Graph& g_;
  const Loop& loop_;
  std::vector<LoopState> states_;
  int units_ = 0, x_ = -1;
  bool is_wide_ = false;
  CellParams params_{};
  int ops_ = 0;
  std::map<int, int> values_;  // operations of the phase, by tensor
  std::vector<int> results_;   // of earlier phases
  std::vector<ByteTable> tables_;
  std::vector<Dots> dots_ = std::vector<Dots>(1);
  int64_t macs_ = 0;
};

}  // namespace

void lower_loop(Builder& b, const Loop& loop) { CellWriter(b, loop).run(); }

}  // namespace shoal
