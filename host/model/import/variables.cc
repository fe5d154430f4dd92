// Variables: handles, reads and assignments become tensors of the graph. What
// is left for the rest of the importer are reads, each of the tensor that the
// variable holds there: its value before the frame, or what was assigned last.
#include <algorithm>
#include <map>
#include <optional>

#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

bool is_about_variables(int code) {
  return code == kCallOnceCode || code == kVarHandleCode ||
         code == kReadVariableCode || code == kAssignVariableCode;
}

bool alike(const RawTensor& a, const RawTensor& b) {
  return a.type == b.type && a.shape == b.shape && a.scale == b.scale &&
         a.zero == b.zero;
}

class VariableFinder {
 public:
  VariableFinder(RawModel& raw, const std::string& name)
      : raw_(raw), name_(name), made_(raw.tensors.size(), false) {}

  void run() {
    for (size_t i = 0; i < raw_.ops.size(); ++i) {
      raw_.ops[i].number = static_cast<int>(i);
    }
    for (size_t i = 0; i < made_.size(); ++i) made_[i] = !bytes_of(i).empty();
    for (const int t : raw_.inputs) make(t);
    for (at_ = 0; at_ < static_cast<int>(raw_.ops.size()); ++at_) walk();
    for (const int t : raw_.outputs) {
      if (handles_.contains(t)) corrupt("a variable is a model output");
    }
    std::erase_if(raw_.ops, [](const RawOp& op) {
      return is_about_variables(op.code) && op.code != kReadVariableCode;
    });
    finish();
  }

 private:
  struct Found {
    std::string name;
    int before = -1;    // its first handle
    int assigned = -1;  // in the frame, so far
    bool read_before = false;
    std::optional<RawTensor> like;  // of the first that is read or assigned
    std::vector<uint8_t> initial;
  };
  const RawOp& op() const { return raw_.ops[static_cast<size_t>(at_)]; }

  [[noreturn]] void corrupt(const std::string& reason) const {
    const bool within = at_ < static_cast<int>(raw_.ops.size());
    throw Error(
        Exit::kCorrupt,
        name_ + ": " + (within ? op_title(raw_, at_) + ": " : "") + reason);
  }
  [[noreturn]] void unsupported(const std::string& reason) const {
    throw Error(Exit::kUnsupported, name_ + ": not supported:\n  " +
                                        op_title(raw_, at_) + ": " + reason);
  }
  void require(bool ok, const std::string& reason) const {
    if (!ok) corrupt(reason);
  }

  std::span<const uint8_t> bytes_of(size_t tensor) const {
    const uint32_t buffer = raw_.tensors[tensor].buffer;
    if (buffer >= raw_.buffers.size()) return {};
    return raw_.buffers[buffer];
  }
  // Wrong numbers are check_order()'s.
  void make(int t) {
    if (t >= 0 && static_cast<size_t>(t) < made_.size()) {
      made_[static_cast<size_t>(t)] = true;
    }
  }

  void walk() {
    switch (op().code) {
      case kCallOnceCode:
        return call_once();
      case kVarHandleCode:
        return handle();
      case kReadVariableCode:
        return read();
      case kAssignVariableCode:
        return assign();
      default:
        break;
    }
    for (const int t : op().inputs) {
      require(!handles_.contains(t), "computes with a variable's handle");
    }
    for (const int t : op().outputs) make(t);
  }

  static bool is_handle(const RawOp& op,
                        const std::vector<RawTensor>& tensors) {
    return op.inputs.empty() && op.outputs.size() == 1 && op.outputs[0] >= 0 &&
           static_cast<size_t>(op.outputs[0]) < tensors.size() &&
           tensors[static_cast<size_t>(op.outputs[0])].type == kCodeResource &&
           op.options.code == static_cast<int>(OptionsCode::kVarHandle);
  }

  void handle() {
    require(is_handle(op(), raw_.tensors),
            "does not make the handle of a variable with a name");
    const int t = op().outputs[0];
    require(!made_[static_cast<size_t>(t)], "its handle is made twice");
    make(t);
    Found& v = found(op().options.variable);
    if (v.before < 0) v.before = t;
    handles_[t] = op().options.variable;
  }

  Found& found(const std::string& name) {
    const auto [at, is_new] = numbers_.try_emplace(name, variables_.size());
    if (is_new) {
      variables_.emplace_back();
      variables_.back().name = name.substr(name.find('\0') + 1);
    }
    return variables_[at->second];
  }

  Found& variable() {
    require(!op().inputs.empty() && handles_.contains(op().inputs[0]),
            "its first input is no variable's handle");
    return found(handles_[op().inputs[0]]);
  }

  const RawTensor& tensor(int t) const {
    require(t >= 0 && static_cast<size_t>(t) < raw_.tensors.size(),
            text("tensor ", t, " of ", raw_.tensors.size()));
    return raw_.tensors[static_cast<size_t>(t)];
  }

