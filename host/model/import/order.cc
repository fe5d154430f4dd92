// Checks the order of the file's graph before any operator is looked at.
#include <cstddef>

#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

class OrderCheck {
 public:
  OrderCheck(const RawModel& raw, const std::string& name)
      : raw_(raw), name_(name), ready_(raw.tensors.size(), false) {}

  void run() {
    if (raw_.inputs.empty()) fail("has no input");
    if (raw_.outputs.empty()) fail("has no output");
    if (raw_.ops.empty()) fail("has no operator");
    mark_constants();
    for (const int t : raw_.inputs) make("model inputs", t);
    for (const RawVariable& v : raw_.variables) make("variable", v.before);
    for (size_t i = 0; i < raw_.ops.size(); ++i) check_op(i);
    for (const int t : raw_.outputs) read("model outputs", t);
    for (const RawVariable& v : raw_.variables) read("variable", v.after);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(Exit::kCorrupt, name_ + ": " + reason);
  }

  size_t index(const std::string& who, int t) const {
    if (t < 0 || static_cast<size_t>(t) >= raw_.tensors.size()) {
      fail(text(who, ": tensor ", t, " of ", raw_.tensors.size()));
    }
    return static_cast<size_t>(t);
  }

  void mark_constants() {
    for (size_t i = 0; i < raw_.tensors.size(); ++i) {
      const uint32_t buffer = raw_.tensors[i].buffer;
      if (buffer < raw_.buffers.size()) {
        ready_[i] = !raw_.buffers[buffer].empty();
      }
      // A tensor that outlives a frame is refused later, with a message of its
      // own.
      if (raw_.tensors[i].variable) ready_[i] = true;
    }
  }

  void make(const std::string& who, int t) {
    const size_t i = index(who, t);
    if (ready_[i] && !raw_.tensors[i].variable) {
      fail(text(who, ": ", tensor_title(raw_, t),
                " is a constant or made twice"));
    }
    ready_[i] = true;
  }

  void read(const std::string& who, int t) const {
    if (ready_[index(who, t)]) return;
    fail(text(who, ": ", tensor_title(raw_, t), " is read before it is made"));
  }

  void check_op(size_t number) {
    const RawOp& op = raw_.ops[number];
    const std::string who = op_title(raw_, static_cast<int>(number));
    // A DELAY reads what a later operator of its loop makes.
    const size_t operands = op.code == kWhileCode ? 1 : op.inputs.size();
    for (size_t i = 0; i < operands; ++i) {
      if (op.inputs[i] != -1) read(who, op.inputs[i]);
    }
    if (op.outputs.empty()) fail(who + ": has no output");
    for (const int t : op.outputs) make(who, t);
  }

  const RawModel& raw_;
  const std::string& name_;
  std::vector<bool> ready_;
};

}  // namespace

void check_order(const RawModel& raw, const std::string& name) {
  OrderCheck(raw, name).run();
}

}  // namespace shoal
