#include "host/model/export/loops.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "host/model/export/op_writer.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

// Operators that the loop is made of; of the format.
constexpr int kAddCode = 0, kJoinCode = 2, kPadCode = 34, kGatherCode = 36,
              kLessCode = 58, kSliceCode = 65, kFillCode = 94,
              kUpdateCode = 151;
constexpr int kGone = -1;  // instead of an operator's code

class LoopWriter {
 public:
  LoopWriter(const Graph& g, const Loop& loop, RawModel& raw,
             MadeConstants& made)
      : g_(g),
        loop_(loop),
        states_(loop_states(g, loop)),
        read_(loop_sequences(g, loop)),
        raw_(raw),
        made_(made) {}

  void run() {
    RawOp loop = made_op(kWhileCode, OptionsCode::kWhile, {}, {});
    loop.options.condition = static_cast<int>(raw_.subgraphs.size()) + 1;
    loop.options.subgraph = loop.options.condition + 1;
    const RawOp fill = put_variables(loop);
    raw_.subgraphs.push_back(condition(loop));
    raw_.subgraphs.push_back(body(loop));
    // Operators keep their places until all loops are written.
    for (int i = loop_.first; i < loop_.last; ++i) drop(i);
    raw_.ops[static_cast<size_t>(loop_.first)] = fill;
    raw_.ops[static_cast<size_t>(loop_.first) + 1] = loop;
  }

 private:
  void drop(int op) {
    raw_.ops[static_cast<size_t>(op)] =
        made_op(kGone, OptionsCode::kNone, {}, {});
  }
  const RawTensor& tensor(int t) const {
    return raw_.tensors[static_cast<size_t>(t)];
  }
  static int add(std::vector<RawTensor>& to, RawTensor t) {
    to.push_back(std::move(t));
    return static_cast<int>(to.size()) - 1;
  }
  uint32_t buffer(std::vector<uint8_t> bytes) {
    made_.push_back(std::move(bytes));
    raw_.buffers.emplace_back(made_.back());
    return static_cast<uint32_t>(raw_.buffers.size()) - 1;
  }
  RawTensor number(const std::string& name, const std::vector<int32_t>& v) {
    RawTensor t;
    t.name = tensor(states_[0].after).name + name;
    t.type = kCodeInt32;
    t.shape = {static_cast<int>(v.size())};
    std::vector<uint8_t> bytes(v.size() * sizeof(int32_t));
    std::memcpy(bytes.data(), v.data(), bytes.size());
    t.buffer = buffer(std::move(bytes));
    return t;
  }
  RawTensor counter() {
    RawTensor t = number(":step", {0});
    t.buffer = 0;
    return t;
  }

  // The loop's operands and results. Returns the operator that makes the rows
  // before the first step, whose values nobody reads.
  RawOp put_variables(RawOp& loop) {
    const RawTensor rows = tensor(states_[0].after);
    RawTensor empty = rows;
    empty.name += ":empty";
    const int first = add(raw_.tensors, empty);
    loop.inputs = {add(raw_.tensors, number(":first", {0})), first};
    loop.outputs = {add(raw_.tensors, counter()), states_[0].after};
    for (size_t s = 0; s < states_.size(); ++s) {
      loop.inputs.push_back(states_[s].initial);
      loop.outputs.push_back(last_row(states_[s]));
    }
    for (const int t : read_) {
      loop.inputs.push_back(t);
      RawTensor same = tensor(t);
      same.name += ":read";
      loop.outputs.push_back(add(raw_.tensors, same));
    }
    return empty_rows(rows, first);
  }

  // TensorFlow Lite Micro fills no tensors of int16, but pads them.
  RawOp empty_rows(const RawTensor& rows, int first) {
    const bool pads = rows.type == kCodeInt16;
    RawTensor none = rows;
    none.name += ":none";
    none.shape = pads ? Shape{1, rows.shape[1]} : Shape{};
    none.buffer = buffer(
        std::vector<uint8_t>(rows.type == kCodeFloat32 ? 4
                             : pads ? 2 * static_cast<size_t>(rows.shape[1])
                                    : 1));
    const int value = add(raw_.tensors, none);
    if (pads) {
      RawTensor amounts = number(":rows", {0, rows.shape[0] - 1, 0, 0});
      amounts.shape = {2, 2};
      RawOp pad = made_op(kPadCode, OptionsCode::kPad,
                          {value, add(raw_.tensors, amounts)}, {first});
      pad.version = 3;
      return pad;
    }
    const int from = add(raw_.tensors, number(":shape", rows.shape));
    return made_op(kFillCode, OptionsCode::kNone, {from, value}, {first});
  }

  int end_of(const LoopState& s) {
    RawTensor t = tensor(s.initial);
    t.name = tensor(s.after).name + ":end";
    t.buffer = 0;
    return add(raw_.tensors, t);
  }

  // The result of the slices that take it.
  int last_row(const LoopState& s) {
    int result = -1;
    for (size_t i = 0; i < g_.ops.size(); ++i) {
      const Op& op = g_.ops[i];
      if (!takes_last(g_, loop_, op) || op.inputs[0] != s.after) continue;
      drop(static_cast<int>(i));
      if (result < 0) {
        result = op.outputs[0];
        continue;
      }
      for (RawOp& reader : raw_.ops) {
        std::ranges::replace(reader.inputs, op.outputs[0], result);
      }
      std::ranges::replace(raw_.outputs, op.outputs[0], result);
    }
    return result < 0 ? end_of(s) : result;
  }

