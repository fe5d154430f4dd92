// Where a user lets a model begin and end, and where it would have to end for
// all of it to be supported.
#include <algorithm>
#include <cstring>
#include <map>

#include "host/base/printable.h"
#include "host/model/graph/supported_part.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

size_t place(int t) { return static_cast<size_t>(t); }

std::vector<int> asked_tensors(const RawModel& raw, const char* flag,
                               const std::vector<std::string>& asked) {
  const NamedValues values{
      flag, raw.tensors.size(),
      [&raw](size_t i) -> const std::string& { return raw.tensors[i].name; },
      [&raw](int64_t n) {
        return n >= 0 && n < static_cast<int64_t>(raw.tensors.size()) ? n : -1;
      }};
  std::vector<int> out;
  for (const size_t t : named_values(asked, values)) {
    out.push_back(static_cast<int>(t));
  }
  return out;
}

bool holds(const std::vector<int>& list, int t) {
  return std::ranges::find(list, t) != list.end();
}

// Operators that the outputs need, walked from the last to the first.
std::vector<bool> needed_ops(const RawModel& raw) {
  std::vector<bool> read(raw.tensors.size(), false);
  for (const int t : raw.outputs) read[place(t)] = true;
  for (const int t : raw.inputs) read[place(t)] = false;
  std::vector<bool> needed(raw.ops.size(), false);
  for (size_t i = raw.ops.size(); i-- > 0;) {
    const RawOp& op = raw.ops[i];
    needed[i] = std::ranges::any_of(op.outputs, [&](int t) {
      return t >= 0 && place(t) < read.size() && read[place(t)];
    });
    if (!needed[i]) continue;
    for (const int t : op.inputs) {
      if (t < 0 || place(t) >= read.size()) continue;
      if (!holds(raw.inputs, t)) read[place(t)] = true;
    }
  }
  return needed;
}

// Results that a named input replaces are made by nobody.
void drop_made_inputs(RawModel& raw) {
  for (RawOp& op : raw.ops) {
    for (int& t : op.outputs) {
      if (!holds(raw.inputs, t)) continue;
      RawTensor unread = raw.tensors[place(t)];
      unread.name += ":replaced";
      t = static_cast<int>(raw.tensors.size());
      raw.tensors.push_back(std::move(unread));
    }
  }
}

// Keeps those of the file's own inputs that something reads, if no others are
// asked for.
void drop_unread_inputs(RawModel& raw) {
  std::erase_if(raw.inputs, [&raw](int t) {
    return std::ranges::none_of(
        raw.ops, [t](const RawOp& op) { return holds(op.inputs, t); });
  });
}

// Tensors that only the rest of the file has may be of any type and shape.
void blank_unread_tensors(RawModel& raw) {
  std::vector<bool> read(raw.tensors.size(), false);
  const auto mark = [&read](const std::vector<int>& list) {
    for (const int t : list) {
      if (t >= 0) read[place(t)] = true;
    }
  };
  mark(raw.inputs);
  mark(raw.outputs);
  for (const RawOp& op : raw.ops) {
    mark(op.inputs);
    mark(op.outputs);
  }
  for (size_t i = 0; i < read.size(); ++i) {
    if (read[i]) continue;
    RawTensor blank;
    blank.name = raw.tensors[i].name;
    raw.tensors[i] = std::move(blank);
  }
}

void check_whole(const RawModel& raw, const std::vector<int>& were,
                 const std::string& name) {
  for (const RawOp& op : raw.ops) {
    for (const int t : op.inputs) {
      if (!holds(were, t) || holds(raw.inputs, t)) continue;
      throw Error(Exit::kUsage,
                  name + ": the outputs still need the model input " +
                      tensor_title(raw, t),
                  "name it with --inputs as well");
    }
  }
}

bool is_constant(const RawModel& raw, const RawTensor& t) {
  return t.buffer < raw.buffers.size() && !raw.buffers[t.buffer].empty();
}

// Tensors that are constants or follow from constants alone.
std::vector<bool> constant_tensors(const RawModel& raw) {
  std::vector<bool> constant;
  for (const RawTensor& t : raw.tensors) {
    constant.push_back(is_constant(raw, t));
  }
  const auto is_known = [&](int t) {
    return t < 0 || place(t) >= constant.size() || constant[place(t)];
  };
  for (const RawOp& op : raw.ops) {
    if (op.inputs.empty() || !std::ranges::all_of(op.inputs, is_known)) {
      continue;
    }
    for (const int t : op.outputs) {
      if (t >= 0 && place(t) < constant.size() && !holds(raw.inputs, t)) {
        constant[place(t)] = true;
      }
    }
  }
  return constant;
}

