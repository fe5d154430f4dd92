#include "host/quantize/carried_inputs.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/operators.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

// Element numbers go through the float oracle, which is exact below 2^24.
constexpr int64_t kMostElements = 1 << 24;

bool moves_elements(const Op& op) {
  switch (class_of(op.kind)) {
    case OpClass::kJoin:
    case OpClass::kReshape:
    case OpClass::kTranspose:
    case OpClass::kSlice:
    case OpClass::kSplit:
      return true;
    default:
      return false;
  }
}

bool contains(const std::vector<int>& list, int t) {
  return std::ranges::find(list, t) != list.end();
}

// Tensors that hold the state's elements in some order, and the operators that
// move them there.
struct Moved {
  std::vector<size_t> ops;   // in the graph's order
  std::vector<int> tensors;  // that other operators make, or read
};

struct Part {
  std::vector<int> reads;  // tensors of the frame that begins with it
  int made;                // the tensor that the frame leaves
};

class InputCarrier {
 public:
  explicit InputCarrier(Graph g) : g_(std::move(g)) {
    for (size_t i = 0; i < g_.ops.size(); ++i) {
      numbers_.push_back(file_number(g_, static_cast<int>(i)));
    }
  }

  void carry(const CarriedInput& c) {
    const int in = take(g_.inputs, c.input, "input");
    const int out = take(g_.outputs, c.output, "output");
    const Tensor& x = tensor(in);
    const Tensor& y = tensor(out);
    const std::string title =
        "--carry " + printable(c.input) + "=" + printable(c.output);
    if (x.shape != y.shape || x.type != y.type) {
      throw Error(
          Exit::kUsage,
          title + ": the input is " + form(x) + ", the output " + form(y),
          "name an output of the input's shape and type");
    }
    if (g_.inputs.empty() || g_.outputs.empty()) {
      throw Error(Exit::kUsage,
                  title + ": " + g_.name + " has no other " +
                      (g_.inputs.empty() ? "input" : "output"),
                  "leave it out");
    }
    find_loop_tensors();
    const Moved read = moved_from(in), made = moved_to(out);
    std::vector<Part> parts = parts_of(in, read, out, made);
    if (parts.empty()) {
      parts.push_back({{in}, out});
    } else {
      drop(read.ops);
    }
    const std::string name = x.name;
    for (size_t i = 0; i < parts.size(); ++i) {
      keep(parts[i], parts.size() == 1 ? name : name + ":" + std::to_string(i));
    }
    drop_unread();
  }

  Graph run() && {
    g_.file_numbers = std::move(numbers_);
    return std::move(g_);
  }

 private:
  const Tensor& tensor(int t) const {
    return g_.tensors[static_cast<size_t>(t)];
  }

  static std::string form(const Tensor& t) {
    std::string text = type_name(t.file_type);
    for (size_t i = 0; i < t.shape.size(); ++i) {
      text += (i == 0 ? " " : "x") + std::to_string(t.shape[i]);
    }
    return text;
  }