  void settle(Found& v, const RawTensor& t) {
    if (t.type != kCodeInt8 && t.type != kCodeUint8 && t.type != kCodeInt16 &&
        t.type != kCodeFloat32) {
      unsupported(text("variable \"", v.name,
                       "\" is not of int8, uint8, int16 or float32 elements"));
    }
    if (!v.like) v.like = t;
    if (!alike(*v.like, t)) {
      unsupported(text("variable \"", v.name,
                       "\" has another type, shape or scale elsewhere"));
    }
  }

  void read() {
    Found& v = variable();
    require(op().inputs.size() == 1 && op().outputs.size() == 1,
            "does not read one variable");
    settle(v, tensor(op().outputs[0]));
    if (v.assigned < 0) v.read_before = true;
    raw_.ops[static_cast<size_t>(at_)].inputs[0] =
        v.assigned < 0 ? v.before : v.assigned;
    make(op().outputs[0]);
    used_ = true;
  }

  void assign() {
    Found& v = variable();
    require(op().inputs.size() == 2 && op().outputs.empty(),
            "does not assign one tensor to one variable");
    const int t = op().inputs[1];
    settle(v, tensor(t));
    require(made_[static_cast<size_t>(t)] && !handles_.contains(t),
            text(tensor_title(raw_, t), " is read before it is made"));
    v.assigned = t;
    used_ = true;
  }

  void call_once() {
    require(op().inputs.empty() && op().outputs.empty(),
            "has inputs or outputs");
    const int number = op().options.subgraph;
    require(op().options.code == static_cast<int>(OptionsCode::kCallOnce) &&
                number >= 1 &&
                static_cast<size_t>(number) <= raw_.subgraphs.size(),
            text("subgraph ", number, " is not there to be called"));
    if (used_) unsupported("variables are used before it sets them");
    const RawSubgraph& s = raw_.subgraphs[static_cast<size_t>(number) - 1];
    std::map<int, std::string> handles;
    for (const RawOp& o : s.ops) {
      if (o.code == kVarHandleCode) {
        require(is_handle(o, s.tensors),
                "a VAR_HANDLE makes no handle of a variable with a name");
        handles[o.outputs[0]] = o.options.variable;
      } else if (o.code == kAssignVariableCode) {
        set(s, o, handles);
      } else {
        unsupported("it runs " + builtin_name(o.code) +
                    ", only constants are assigned before the first frame");
      }
    }
  }

  void set(const RawSubgraph& s, const RawOp& o,
           const std::map<int, std::string>& handles) {
    require(o.inputs.size() == 2 && o.outputs.empty() &&
                handles.contains(o.inputs[0]) && o.inputs[1] >= 0 &&
                static_cast<size_t>(o.inputs[1]) < s.tensors.size(),
            "an ASSIGN_VARIABLE does not assign one tensor to one variable");
    const RawTensor& from = s.tensors[static_cast<size_t>(o.inputs[1])];
    require(
        from.buffer < raw_.buffers.size() && !raw_.buffers[from.buffer].empty(),
        "an ASSIGN_VARIABLE assigns what is no constant");
    const auto bytes = raw_.buffers[from.buffer];
    Found& v = found(handles.at(o.inputs[0]));
    settle(v, from);
    int64_t expected = from.type == kCodeFloat32 ? sizeof(float)
                       : from.type == kCodeInt16 ? sizeof(int16_t)
                                                 : 1;
    for (const int size : from.shape) {
      require(size >= 1 && expected <= static_cast<int64_t>(bytes.size()),
              "a variable is set to a constant of another size");
      expected *= size;
    }
    require(expected == static_cast<int64_t>(bytes.size()),
            "a variable is set to a constant of another size");
    v.initial.assign(bytes.begin(), bytes.end());
  }

  // Handles become tensors: the first of a variable that is read its value
  // before the frame, others nothing.
  void finish() {
    for (const auto& [t, name] : handles_) {
      RawTensor& tensor = raw_.tensors[static_cast<size_t>(t)];
      tensor.type = kCodeInt8;
      tensor.shape = {1};
    }
    for (Found& v : variables_) {
      if (!v.read_before) continue;
      RawTensor& before = raw_.tensors[static_cast<size_t>(v.before)];
      before.type = v.like->type;
      before.shape = v.like->shape;
      before.scale = v.like->scale;
      before.zero = v.like->zero;
      before.axis = v.like->axis;
      if (before.name.empty()) before.name = v.name;
      raw_.variables.push_back({v.name, v.before,
                                v.assigned < 0 ? v.before : v.assigned,
                                std::move(v.initial)});
    }
  }

  RawModel& raw_;
  const std::string& name_;
  std::vector<bool> made_;
  int at_ = 0;         // operator
  bool used_ = false;  // a variable was read or assigned
  std::map<int, std::string> handles_;
  std::map<std::string, size_t> numbers_;
  std::vector<Found> variables_;
};

}  // namespace

void find_variables(RawModel& raw, const std::string& name) {
  const bool any =
      std::any_of(raw.ops.begin(), raw.ops.end(),
                  [](const RawOp& op) { return is_about_variables(op.code); });
  if (any) VariableFinder(raw, name).run();
}

}  // namespace shoal
