// A TFLite_Detection_PostProcess at the end of a file is taken off the model.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kCustomCode = 32;
constexpr const char* kName = "TFLite_Detection_PostProcess";

size_t slot(int t) { return static_cast<size_t>(t); }

bool lists(const std::vector<int>& list, int t) {
  return std::ranges::find(list, t) != list.end();
}

std::span<const uint8_t> constant_of(const RawModel& raw, int t) {
  const uint32_t buffer = raw.tensors[slot(t)].buffer;
  if (buffer >= raw.buffers.size()) return {};
  return raw.buffers[buffer];
}

class Taker {
 public:
  Taker(RawModel& raw, size_t number)
      : raw_(raw),
        number_(number),
        op_(raw.ops[number]),
        title_(op_title(raw, static_cast<int>(number))) {}

  // Returns whether the operator ends the model: its operands are the
  // network's, its anchors are constants, and nothing else reads its results.
  bool ends() const {
    if (op_.inputs.size() != 3 || op_.outputs.size() != 4) {
      corrupt("has " + std::to_string(op_.inputs.size()) + " operands and " +
              std::to_string(op_.outputs.size()) + " results, not 3 and 4");
    }
    if (std::ranges::any_of(op_.inputs, [](int t) { return t < 0; })) {
      corrupt("lacks an operand");
    }
    const auto made = [this](int t) {
      return std::ranges::any_of(
          raw_.ops, [t](const RawOp& op) { return lists(op.outputs, t); });
    };
    const auto read = [this](int t) {
      return std::ranges::any_of(
          raw_.ops, [t](const RawOp& op) { return lists(op.inputs, t); });
    };
    return made(op_.inputs[0]) && made(op_.inputs[1]) &&
           !constant_of(raw_, op_.inputs[2]).empty() &&
           std::ranges::none_of(op_.outputs, read) &&
           std::ranges::any_of(
               op_.outputs, [this](int t) { return lists(raw_.outputs, t); });
  }

  DetectionOp take() {
    DetectionOp found;
    found.name = raw_.tensors[slot(op_.outputs[0])].name;
    if (const auto wrong = read_detection_options(op_.custom_options, found)) {
      corrupt(*wrong);
    }
    set_shapes(found);
    found.anchors = anchors();
    set_outputs(found);
    raw_.ops.erase(raw_.ops.begin() + static_cast<std::ptrdiff_t>(number_));
    blank_results();
    drop_joins();
    if (const auto wrong = wrong_with(found)) corrupt(*wrong);
    return found;
  }

 private:
  [[noreturn]] void corrupt(const std::string& why) const {
    throw Error(Exit::kCorrupt, title_ + ": " + why);
  }

  const RawTensor& operand(int i) const {
    return raw_.tensors[slot(op_.inputs[slot(i)])];
  }

  void set_shapes(DetectionOp& found) const {
    const std::vector<int>&boxes = operand(0).shape, &scores = operand(1).shape;
    const std::string shapes = "boxes of shape " + shape_text(boxes) +
                               " and scores of shape " + shape_text(scores) +
                               ", not 1xNx4 and 1xNx" +
                               std::to_string(found.classes) + " (or one more)";
    if (boxes.size() != 3 || scores.size() != 3 || boxes[0] != 1 ||
        scores[0] != 1 || boxes[1] != scores[1]) {
      corrupt(shapes);
    }
    found.candidates = boxes[1];
    found.values = boxes[2];
    found.background = scores[2] == found.classes + 1;
    if (!found.background && scores[2] != found.classes) corrupt(shapes);
  }

  std::vector<float> anchors() const {
    const RawTensor& t = operand(2);
    const std::span<const uint8_t> bytes = constant_of(raw_, op_.inputs[2]);
    if (t.shape.size() != 2 || t.shape[1] != 4) {
      corrupt("anchors of shape " + shape_text(t.shape) + ", not Nx4");
    }
    std::vector<float> values;
    if (t.type == kCodeFloat32 && bytes.size() % sizeof(float) == 0) {
      values.resize(bytes.size() / sizeof(float));
      std::memcpy(values.data(), bytes.data(), bytes.size());
      return values;
    }
    if ((t.type != kCodeUint8 && t.type != kCodeInt8) || t.scale.size() != 1 ||
        t.zero.size() != 1 || t.zero[0] < -128 || t.zero[0] > 255) {
      corrupt("anchors are neither float32 nor bytes with a scale");
    }
    for (const uint8_t b : bytes) {
      const int value = t.type == kCodeInt8 ? static_cast<int8_t>(b) : b;
      values.push_back(static_cast<float>(value - t.zero[0]) * t.scale[0]);
    }
    return values;
  }

  // Boxes and scores stand where its results stood, other outputs behind them.
  void set_outputs(DetectionOp& found) {
    const std::vector<int> were = std::exchange(raw_.outputs, {});
    found.boxes = operand_of(op_.inputs[0]);
    found.scores = operand_of(op_.inputs[1]);
    for (const int t : were) {
      if (!lists(op_.outputs, t)) add_output(t);
    }
  }