  void take_variables(const RawOp& loop, RawSubgraph& s) {
    for (const int t : loop.inputs) {
      RawTensor own = tensor(t);
      own.buffer = 0;
      s.inputs.push_back(add(s.tensors, own));
    }
  }

  RawSubgraph condition(const RawOp& loop) {
    RawSubgraph s;
    take_variables(loop, s);
    const int end = add(s.tensors, number(":steps", {loop_.steps}));
    RawTensor more = counter();
    more.name += ":more";
    more.type = kCodeBool;
    s.outputs = {add(s.tensors, more)};
    s.ops = {
        made_op(kLessCode, OptionsCode::kLess, {s.inputs[0], end}, s.outputs)};
    return s;
  }

  // A tensor of the loop's operators: one row of a sequence, or a constant.
  int own(int t, RawSubgraph& s) {
    const auto [at, is_new] = own_.try_emplace(t, 0);
    if (!is_new) return at->second;
    RawTensor copy = tensor(t);
    if (!g_.tensors[static_cast<size_t>(t)].constant) copy.shape[0] = 1;
    return at->second = add(s.tensors, copy);
  }

  RawSubgraph body(const RawOp& loop) {
    RawSubgraph s;
    take_variables(loop, s);
    const int step = s.inputs[0];
    const size_t states = states_.size();
    for (size_t k = 0; k < states; ++k) {
      own_[states_[k].before] = s.inputs[2 + k];
      s.tensors[static_cast<size_t>(s.inputs[2 + k])].name =
          tensor(states_[k].before).name;
    }
    RawTensor place = number(":place", {0, 0}), rows = s.tensors[1];
    place.buffer = 0;
    const int at = add(s.tensors, place);
    s.ops.push_back(made_op(kJoinCode, OptionsCode::kConcatenation,
                            {step, add(s.tensors, number(":column", {0}))},
                            {at}));
    for (size_t k = 0; k < read_.size(); ++k) {
      const int row = own(read_[k], s);
      s.ops.push_back(read_row(s.inputs[2 + states + k], step, at, row, s));
    }
    for (int i = loop_.first; i < loop_.last; ++i) {
      if (g_.ops[static_cast<size_t>(i)].kind == OpKind::kDelay) continue;
      RawOp op = raw_.ops[static_cast<size_t>(i)];
      for (auto* list : {&op.inputs, &op.outputs}) {
        for (int& t : *list) t = t < 0 ? t : own(t, s);
      }
      s.ops.push_back(std::move(op));
    }
    rows.name += ":after";
    RawTensor next = counter();
    next.name += ":next";
    const int one = add(s.tensors, number(":one", {1}));
    const int after = add(s.tensors, rows), following = add(s.tensors, next);
    s.ops.push_back(made_op(kUpdateCode, OptionsCode::kDynamicUpdateSlice,
                            {s.inputs[1], own(states_[0].after, s), at},
                            {after}));
    s.ops.push_back(
        made_op(kAddCode, OptionsCode::kAdd, {step, one}, {following}));
    s.outputs = {following, after};
    for (const LoopState& state : states_) {
      s.outputs.push_back(own(state.after, s));
    }
    s.outputs.insert(s.outputs.end(), s.inputs.end() - ptrdiff_t(read_.size()),
                     s.inputs.end());
    return s;
  }

  // TensorFlow Lite Micro gathers no rows of int16, but slices them.
  RawOp read_row(int sequence, int step, int place, int row, RawSubgraph& s) {
    const RawTensor& t = s.tensors[static_cast<size_t>(sequence)];
    RawOp op;
    if (t.type == kCodeInt16) {
      const int size = add(s.tensors, number(":row", {1, t.shape[1]}));
      op = made_op(kSliceCode, OptionsCode::kSlice, {sequence, place, size},
                   {row});
      op.version = 4;
      return op;
    }
    op = made_op(kGatherCode, OptionsCode::kGather, {sequence, step}, {row});
    op.version = t.type == kCodeFloat32 ? 1 : 2;
    return op;
  }

  const Graph& g_;
  const Loop& loop_;
  const std::vector<LoopState> states_;
  const std::vector<int> read_;
  RawModel& raw_;
  MadeConstants& made_;
  std::map<int, int> own_;  // tensors of the body, by those of the model
};

void drop_unused(RawModel& raw) {
  std::vector<int> place(raw.tensors.size(), -1);
  const auto for_each = [&raw](const auto& f) {
    for (RawOp& op : raw.ops) {
      for (int& t : op.inputs) f(t);
      for (int& t : op.outputs) f(t);
    }
    for (int& t : raw.inputs) f(t);
    for (int& t : raw.outputs) f(t);
  };
  for_each([&](int t) {
    if (t >= 0) place[static_cast<size_t>(t)] = 0;
  });
  std::vector<RawTensor> kept;
  for (size_t t = 0; t < place.size(); ++t) {
    if (place[t] < 0) continue;
    place[t] = static_cast<int>(kept.size());
    kept.push_back(std::move(raw.tensors[t]));
  }
  raw.tensors = std::move(kept);
  for_each([&](int& t) { t = t < 0 ? t : place[static_cast<size_t>(t)]; });
}

}  // namespace

void write_loops(const Graph& g, RawModel& raw, MadeConstants& made) {
  const std::vector<Loop> loops = find_loops(g);
  if (loops.empty()) return;
  for (const Loop& loop : loops) LoopWriter(g, loop, raw, made).run();
  std::erase_if(raw.ops, [](const RawOp& op) { return op.code == kGone; });
  drop_unused(raw);
}

}  // namespace shoal
