// Integers that follow from shapes and constants: converters write SHAPE,
// STRIDED_SLICE, PACK in front of a RESHAPE for a batch of any size.
#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

// Operators that only fold: shoal runs none of them.
constexpr int kShapeCode = 77, kReduceProdCode = 81, kFloorDivCode = 90;

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
    // All unsupported operators are listed together later.
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
    if (op.code == kShapeCode) return shape_of(op);
    const auto fold = folds().find(op.code);
    if (fold == folds().end()) return std::nullopt;
    std::vector<Numbers> operands;
    for (const int t : op.inputs) {
      std::optional<Numbers> values = constant(t);
      if (!values) return std::nullopt;
      operands.push_back(std::move(*values));
    }
    return fold->second(*this, op, operands);
  }

  using Operands = std::vector<Numbers>;
  using Fold = std::optional<Numbers> (*)(const Folding&, const RawOp&,
                                          const Operands&);
  // By number of the format.
  static const std::map<int, Fold>& folds() {
    static const std::map<int, Fold> folds = [] {
      std::map<int, Fold> all{
          {kReduceProdCode, product},
          {kFloorDivCode, binary<quotient>},
      };
      const auto add = [&all](OpKind kind, Fold fold) {
        all[op_info(kind).code] = fold;
      };
      add(OpKind::kReshape, same);
      add(OpKind::kSqueeze, same);
      add(OpKind::kExpandDims, same);
      add(OpKind::kCast, same);
      add(OpKind::kPack, joined<0>);
      add(OpKind::kConcatenation, joined<1>);
      add(OpKind::kStridedSlice, cut);
      add(OpKind::kAdd, binary<sum>);
      add(OpKind::kSub, binary<difference>);
      add(OpKind::kMul, binary<times>);
      add(OpKind::kMaximum, binary<larger>);
      add(OpKind::kMinimum, binary<smaller>);
      return all;
    }();
    return folds;
  }

  static std::optional<Numbers> same(const Folding&, const RawOp&,
                                     const Operands& operands) {
    return operands[0];
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
  template <size_t kRank>
  static std::optional<Numbers> joined(const Folding& f, const RawOp& op,
                                       const Operands& operands) {
    Numbers out;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (f.tensor(op.inputs[i]).shape.size() != kRank) return std::nullopt;
      out.insert(out.end(), operands[i].begin(), operands[i].end());
    }
    return out;
  }

  // A range of a list, or one element of it.
  static std::optional<Numbers> cut(const Folding& f, const RawOp& op,
                                    const Operands& operands) {
    const RawOptions& o = op.options;
    const bool plain = o.ellipsis_mask == 0 && o.new_axis_mask == 0 &&
                       !o.offset && operands.size() == 4 &&
                       f.tensor(op.inputs[0]).shape.size() == 1 &&
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

  static std::optional<Numbers> product(const Folding&, const RawOp&,
                                        const Operands& operands) {
    int64_t total = 1;
    for (const int32_t v : operands[0]) {
      total *= v;
      if (!is_narrow(total)) return std::nullopt;
    }
    return Numbers{static_cast<int32_t>(total)};
  }

  using Number = std::optional<int64_t>;
  static Number sum(int64_t a, int64_t b) { return a + b; }
  static Number difference(int64_t a, int64_t b) { return a - b; }
  static Number times(int64_t a, int64_t b) { return a * b; }
  static Number larger(int64_t a, int64_t b) { return std::max(a, b); }
  static Number smaller(int64_t a, int64_t b) { return std::min(a, b); }
  static Number quotient(int64_t a, int64_t b) {
    if (b == 0) return std::nullopt;
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  }

  template <Number (*kNumber)(int64_t, int64_t)>
  static std::optional<Numbers> binary(const Folding&, const RawOp&,
                                       const Operands& operands) {
    if (operands.size() != 2) return std::nullopt;
    const Numbers &a = operands[0], &b = operands[1];
    if (a.size() != b.size() && a.size() != 1 && b.size() != 1) {
      return std::nullopt;
    }
    Numbers out;
    for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const auto v =
          kNumber(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
      if (!v || !is_narrow(*v)) return std::nullopt;
      out.push_back(static_cast<int32_t>(*v));
    }
    return out;
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