void check_asked(const RawModel& raw, const ImportOptions& options) {
  for (const int t : raw.inputs) {
    if (!is_constant(raw, raw.tensors[place(t)])) continue;
    throw Error(Exit::kUsage,
                "--inputs: " + tensor_title(raw, t) + " is a constant");
  }
  const std::vector<bool> constant = constant_tensors(raw);
  for (const int t : raw.outputs) {
    const std::string title = "--outputs: " + tensor_title(raw, t);
    const char* const fix = "name the result of an operator";
    if (is_constant(raw, raw.tensors[place(t)])) {
      throw Error(Exit::kUsage, title + " is a constant: no operator makes it",
                  fix);
    }
    if (options.outputs.empty()) continue;
    if (holds(raw.inputs, t)) {
      throw Error(Exit::kUsage, title + " is an input: no operator makes it",
                  fix);
    }
    if (constant[place(t)]) {
      throw Error(Exit::kUsage, title + " is a constant: no input leads to it",
                  "name a value that follows from an input");
    }
  }
}

}  // namespace

void set_ends(RawModel& raw, const ImportOptions& options,
              const std::string& name) {
  const std::vector<int> were = raw.inputs;
  if (!options.outputs.empty()) {
    raw.outputs = asked_tensors(raw, "--outputs", options.outputs);
  }
  if (!options.inputs.empty()) {
    raw.inputs = asked_tensors(raw, "--inputs", options.inputs);
    drop_made_inputs(raw);
  }
  check_asked(raw, options);
  const std::vector<bool> needed = needed_ops(raw);
  std::vector<RawOp> ops;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) ops.push_back(std::move(raw.ops[i]));
  }
  raw.ops = std::move(ops);
  if (options.inputs.empty()) drop_unread_inputs(raw);
  check_whole(raw, were, name);
  blank_unread_tensors(raw);
}

bool set_shapes(RawModel& raw, const ImportOptions& options) {
  bool other = false;
  for (const auto& [name, shape] : asked_shapes(options)) {
    const auto input =
        std::ranges::find_if(raw.inputs, [&, &name = name](int t) {
          return raw.tensors[place(t)].name == name;
        });
    if (input == raw.inputs.end()) {
      std::string names;
      for (const int t : raw.inputs) {
        names +=
            (names.empty() ? "" : ", ") + printable(raw.tensors[place(t)].name);
      }
      throw Error(
          Exit::kUsage,
          "--input-shape: no model input is named '" + printable(name) + "'",
          "the model's inputs: " + names);
    }
    RawTensor& t = raw.tensors[place(*input)];
    const size_t axes = std::max(t.shape.size(), t.signature.size());
    if (axes != 0 && axes != shape.size()) {
      throw Error(Exit::kUsage, text("--input-shape: ", shape_text(shape),
                                     " has ", shape.size(), " axes, the input ",
                                     axes, ": ", shape_text(t.shape)));
    }
    other |= t.shape != shape;
    t.shape = shape;
    t.signature.clear();
  }
  return other;
}

bool are_output_numbers(const RawModel& raw, int t) {
  constexpr size_t kMost = 64;
  const RawTensor& x = raw.tensors[place(t)];
  if (x.type != kCodeInt32 || x.buffer >= raw.buffers.size()) return false;
  const auto bytes = raw.buffers[x.buffer];
  if (bytes.empty() || bytes.size() % 4 != 0 || bytes.size() > 4 * kMost) {
    return false;
  }
  std::vector<int32_t> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  const auto [low, high] = std::ranges::minmax(values);
  return (low >= -128 && high <= 127) || (low >= 0 && high <= 65535);
}

void drop_constant_outputs(RawModel& raw, const ImportOptions& options) {
  const auto constant = [&raw](int t) {
    return is_constant(raw, raw.tensors[place(t)]) &&
           !are_output_numbers(raw, t);
  };
  if (std::ranges::all_of(raw.outputs, constant)) return;
  for (const int t : raw.outputs) {
    if (!constant(t) || !options.tell) continue;
    options.tell("model output " + tensor_title(raw, t) +
                 " is a constant: left out");
  }
  std::erase_if(raw.outputs, constant);
}

std::string ends_fix(const RawModel& raw, const std::set<int>& unsupported) {
  std::vector<Operation> operations;
  for (size_t i = 0; i < raw.ops.size(); ++i) {
    const OpInfo* info = find_op(raw.ops[i].code);
    const bool supported = !unsupported.contains(static_cast<int>(i));
    operations.push_back({raw.ops[i].inputs, raw.ops[i].outputs, supported,
                          info != nullptr && has_weights(info->kind)});
  }
  std::vector<bool> inputs(raw.tensors.size(), false), constants;
  for (const int t : raw.inputs) inputs[place(t)] = true;
  std::map<std::string, int> named;
  for (const RawTensor& t : raw.tensors) {
    constants.push_back(is_constant(raw, t));
    ++named[t.name];
  }
  return part_flags(supported_part(operations, raw.tensors.size(), inputs,
                                   constants, raw.outputs),
                    inputs, [&](int t) {
                      const std::string& name = raw.tensors[place(t)].name;
                      return flag_value(name, place(t), named[name] == 1);
                    });
}

}  // namespace shoal
