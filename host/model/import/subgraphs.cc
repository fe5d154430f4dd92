// Files of several subgraphs: the one that a signature names is the model, and
// a subgraph that an operator calls stands in that operator's place: CALL, and
// STABLEHLO_COMPOSITE by its decomposition.
#include <algorithm>

#include "host/base/printable.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kCallCode = 31;
// A few bytes of a file could call for more without end.
constexpr size_t kMostOps = 100000;

bool calls(const RawOp& op) {
  return op.code == kCallCode || op.code == kCompositeCode;
}

bool is_same_end(const RawTensor& a, const RawTensor& b) {
  return a.type == b.type && a.shape == b.shape && a.scale == b.scale &&
         a.zero == b.zero;
}

class CallInlining {
 public:
  CallInlining(RawModel& raw, const std::string& name)
      : raw_(raw), name_(name) {}

  void run() {
    if (std::ranges::none_of(raw_.ops, calls)) return;
    const std::vector<RawOp> ops = std::move(raw_.ops);
    raw_.ops.clear();
    for (size_t i = 0; i < ops.size(); ++i) {
      at_ = i;
      add(ops[i]);
    }
  }

 private:
  [[noreturn]] void corrupt(const RawOp& op, const std::string& reason) const {
    throw Error(Exit::kCorrupt, text(name_, ": op ", at_, " ",
                                     builtin_name(op.code), ": ", reason));
  }

  void add(const RawOp& op) {
    if (calls(op)) return add_call(op);
    if (raw_.ops.size() >= kMostOps) {
      throw Error(Exit::kUnsupported,
                  text(name_, ": more than ", kMostOps,
                       " operators once its calls are written out"));
    }
    raw_.ops.push_back(op);
  }

  void add_call(const RawOp& op) {
    const int number = op.options.subgraph;
    if (number < 1 || static_cast<size_t>(number) > raw_.subgraphs.size()) {
      corrupt(op, text("calls subgraph ", number, " of ",
                       raw_.subgraphs.size() + 1));
    }
    if (std::ranges::find(open_, number) != open_.end()) {
      corrupt(op, text("subgraph ", number, " calls itself"));
    }
    const RawSubgraph& s = raw_.subgraphs[static_cast<size_t>(number) - 1];
    std::vector<int> place(s.tensors.size(), -1);
    std::vector<RawOp> copies;  // of tensors that the subgraph hands on
    take_places(op, s.inputs, op.inputs, s, "inputs", place, copies);
    take_places(op, s.outputs, op.outputs, s, "outputs", place, copies);
    for (size_t t = 0; t < place.size(); ++t) {
      if (place[t] >= 0) continue;
      place[t] = static_cast<int>(raw_.tensors.size());
      raw_.tensors.push_back(s.tensors[t]);
    }
    if (raw_.tensors.size() > 2 * kMostOps) {
      throw Error(Exit::kUnsupported,
                  name_ + ": too many tensors once its calls are written out");
    }
    open_.push_back(number);
    for (RawOp step : s.ops) {
      for (auto* list : {&step.inputs, &step.outputs}) {
        for (int& t : *list) {
          if (t == -1) continue;
          if (t < 0 || static_cast<size_t>(t) >= place.size()) {
            corrupt(op, text("subgraph ", number, ": tensor ", t, " of ",
                             place.size()));
          }
          t = place[static_cast<size_t>(t)];
        }
      }
      add(step);
    }
    open_.pop_back();
    for (const RawOp& copy : copies) add(copy);
  }

