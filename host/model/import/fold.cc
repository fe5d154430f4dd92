// Integers that follow from shapes and constants: converters write SHAPE,
// STRIDED_SLICE, PACK in front of a RESHAPE for a batch of any size.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

// Numbers of the format.
enum Code : int {
  kAdd = 0,
  kConcatenation = 2,
  kMul = 18,
  kReshape = 22,
  kSub = 41,
  kSqueeze = 43,
  kStridedSlice = 45,
  kCast = 53,
  kMaximum = 55,
  kMinimum = 57,
  kExpandDims = 70,
  kShape = 77,
  kReduceProd = 81,
  kPack = 83,
  kFloorDiv = 90,
};

// More than a shape has, less than a tensor.
constexpr size_t kMost = 64;

using Numbers = std::vector<int32_t>;

class Folding {
 public:
  Folding(RawModel& raw, MadeBytes& made, bool resized, const std::string& name)
      : raw_(raw), made_(made), resized_(resized), name_(name) {}

  void run() {
    std::erase_if(raw_.ops, [this](const RawOp& op) {
      resized_ ? resize(op) : settle(op);
      return fold(op);
    });
  }

 private:
  const RawTensor& tensor(int t) const {
    return raw_.tensors[static_cast<size_t>(t)];
  }

  // A shape that the file leaves open (its tensor has ones there, or no shape)
  // follows from those before it.
  void settle(const RawOp& op) {
    if (op.outputs.size() != 1 || op.outputs[0] < 0) return;
    RawTensor& y = raw_.tensors[static_cast<size_t>(op.outputs[0])];
    const bool open = std::ranges::find(y.signature, -1) != y.signature.end();
    const bool none = y.shape.empty() && y.signature.empty();
    if (!open && !none) return;
    const auto shapes = inferred_shapes(raw_, op);
    if (!shapes) return;
    const Shape& shape = shapes->front();
    if (open && shape.size() != y.signature.size()) return;
    y.shape = shape;
  }

  // All shapes follow from those of the inputs. What is made of constants and
  // shapes alone is folded instead.
  void resize(const RawOp& op) {
    const auto shapes = inferred_shapes(raw_, op);
    if (!shapes && computed(op)) return;
    // What is not supported is listed later, all of it.
    lost_ |= find_op(op.code) == nullptr;
    if (lost_) return;
    if (!shapes) refuse(op);
    for (size_t i = 0; i < op.outputs.size(); ++i) {
      if (op.outputs[i] < 0) continue;
      RawTensor& y = raw_.tensors[static_cast<size_t>(op.outputs[i])];
      y.shape = (*shapes)[i];
      y.signature.clear();
    }
  }

  [[noreturn]] void refuse(const RawOp& op) const {
    std::string of;
    for (const int t : op.inputs) {
      const bool made = t >= 0 && (tensor(t).buffer >= raw_.buffers.size() ||
                                   raw_.buffers[tensor(t).buffer].empty());
      if (made) of += (of.empty() ? "" : " and ") + shape_text(tensor(t).shape);
    }
    const int y = op.outputs[0];
    throw Error(Exit::kUnsupported,
                text(name_, ": ", builtin_name(op.code), " that makes ",
                     tensor_title(raw_, y), " has sizes of its own: ", of,
                     " does not go into it"),
                "another --input-shape, --outputs before it, or export the "
                "model with that shape");
  }

  bool fold(const RawOp& op) {
    if (op.outputs.size() != 1) return false;
    const int y = op.outputs[0];
    const bool is_output =
        std::ranges::find(raw_.outputs, y) != raw_.outputs.end();
    if (tensor(y).type != kCodeInt32 && tensor(y).type != kCodeInt64) {
      return false;
    }
    if (is_output || op.inputs.empty()) return false;
    const std::optional<Numbers> values = computed(op);
    if (!values) return false;
    if (tensor(y).shape.empty() && values->size() > 1) {
      // Not stored, as above.
      raw_.tensors[static_cast<size_t>(y)].shape = {
          static_cast<int>(values->size())};
    }
    if (!fits(tensor(y).shape, values->size())) return false;
    std::vector<uint8_t>& bytes = made_.emplace_back(4 * values->size());
    std::memcpy(bytes.data(), values->data(), bytes.size());
    RawTensor& out = raw_.tensors[static_cast<size_t>(y)];
    out.buffer = static_cast<uint32_t>(raw_.buffers.size());
    out.type = kCodeInt32;
    raw_.buffers.emplace_back(bytes);
    return true;
  }

  // Shapes are checked later; here they only must not lie.
  static bool fits(const std::vector<int>& shape, size_t count) {
    int64_t total = 1;
    for (const int size : shape) {
      if (size < 1 || total > static_cast<int64_t>(kMost)) return false;
      total *= size;
    }
    return total == static_cast<int64_t>(count) && count > 0;
  }

