#include "host/model/graph/carried_states.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

class StateCarrier {
 public:
  explicit StateCarrier(Graph g) : g_(std::move(g)) {}

  Graph run() && {
    for (const Loop& loop : find_loops(g_)) {
      for (int i = loop.first; i < loop.last; ++i) {
        if (op(i).kind != OpKind::kDelay) continue;
        if (!tensor(op(i).inputs[0]).constant) continue;
        refuse_backwards(loop);
        carry(loop, i);
      }
    }
    return std::move(g_);
  }

 private:
  Op& op(int i) { return g_.ops[static_cast<size_t>(i)]; }
  Tensor& tensor(int t) { return g_.tensors[static_cast<size_t>(t)]; }

  bool reverses(const Op& op, int steps) {
    if (class_of(op.kind) != OpClass::kSlice) return false;
    const auto* slice = std::get_if<SliceAttr>(&op.attr);
    return slice != nullptr && !slice->stride.empty() && slice->stride[0] < 0 &&
           tensor(op.inputs[0]).shape[0] == steps;
  }

  // The last row of a frame is not the step before the next frame's first one
  // if rows come in another order on the way to the loop.
  void refuse_backwards(const Loop& loop) {
    std::vector<int> open = loop_sequences(g_, loop);
    std::set<int> seen(open.begin(), open.end());
    while (!open.empty()) {
      const int t = open.back();
      open.pop_back();
      for (const Op& o : g_.ops) {
        if (std::ranges::find(o.outputs, t) == o.outputs.end()) continue;
        if (reverses(o, loop.steps)) {
          throw Error(Exit::kUnsupported,
                      g_.name + ": '" +
                          printable(tensor(op(loop.first).outputs[0]).name) +
                          "' is the state of a loop that reads a sequence from "
                          "its end, so the next frame cannot go on with it",
                      "leave out --stream (serve: --state), so that each frame "
                      "begins with the initial states, or build the layer with "
                      "one direction, forward");
        }
        for (const int x : o.inputs) {
          if (x >= 0 && seen.insert(x).second) open.push_back(x);
        }
      }
    }
  }

  std::string unused_name(const std::string& wish) {
    const auto is_used = [this](const std::string& name) {
      return std::ranges::find(g_.variables, name, &Variable::name) !=
             g_.variables.end();
    };
    std::string name = wish;
    for (int n = 2; is_used(name); ++n) name = wish + "#" + std::to_string(n);
    return name;
  }

  int add(Tensor t) {
    g_.tensors.push_back(std::move(t));
    return static_cast<int>(g_.tensors.size()) - 1;
  }

  void carry(const Loop& loop, int delay) {
    Tensor before = tensor(op(delay).inputs[0]);
    Variable v;
    v.name = before.name = unused_name(before.name);
    v.initial = std::exchange(before.data, {});
    before.constant = false;
    // The constant may have a scale of its own; what is carried has that of
    // the steps.
    const int sequence = op(delay).inputs[1];
    Tensor after = before;
    after.name += ":carried";
    v.before = add(std::move(before));
    v.after = add(std::move(after));
    op(delay).inputs[0] = v.before;
    Op last;
    last.kind = OpKind::kSlice;
    last.inputs = {sequence};
    last.outputs = {v.after};
    last.attr = SliceAttr{{loop.steps - 1, 0}, {1, 1}, {false, false}};
    if (g_.file_numbers.empty()) {
      g_.file_numbers.resize(g_.ops.size());
      std::iota(g_.file_numbers.begin(), g_.file_numbers.end(), 0);
    }
    g_.file_numbers.push_back(g_.file_numbers[static_cast<size_t>(delay)]);
    g_.ops.push_back(std::move(last));
    g_.variables.push_back(std::move(v));
  }

  Graph g_;
};

}  // namespace

Graph with_carried_states(Graph g) { return StateCarrier(std::move(g)).run(); }

}  // namespace shoal
