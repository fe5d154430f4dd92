#include "host/model/graph/loops.h"

#include <algorithm>
#include <set>

#include "host/base/error.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

bool is_row_by_row(const Op& op) {
  switch (class_of(op.kind)) {
    case OpClass::kFullyConnected:
    case OpClass::kBinary:
    case OpClass::kUnary:
    case OpClass::kQuantize:
      return true;
    case OpClass::kRecurrent:
      return op.kind == OpKind::kDelay;
    default:
      return false;
  }
}

std::set<int> made_by(const Graph& g, const Loop& loop) {
  std::set<int> made;
  for (int i = loop.first; i < loop.last; ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    made.insert(op.outputs.begin(), op.outputs.end());
  }
  return made;
}

}  // namespace

std::vector<Loop> find_loops(const Graph& g) {
  const auto is_delay = [](const Op& op) { return op.kind == OpKind::kDelay; };
  if (std::ranges::none_of(g.ops, is_delay)) return {};
  std::vector<int> makers(g.tensors.size(), -1);
  for (size_t i = 0; i < g.ops.size(); ++i) {
    for (const int t : g.ops[i].outputs)
      makers[static_cast<size_t>(t)] = int(i);
  }
  std::vector<Loop> loops;
  for (int i = 0; i < static_cast<int>(g.ops.size()); ++i) {
    if (!is_delay(g.ops[static_cast<size_t>(i)])) continue;
    Loop loop{i, i + 1, 0};
    for (int k = i; k < loop.last; ++k) {
      const Op& op = g.ops[static_cast<size_t>(k)];
      if (!is_delay(op)) continue;
      loop.last =
          std::max(loop.last, makers[static_cast<size_t>(op.inputs[1])] + 1);
      loop.steps = g.tensors[static_cast<size_t>(op.outputs[0])].shape[0];
    }
    loops.push_back(loop);
    i = loop.last - 1;
  }
  return loops;
}

std::vector<int> loop_sequences(const Graph& g, const Loop& loop) {
  const std::set<int> made = made_by(g, loop);
  std::vector<int> read;
  for (int i = loop.first; i < loop.last; ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    if (op.kind == OpKind::kDelay) continue;
    for (const int t : op.inputs) {
      if (t < 0 || g.tensors[static_cast<size_t>(t)].constant) continue;
      if (made.contains(t) || std::ranges::find(read, t) != read.end())
        continue;
      read.push_back(t);
    }
  }
  return read;
}

std::string loop_problem(const Graph& g, const Loop& loop) {
  const auto is_sequence = [&](int t) {
    const Shape& shape = g.tensors[static_cast<size_t>(t)].shape;
    return shape.size() == 2 && shape[0] == loop.steps;
  };
  for (int i = loop.first; i < loop.last; ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    if (!is_row_by_row(op)) {
      return std::string(op_name(op.kind)) +
             " in a loop, which computes with the rows of a step alone";
    }
    if (!std::ranges::all_of(op.outputs, is_sequence)) {
      return std::string(op_name(op.kind)) + " makes no sequence of " +
             std::to_string(loop.steps) + " steps";
    }
  }
  for (const int t : loop_sequences(g, loop)) {
    if (is_sequence(t)) continue;
    return "'" + g.tensors[static_cast<size_t>(t)].name +
           "' is read in a loop and is no sequence of " +
           std::to_string(loop.steps) + " steps";
  }
  return "";
}

bool takes_last(const Graph& g, const Loop& loop, const Op& op) {
  if (op.kind != OpKind::kSlice) return false;
  const auto& begin = std::get<SliceAttr>(op.attr).begin;
  const Shape& whole = g.tensors[static_cast<size_t>(op.inputs[0])].shape;
  const Shape& part = g.tensors[static_cast<size_t>(op.outputs[0])].shape;
  return begin == std::vector<int>{loop.steps - 1, 0} &&
         element_count(part) == whole.back();
}

std::vector<LoopState> loop_states(const Graph& g, const Loop& loop) {
  std::vector<LoopState> states;
  for (int i = loop.first; i < loop.last; ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    if (op.kind != OpKind::kDelay) continue;
    states.push_back({op.inputs[0], op.outputs[0], op.inputs[1]});
  }
  const std::set<int> made = made_by(g, loop);
  std::set<int> read;
  const auto note = [&](int t) {
    if (made.contains(t)) read.insert(t);
  };
  for (int i = 0; i < static_cast<int>(g.ops.size()); ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    if (i >= loop.first && i < loop.last) continue;
    for (const int t : op.inputs) {
      const bool is_after =
          std::ranges::find(states, t, &LoopState::after) != states.end();
      if (!is_after || !takes_last(g, loop, op)) note(t);
    }
  }
  for (const int t : g.outputs) note(t);
  for (const Variable& v : g.variables) note(v.after);
  if (read.empty()) return states;
  const auto first =
      std::ranges::find(states, *read.begin(), &LoopState::after);
  if (read.size() > 1 || first == states.end()) {
    throw Error(Exit::kUnsupported,
                g.name + ": '" +
                    g.tensors[static_cast<size_t>(*read.rbegin())].name +
                    "' of a loop is read behind it",
                "read one state step by step, and others after the last step");
  }
  std::rotate(states.begin(), first, first + 1);
  return states;
}

Graph step_graph(const Graph& g, const Loop& loop) {
  Graph step;
  step.tensors.resize(g.tensors.size());
  const auto take = [&](int t) {
    if (t < 0) return;
    step.tensors[static_cast<size_t>(t)] = g.tensors[static_cast<size_t>(t)];
  };
  for (int i = loop.first; i < loop.last; ++i) {
    const Op& op = g.ops[static_cast<size_t>(i)];
    for (const int t : op.inputs) take(t);
  }
  const auto cut = [&](int t) {
    take(t);
    step.tensors[static_cast<size_t>(t)].shape[0] = 1;
  };
  for (const int t : made_by(g, loop)) cut(t);
  for (const int t : loop_sequences(g, loop)) cut(t);
  return step;
}

}  // namespace shoal
