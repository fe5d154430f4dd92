#include "host/model/graph/carried_states.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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
    for (size_t i = 0; i < g_.ops.size(); ++i) {
      old_.push_back({g_.ops[i], file_number(g_, static_cast<int>(i))});
    }
    int next = 0;
    for (const Loop& loop : find_loops(g_)) {
      for (; next < loop.last; ++next) keep(next);
      for (const LoopState& state : loop_states(g_, loop)) carry(loop, state);
    }
    if (g_.variables.size() == own_variables_) return std::move(g_);
    for (; next < static_cast<int>(old_.size()); ++next) keep(next);
    g_.ops.clear();
    g_.file_numbers.clear();
    for (const auto* list : {&reads_, &kept_}) {
      for (const Numbered& n : *list) {
        g_.ops.push_back(n.op);
        g_.file_numbers.push_back(n.number);
      }
    }
    return std::move(g_);
  }

 private:
  struct Numbered {
    Op op;
    int number;  // of the operator in the file
  };

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
          throw Error(
              Exit::kUnsupported,
              g_.name + ": '" +
                  printable(
                      tensor(g_.ops[static_cast<size_t>(loop.first)].outputs[0])
                          .name) +
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

  // Unless it has moved.
  void keep(int i) {
    Numbered& n = old_[static_cast<size_t>(i)];
    if (!n.op.outputs.empty()) kept_.push_back(std::exchange(n, {}));
  }

  void carry(const Loop& loop, const LoopState& state) {
    const auto delay = std::ranges::find_if(kept_, [&](const Numbered& n) {
      return n.op.kind == OpKind::kDelay && n.op.outputs[0] == state.before;
    });
    const int number = delay->number;
    if (!tensor(state.initial).constant) {
      // It may be an input beside others that are not.
      if (const std::optional<Numbered> last = take_last(loop, state.after)) {
        kept_.push_back(*last);
      }
      return;
    }
    refuse_backwards(loop);
    Tensor before = tensor(state.initial);
    Variable v;
    v.name = before.name = unused_name(before.name);
    v.initial = std::exchange(before.data, {});
    before.constant = false;
    Tensor read = before, after = before;
    read.name += ":read", after.name += ":carried";
    v.before = add(std::move(before));
    const int initial = add(std::move(read));
    delay->op.inputs[0] = initial;
    reads_.push_back(
        {{OpKind::kReadVariable, {v.before}, {initial}, {}}, number});
    std::optional<Numbered> last = take_last(loop, state.after);
    if (!last) {
      const SliceAttr row{{loop.steps - 1, 0}, {1, 1}, {false, false}};
      const int result = add(std::move(after));
      last = {{OpKind::kSlice, {state.after}, {result}, row}, number};
    }
    v.after = last->op.outputs[0];
    kept_.push_back(*std::move(last));
    g_.variables.push_back(std::move(v));
  }

  // The file's own slice of the last row, which files have right behind a loop.
  std::optional<Numbered> take_last(const Loop& loop, int sequence) {
    for (Numbered& n : old_) {
      if (n.op.outputs.empty() || !takes_last(g_, loop, n.op)) continue;
      const int y = n.op.outputs[0];
      if (n.op.inputs[0] != sequence || tensor(y).shape.size() != 2) continue;
      return std::exchange(n, {});
    }
    return std::nullopt;
  }

  Graph g_;
  const size_t own_variables_ = g_.variables.size();
  std::vector<Numbered> old_;  // operators; of those that are taken nothing
  std::vector<Numbered> kept_, reads_;
};

}  // namespace

Graph with_carried_states(Graph g) { return StateCarrier(std::move(g)).run(); }

}  // namespace shoal