  int add_output(int t) {
    const auto known = std::ranges::find(raw_.outputs, t);
    const auto at = static_cast<int>(known - raw_.outputs.begin());
    if (known == raw_.outputs.end()) raw_.outputs.push_back(t);
    return at;
  }

  DetectionOperand operand_of(int t) {
    const RawOp* const join = join_of(t);
    if (join == nullptr) return {{{add_output(t)}}};
    const RawTensor& whole = raw_.tensors[slot(join->outputs[0])];
    DetectionOperand x;
    x.scale = whole.scale[0];
    x.zero = static_cast<int>(whole.zero[0]);
    int64_t values = 0;
    for (const int part : join->inputs) {
      const RawTensor& from = raw_.tensors[slot(part)];
      values += elements_of(from);
      x.parts.push_back(
          {add_output(part), from.scale[0], static_cast<int>(from.zero[0])});
    }
    // Nothing else looks at the join.
    if (values != elements_of(raw_.tensors[slot(t)])) {
      corrupt("an operand is joined of " + std::to_string(values) +
              " values, its shape is " +
              shape_text(raw_.tensors[slot(t)].shape));
    }
    return x;
  }

  // Counts no further than a number that no legal tensor has.
  static int64_t elements_of(const RawTensor& t) {
    constexpr int64_t kMost = int64_t{1} << 40;
    int64_t all = 1;
    for (const int n : t.shape) {
      all = n < 1 || all > kMost / n ? kMost : all * n;
    }
    return all;
  }

  // The CONCATENATION of uint8 that makes it, perhaps in another shape, if that
  // rescales what it joins, and joins it one behind the other.
  const RawOp* join_of(int t) const {
    for (const RawOp* op = maker(t); op != nullptr; op = maker(t)) {
      const OpInfo* const info = find_op(op->code);
      if (info == nullptr || op->outputs.size() != 1 || op->inputs.empty()) {
        return nullptr;
      }
      if (info->kind == OpKind::kConcatenation) {
        return is_rescaling(*op) ? op : nullptr;
      }
      if (class_of(info->kind) != OpClass::kReshape) return nullptr;
      t = op->inputs[0];
    }
    return nullptr;
  }

  const RawOp* maker(int t) const {
    const auto made = std::ranges::find_if(
        raw_.ops, [t](const RawOp& op) { return lists(op.outputs, t); });
    return made == raw_.ops.end() ? nullptr : &*made;
  }

  bool is_rescaling(const RawOp& join) const {
    const auto byte = [](const RawTensor& x) {
      return x.type == kCodeUint8 && x.scale.size() == 1 && x.zero.size() == 1;
    };
    const RawTensor& whole = raw_.tensors[slot(join.outputs[0])];
    const int rank = static_cast<int>(whole.shape.size());
    const int axis = join.options.axis + (join.options.axis < 0 ? rank : 0);
    if (!byte(whole) || axis < 0 || axis >= rank ||
        join.options.activation != 0 ||
        !std::all_of(whole.shape.begin(), whole.shape.begin() + axis,
                     [](int n) { return n == 1; })) {
      return false;
    }
    bool rescales = false;
    for (const int t : join.inputs) {
      if (t < 0 || maker(t) == nullptr) return false;
      const RawTensor& part = raw_.tensors[slot(t)];
      if (!byte(part)) return false;
      rescales |= part.scale != whole.scale || part.zero != whole.zero;
    }
    return rescales;
  }

  // Drops the operators that joined its operands from parts, if nothing else
  // reads their results.
  void drop_joins() {
    for (bool dropped = true; dropped;) {
      dropped = false;
      for (size_t i = 0; i < raw_.ops.size() && !dropped; ++i) {
        const OpInfo* const info = find_op(raw_.ops[i].code);
        if (info == nullptr || (info->kind != OpKind::kConcatenation &&
                                class_of(info->kind) != OpClass::kReshape)) {
          continue;
        }
        dropped = std::ranges::none_of(raw_.ops[i].outputs,
                                       [this](int t) { return is_read(t); });
        if (dropped) {
          raw_.ops.erase(raw_.ops.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
    }
  }

  bool is_read(int t) const {
    return lists(raw_.outputs, t) ||
           std::ranges::any_of(
               raw_.ops, [t](const RawOp& op) { return lists(op.inputs, t); });
  }

  // They may be of any type and shape.
  void blank_results() {
    for (const int t : op_.outputs) {
      RawTensor blank;
      blank.name = raw_.tensors[slot(t)].name;
      raw_.tensors[slot(t)] = std::move(blank);
    }
  }

  RawModel& raw_;
  const size_t number_;
  const RawOp op_;
  const std::string title_;
};

}  // namespace

std::optional<DetectionOp> take_detection(RawModel& raw) {
  for (size_t i = raw.ops.size(); i-- > 0;) {
    const RawOp& op = raw.ops[i];
    if (op.code != kCustomCode || op.custom != kName) continue;
    Taker taker(raw, i);
    if (taker.ends()) return taker.take();
    break;
  }
  return std::nullopt;
}

}  // namespace shoal