  std::optional<Numbers> computed(const RawOp& op) const {
    if (op.code == kShape) return shape_of(op);
    std::vector<Numbers> operands;
    for (const int t : op.inputs) {
      std::optional<Numbers> values = constant(t);
      if (!values) return std::nullopt;
      operands.push_back(std::move(*values));
    }
    switch (op.code) {
      case kReshape:
      case kSqueeze:
      case kExpandDims:
      case kCast:
        return operands[0];
      case kPack:
      case kConcatenation:
        return joined(op, operands);
      case kStridedSlice:
        return cut(op, operands);
      case kReduceProd:
        return product(operands[0]);
      default:
        return binary(op.code, operands);
    }
  }

  std::optional<Numbers> shape_of(const RawOp& op) const {
    if (op.inputs.size() != 1 || op.inputs[0] < 0) return std::nullopt;
    const RawTensor& t = tensor(op.inputs[0]);
    if (t.shape.size() > kMost) return std::nullopt;
    return Numbers(t.shape.begin(), t.shape.end());
  }

  std::optional<Numbers> constant(int t) const {
    if (t < 0) return std::nullopt;
    const RawTensor& x = tensor(t);
    if (x.type != kCodeInt32 || x.buffer >= raw_.buffers.size()) {
      return std::nullopt;
    }
    const auto bytes = raw_.buffers[x.buffer];
    if (bytes.size() % 4 != 0 || !fits(x.shape, bytes.size() / 4)) {
      return std::nullopt;
    }
    Numbers values(bytes.size() / 4);
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  // Scalars, or lists along their only axis.
  std::optional<Numbers> joined(const RawOp& op,
                                const std::vector<Numbers>& operands) const {
    Numbers out;
    for (size_t i = 0; i < operands.size(); ++i) {
      const size_t rank = tensor(op.inputs[i]).shape.size();
      if (rank != (op.code == kPack ? 0U : 1U)) return std::nullopt;
      out.insert(out.end(), operands[i].begin(), operands[i].end());
    }
    return out;
  }

  // A range of a list, or one element of it.
  std::optional<Numbers> cut(const RawOp& op,
                             const std::vector<Numbers>& operands) const {
    const RawOptions& o = op.options;
    const bool plain = o.ellipsis_mask == 0 && o.new_axis_mask == 0 &&
                       !o.offset && operands.size() == 4 &&
                       tensor(op.inputs[0]).shape.size() == 1 &&
                       operands[1].size() == 1 && operands[2].size() == 1 &&
                       operands[3].size() == 1 && operands[3][0] == 1;
    if (!plain) return std::nullopt;
    const auto size = static_cast<int64_t>(operands[0].size());
    const auto place = [size](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
    };
    const int64_t begin = o.begin_mask & 1 ? 0 : place(operands[1][0]);
    int64_t end = o.end_mask & 1 ? size : place(operands[2][0]);
    if (o.shrink_axis_mask & 1) end = begin + 1;
    if (begin >= end || end > size) return std::nullopt;
    return Numbers(operands[0].begin() + begin, operands[0].begin() + end);
  }

  static std::optional<Numbers> product(const Numbers& values) {
    int64_t total = 1;
    for (const int32_t v : values) {
      total *= v;
      if (!is_narrow(total)) return std::nullopt;
    }
    return Numbers{static_cast<int32_t>(total)};
  }

  static std::optional<Numbers> binary(int code,
                                       const std::vector<Numbers>& operands) {
    if (operands.size() != 2) return std::nullopt;
    const Numbers &a = operands[0], &b = operands[1];
    if (a.size() != b.size() && a.size() != 1 && b.size() != 1) {
      return std::nullopt;
    }
    Numbers out;
    for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const auto v =
          number(code, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
      if (!v || !is_narrow(*v)) return std::nullopt;
      out.push_back(static_cast<int32_t>(*v));
    }
    return out;
  }

  static std::optional<int64_t> number(int code, int64_t a, int64_t b) {
    switch (code) {
      case kAdd:
        return a + b;
      case kSub:
        return a - b;
      case kMul:
        return a * b;
      case kMaximum:
        return std::max(a, b);
      case kMinimum:
        return std::min(a, b);
      case kFloorDiv:
        if (b == 0) return std::nullopt;
        return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
      default:
        return std::nullopt;
    }
  }

  static bool is_narrow(int64_t v) {
    return v >= std::numeric_limits<int32_t>::min() &&
           v <= std::numeric_limits<int32_t>::max();
  }

  RawModel& raw_;
  MadeBytes& made_;
  const bool resized_;
  bool lost_ = false;
  const std::string& name_;
};

}  // namespace

void fold_integers(RawModel& raw, MadeBytes& made, bool resized,
                   const std::string& name) {
  Folding(raw, made, resized, name).run();
}

}  // namespace shoal