  // The ends of the subgraph are the tensors that the operator reads and makes.
  void take_places(const RawOp& op, const std::vector<int>& ends,
                   const std::vector<int>& tensors, const RawSubgraph& s,
                   const char* what, std::vector<int>& place,
                   std::vector<RawOp>& copies) const {
    if (ends.size() != tensors.size()) {
      corrupt(op, text("has ", tensors.size(), " ", what, ", its subgraph has ",
                       ends.size()));
    }
    for (size_t i = 0; i < ends.size(); ++i) {
      const int end = ends[i], t = tensors[i];
      const bool legal = end >= 0 && t >= 0 &&
                         static_cast<size_t>(end) < s.tensors.size() &&
                         static_cast<size_t>(t) < raw_.tensors.size();
      if (!legal) corrupt(op, text("its ", what, " are no tensors"));
      if (!is_same_end(s.tensors[static_cast<size_t>(end)],
                       raw_.tensors[static_cast<size_t>(t)])) {
        throw Error(Exit::kUnsupported,
                    text(name_, ": op ", at_, " ", builtin_name(op.code), ": ",
                         tensor_title(raw_, t),
                         " has another type, shape or scale in its subgraph"));
      }
      int& to = place[static_cast<size_t>(end)];
      if (to < 0) {
        to = t;
        continue;
      }
      if (&ends == &s.inputs) {
        corrupt(op, text("its subgraph has input ", end, " twice"));
      }
      RawOp copy;
      copy.code = op_info(OpKind::kReshape).code;
      copy.inputs = {to};
      copy.outputs = {t};
      copies.push_back(std::move(copy));
    }
  }

  RawModel& raw_;
  const std::string& name_;
  std::vector<int> open_;  // subgraphs that are being written out
  size_t at_ = 0;          // the operator of the model
};

std::string key_list(const RawModel& raw) {
  std::string keys;
  for (const RawSignature& s : raw.signatures) {
    keys += (keys.empty() ? "" : ", ") + printable(s.key);
  }
  return keys;
}

const RawSignature* asked_signature(const RawModel& raw,
                                    const std::string& asked,
                                    const std::string& name) {
  if (!asked.empty()) {
    const auto found =
        std::ranges::find(raw.signatures, asked, &RawSignature::key);
    if (found != raw.signatures.end()) return &*found;
    throw Error(Exit::kUsage, name + ": has no signature '" + asked + "'",
                raw.signatures.empty()
                    ? "leave --signature out: the file has none"
                    : "its signatures are " + key_list(raw));
  }
  const bool one = std::ranges::all_of(raw.signatures, [&](const auto& s) {
    return s.subgraph == raw.signatures.front().subgraph;
  });
  if (one) return raw.signatures.empty() ? nullptr : &raw.signatures.front();
  throw Error(
      Exit::kUsage,
      text(name, ": has ", raw.signatures.size(),
           " signatures: ", key_list(raw)),
      "choose one: --signature " + printable(raw.signatures.front().key));
}

// Its tensors are the subgraph's ends.
void check_signature(const RawSignature& s, const RawSubgraph& graph,
                     const std::string& name) {
  const auto check = [&](const std::vector<int>& tensors,
                         const std::vector<int>& ends, const char* what) {
    for (const int t : tensors) {
      if (std::ranges::find(ends, t) != ends.end()) continue;
      throw Error(Exit::kCorrupt,
                  text(name, ": signature '", printable(s.key), "': tensor ", t,
                       " is no ", what, " of its subgraph"));
    }
  };
  check(s.inputs, graph.inputs, "input");
  check(s.outputs, graph.outputs, "output");
}

}  // namespace

void choose_signature(RawModel& raw, const ImportOptions& options,
                      const std::string& name) {
  const RawSignature* s = asked_signature(raw, options.signature, name);
  if (s == nullptr) return;
  if (s->subgraph < 0 ||
      static_cast<size_t>(s->subgraph) > raw.subgraphs.size()) {
    throw Error(Exit::kCorrupt,
                text(name, ": signature '", printable(s->key), "': subgraph ",
                     s->subgraph, " of ", raw.subgraphs.size() + 1));
  }
  RawSubgraph main{std::move(raw.tensors), std::move(raw.ops),
                   std::move(raw.inputs), std::move(raw.outputs)};
  if (s->subgraph > 0) {
    // Calls go on by their numbers: the first subgraph is never called.
    std::swap(main, raw.subgraphs[static_cast<size_t>(s->subgraph) - 1]);
  }
  raw.tensors = std::move(main.tensors);
  raw.ops = std::move(main.ops);
  raw.inputs = std::move(main.inputs);
  raw.outputs = std::move(main.outputs);
  check_signature(*s, {{}, {}, raw.inputs, raw.outputs}, name);
}

void inline_calls(RawModel& raw, const std::string& name) {
  CallInlining(raw, name).run();
}

}  // namespace shoal