  int take(std::vector<int>& ends, const std::string& name,
           const std::string& kind) const {
    std::string list;
    for (size_t i = 0; i < ends.size(); ++i) {
      const int t = ends[i];
      if (tensor(t).name == name) {
        ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(i));
        return t;
      }
      list += (list.empty() ? "" : ", ") + printable(tensor(t).name);
    }
    throw Error(Exit::kUsage,
                "--carry: " + g_.name + " has no " + kind + " '" +
                    printable(name) + "' that is left",
                list.empty() ? "name each " + kind + " once"
                             : "its " + kind + "s: " + list);
  }

  // Operators beside a loop that give and take its states stay.
  void find_loop_tensors() {
    in_loops_.clear();
    for (const Loop& loop : find_loops(g_)) {
      for (int i = loop.first; i < loop.last; ++i) {
        const Op& op = g_.ops[static_cast<size_t>(i)];
        in_loops_.insert(op.outputs.begin(), op.outputs.end());
      }
    }
  }

  bool is_in_loop(const Op& op) const {
    const auto is = [this](int t) { return in_loops_.contains(t); };
    return std::ranges::any_of(op.inputs, is) ||
           std::ranges::any_of(op.outputs, is);
  }

  bool only_moves(const Op& op) const {
    return moves_elements(op) && !is_in_loop(op) &&
           std::ranges::none_of(op.inputs, [this](int t) {
             return t >= 0 && tensor(t).constant;
           });
  }

  Moved moved_from(int in) const {
    Moved moved;
    std::vector<int> held{in};
    for (size_t i = 0; i < g_.ops.size(); ++i) {
      const Op& op = g_.ops[i];
      const bool all = std::ranges::all_of(
          op.inputs, [&](int t) { return contains(held, t); });
      if (!only_moves(op) || !all) {
        for (const int t : op.inputs) {
          if (contains(held, t)) add_once(moved.tensors, t);
        }
        continue;
      }
      moved.ops.push_back(i);
      held.insert(held.end(), op.outputs.begin(), op.outputs.end());
    }
    for (const int t : held) {
      const bool is_end = contains(g_.outputs, t) ||
                          std::ranges::any_of(g_.variables, [&](const auto& v) {
                            return v.after == t;
                          });
      if (is_end) add_once(moved.tensors, t);
    }
    return moved;
  }

  Moved moved_to(int out) const {
    Moved moved;
    std::vector<int> open{out};
    for (size_t i = g_.ops.size(); i-- > 0;) {
      const Op& op = g_.ops[i];
      const bool makes = std::ranges::any_of(
          op.outputs, [&](int t) { return contains(open, t); });
      if (!makes || !only_moves(op)) continue;
      moved.ops.push_back(i);
      for (const int t : op.inputs) add_once(open, t);
    }
    std::ranges::reverse(moved.ops);
    for (const int t : open) {
      const bool is_made = std::ranges::any_of(
          moved.ops, [&](size_t i) { return contains(g_.ops[i].outputs, t); });
      if (!is_made) moved.tensors.push_back(t);
    }
    return moved;
  }

  static void add_once(std::vector<int>& list, int t) {
    if (!contains(list, t)) list.push_back(t);
  }

  // The elements of `outputs` as numbers of those of `inputs`, which follow one
  // another.
  std::vector<std::vector<float>> followed(const std::vector<size_t>& ops,
                                           const std::vector<int>& inputs,
                                           const std::vector<int>& outputs) {
    Graph g;
    g.tensors = g_.tensors;
    g.inputs = inputs;
    g.outputs = outputs;
    for (const size_t i : ops) g.ops.push_back(g_.ops[i]);
    FloatOracle oracle(g);
    std::vector<float> numbers(static_cast<size_t>(elements(inputs)));
    std::iota(numbers.begin(), numbers.end(), 0.f);
    const FloatValues& values = oracle.run(numbers);
    std::vector<std::vector<float>> result;
    for (const int t : outputs) {
      result.push_back(values[static_cast<size_t>(t)]);
    }
    return result;
  }

  int64_t elements(const std::vector<int>& tensors) const {
    int64_t sum = 0;
    for (const int t : tensors) sum += element_count(tensor(t).shape);
    return sum;
  }

  // A part for each tensor that is joined and read; none if a tensor that is
  // read is not all of one that is joined, in its order, or if the state itself
  // is joined: the operators that read it stay then.
  std::vector<Part> parts_of(int in, const Moved& read, int out,
                             const Moved& made) {
    if (contains(read.tensors, in) || contains(made.tensors, in) ||
        contains(made.tensors, out)) {
      return {};
    }
    if (elements(made.tensors) >= kMostElements) return {};
    const std::vector<float> joined =
        followed(made.ops, made.tensors, {out})[0];
    const auto places = followed(read.ops, {in}, read.tensors);
    std::map<float, int> begins;  // the tensor by its first element
    float number = 0;
    for (const int t : made.tensors) {
      begins[number] = t;
      number += static_cast<float>(element_count(tensor(t).shape));
    }
    std::map<int, Part> parts;
    for (size_t i = 0; i < read.tensors.size(); ++i) {
      std::vector<float> from = places[i];
      for (float& e : from) e = joined[static_cast<size_t>(e)];
      const auto begin = begins.find(from[0]);
      if (begin == begins.end()) return {};
      const int t = begin->second;
      if (static_cast<int64_t>(from.size()) != element_count(tensor(t).shape)) {
        return {};
      }
      for (size_t e = 0; e < from.size(); ++e) {
        if (from[e] != from[0] + static_cast<float>(e)) return {};
      }
      Part& part = parts.try_emplace(t, Part{{}, t}).first->second;
      part.reads.push_back(read.tensors[i]);
    }
    std::vector<Part> list;
    for (auto& [t, part] : parts) list.push_back(std::move(part));
    return list;
  }

  int add_like(int t, const std::string& name) {
    Tensor copy = tensor(t);
    copy.name = name;
    g_.tensors.push_back(std::move(copy));
    return static_cast<int>(g_.tensors.size()) - 1;
  }

  void add_op(size_t at, OpKind kind, int from, int to) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    g_.ops.insert(g_.ops.begin() + place, {kind, {from}, {to}, {}});
    numbers_.insert(numbers_.begin() + place, 0);
  }

  void keep(const Part& part, const std::string& name) {
    const int first = part.reads[0];
    Variable v;
    v.name = name;
    v.before = add_like(first, name + ":before");
    v.after = part.made;
    const bool is_made = std::ranges::any_of(
        g_.ops, [&](const Op& op) { return contains(op.outputs, part.made); });
    if (!is_made || tensor(part.made).shape != tensor(first).shape) {
      v.after = add_like(first, name + ":after");
      add_op(g_.ops.size(), OpKind::kReshape, part.made, v.after);
    }
    v.initial.assign(static_cast<size_t>(element_count(tensor(first).shape)) *
                         static_cast<size_t>(type_bytes(tensor(first).type)),
                     0);
    for (const int t : part.reads) {
      if (t != first) add_op(0, OpKind::kReshape, first, t);
    }
    add_op(0, OpKind::kReadVariable, v.before, first);
    g_.variables.push_back(std::move(v));
  }

  void drop(const std::vector<size_t>& ops) {
    for (size_t i = ops.size(); i-- > 0;) {
      const auto place = static_cast<std::ptrdiff_t>(ops[i]);
      g_.ops.erase(g_.ops.begin() + place);
      numbers_.erase(numbers_.begin() + place);
    }
  }

  // Drops the operators that joined the states.
  void drop_unread() {
    std::set<int> read(g_.outputs.begin(), g_.outputs.end());
    for (const Variable& v : g_.variables) read.insert(v.after);
    std::vector<size_t> unread;
    for (size_t i = g_.ops.size(); i-- > 0;) {
      const Op& op = g_.ops[i];
      const bool is_read = std::ranges::any_of(
          op.outputs, [&](int t) { return read.contains(t); });
      if (is_read) read.insert(op.inputs.begin(), op.inputs.end());
      if (!is_read && moves_elements(op)) unread.push_back(i);
    }
    std::ranges::reverse(unread);
    drop(unread);
  }

  Graph g_;
  std::vector<int> numbers_;  // of operators in the file
  std::set<int> in_loops_;    // tensors that loops make
};

}  // namespace

Graph with_carried_inputs(Graph g, const std::vector<CarriedInput>& pairs) {
  if (pairs.empty()) return g;
  InputCarrier carrier(std::move(g));
  for (const CarriedInput& c : pairs) carrier.carry(c);
  return std::move(carrier).run();
}

}  // namespace shoal
