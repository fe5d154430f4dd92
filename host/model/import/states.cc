// The states of UNIDIRECTIONAL_SEQUENCE_LSTM. The file has a hidden state of
// int8 or int16 and a cell state of int16, tensors that the operator changes.
// Here both become one variable of the hidden state's type: the operator reads
// the hidden state's tensor, which is the state before the frame, and makes
// that of the cell state, which is the state behind it.
#include <algorithm>
#include <set>

#include "host/model/graph/lstm.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

constexpr size_t kOperands = 24, kHidden = 18, kCell = 19;
constexpr int kMostUnits = 65535;

class StateFinder {
 public:
  StateFinder(RawModel& raw, const std::string& name)
      : raw_(raw), name_(name), code_(op_info(OpKind::kLstm).code) {}

  void run() {
    bool any = false;
    for (const RawOp& op : raw_.ops) any |= op.code == code_;
    if (!any) return;
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      RawOp& op = raw_.ops[i];
      if (op.number < 0) op.number = static_cast<int>(i);
    }
    for (at_ = 0; at_ < raw_.ops.size(); ++at_) {
      if (raw_.ops[at_].code == code_) replace(raw_.ops[at_]);
    }
    forget_intermediates();
  }

 private:
  [[noreturn]] void fail(Exit code, const std::string& reason) const {
    const std::string kind =
        code == Exit::kUnsupported ? ": not supported:\n  " : ": ";
    throw Error(code, name_ + kind + op_title(raw_, static_cast<int>(at_)) +
                          ": " + reason);
  }
  [[noreturn]] void refuse(const std::string& reason) const {
    fail(Exit::kUnsupported, reason);
  }

  RawTensor& tensor(int t) {
    if (t < 0 || static_cast<size_t>(t) >= raw_.tensors.size()) {
      fail(Exit::kCorrupt, text("tensor ", t, " of ", raw_.tensors.size()));
    }
    return raw_.tensors[static_cast<size_t>(t)];
  }

  int units_of(const RawTensor& t) const {
    int64_t units = 1;
    for (const int size : t.shape) {
      if (size < 1) fail(Exit::kCorrupt, text("a state has size ", size));
      units *= size;
      if (units > kMostUnits) {
        refuse(text("a state of more than ", kMostUnits, " elements"));
      }
    }
    return static_cast<int>(units);
  }

  void check_types(const RawTensor& hidden, const RawTensor& cell) const {
    if (!hidden.variable || !cell.variable) {
      refuse("its states are no variables; export it as converters do");
    }
    if (hidden.type == kCodeFloat32) {
      refuse(
          "computes in float32; convert it to int8 with sample inputs, "
          "which makes its cell state int16");
    }
    const bool takes = hidden.type == kCodeInt8 || hidden.type == kCodeInt16;
    if (!takes || cell.type != kCodeInt16) {
      refuse(
          "its states are not of int8 and int16, nor both of int16; convert it "
          "to int8 with sample inputs");
    }
    if (hidden.scale.size() != 1 || hidden.zero.size() != 1 ||
        cell.scale.size() != 1 || cell.zero.size() != 1) {
      refuse(
          "a state without one scale and zero point; convert it to int8 "
          "with sample inputs");
    }
  }

  void replace(RawOp& op) {
    if (op.inputs.size() != kOperands || op.outputs.size() != 1) {
      fail(Exit::kCorrupt, text("has ", op.inputs.size(), " inputs and ",
                                op.outputs.size(), " outputs"));
    }
    const int h = op.inputs[kHidden], c = op.inputs[kCell];
    RawTensor &hidden = tensor(h), &cell = tensor(c);
    if (!taken_.insert(h).second || !taken_.insert(c).second) {
      refuse("shares a state with another operator, or has one for both");
    }
    check_types(hidden, cell);
    const int units = units_of(hidden);
    if (units_of(cell) != units) {
      fail(Exit::kCorrupt,
           text("a hidden state of ", units, " elements and a cell state of ",
                units_of(cell)));
    }
    op.options.cell_scale = cell.scale[0];
    op.options.cell_zero = cell.zero[0] == 0 ? 0 : 1;
    const bool is_wide = hidden.type == kCodeInt16;
    hidden.shape = {lstm_state_rows(is_wide), units};
    hidden.signature.clear();
    hidden.variable = false;
    RawTensor after = hidden;
    after.name = cell.name;
    after.buffer = cell.buffer;
    cell = std::move(after);
    op.inputs[kCell] = -1;
    op.outputs.push_back(c);
    RawVariable state;
    state.name = hidden.name;
    state.before = h, state.after = c;
    // States begin at their zero points.
    state.initial.assign(static_cast<size_t>(units) * (is_wide ? 4 : 3), 0);
    if (!is_wide) {
      std::fill_n(state.initial.begin(), units,
                  static_cast<uint8_t>(hidden.zero[0]));
    }
    raw_.variables.push_back(std::move(state));
  }

  // The kernel reads no intermediate results' scales, and nothing else names
  // these tensors.
  void forget_intermediates() {
    std::set<int> named(raw_.inputs.begin(), raw_.inputs.end());
    named.insert(raw_.outputs.begin(), raw_.outputs.end());
    for (const RawVariable& v : raw_.variables) {
      named.insert({v.before, v.after});
    }
    for (const RawOp& op : raw_.ops) {
      named.insert(op.inputs.begin(), op.inputs.end());
      named.insert(op.outputs.begin(), op.outputs.end());
    }
    for (size_t t = 0; t < raw_.tensors.size(); ++t) {
      RawTensor& tensor = raw_.tensors[t];
      const bool has_data = tensor.buffer >= raw_.buffers.size() ||
                            !raw_.buffers[tensor.buffer].empty();
      if (named.contains(static_cast<int>(t)) || has_data) continue;
      RawTensor nothing;
      nothing.name = tensor.name;
      nothing.shape = {1};
      nothing.buffer = tensor.buffer;
      tensor = std::move(nothing);
    }
  }

  RawModel& raw_;
  const std::string& name_;
  const int code_;
  size_t at_ = 0;
  std::set<int> taken_;
};

}  // namespace

void find_states(RawModel& raw, const std::string& name) {
  StateFinder(raw, name).run();
}

}  // namespace shoal
