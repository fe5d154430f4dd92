// Numbers that follow from shapes: converters write SHAPE, STRIDED_SLICE, PACK
// in front of a RESHAPE for a batch of any size. Integers that follow from
// constants alone count, too; truth values and real numbers only where a shape
// is behind them.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

// Operators that only fold: shoal runs none of them.
constexpr int kShapeCode = 77, kReduceProdCode = 81, kFillCode = 94;

// More than a shape has, less than a tensor.
constexpr size_t kMost = 64;

// Numbers of any type, which are all exact in double.
using Numbers = std::vector<double>;

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
                "give another --input-shape, --outputs before it, or export "
                "the model with that shape");
  }

  bool fold(const RawOp& op) {
    if (op.outputs.size() != 1) return false;
    const int y = op.outputs[0];
    const bool is_output =
        std::ranges::find(raw_.outputs, y) != raw_.outputs.end();
    if (op.inputs.empty() || (is_output && tensor(y).type != kCodeInt32)) {
      return false;
    }
    const bool whole =
        tensor(y).type == kCodeInt32 || tensor(y).type == kCodeInt64;
    const bool follows =
        op.code == kShapeCode || std::ranges::any_of(op.inputs, [this](int t) {
          return from_shapes_.contains(t);
        });
    if (!whole && !follows) return false;
    const std::optional<Numbers> values = computed(op);
    if (!values) return false;
    if (tensor(y).shape.empty() && values->size() > 1) {
      // Not stored, as above.
      raw_.tensors[static_cast<size_t>(y)].shape = {
          static_cast<int>(values->size())};
    }
    if (!fits(tensor(y).shape, values->size())) return false;
    RawTensor& out = raw_.tensors[static_cast<size_t>(y)];
    if (out.type == kCodeInt64) out.type = kCodeInt32;
    std::vector<uint8_t> bytes = bytes_of(*values, out.type);
    if (bytes.empty()) return false;
    const uint32_t before = out.buffer;
    out.buffer = static_cast<uint32_t>(raw_.buffers.size());
    raw_.buffers.emplace_back(made_.emplace_back(std::move(bytes)));
    if (is_output && !are_output_numbers(raw_, y)) {
      out.buffer = before;
      return false;
    }
    if (follows) from_shapes_.insert(y);
    return true;
  }

  // Empty: not of a type that folds, or no such numbers.
  static std::vector<uint8_t> bytes_of(const Numbers& values, int type) {
    std::vector<uint8_t> bytes;
    const auto put = [&bytes](auto v) {
      const size_t at = bytes.size();
      bytes.resize(at + sizeof v);
      std::memcpy(&bytes[at], &v, sizeof v);
    };
    for (const double v : values) {
      switch (type) {
        case kCodeInt32:
          if (v != std::trunc(v) || !is_narrow(v)) return {};
          put(static_cast<int32_t>(v));
          break;
        case kCodeFloat32:
          if (!std::isfinite(v)) return {};
          put(static_cast<float>(v));
          break;
        case kCodeBool:
          put(static_cast<uint8_t>(v != 0));
          break;
        default:
          return {};
      }
    }
    return bytes;
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
          {kFillCode, filled},
      };
      const auto add = [&all](OpKind kind, Fold fold) {
        all[op_info(kind).code] = fold;
      };
      add(OpKind::kReshape, same);
      add(OpKind::kSqueeze, same);
      add(OpKind::kExpandDims, same);
      add(OpKind::kCast, cast);
      add(OpKind::kSlice, sliced);
      add(OpKind::kGather, gathered);
      add(OpKind::kNeg, negative);
      add(OpKind::kSelectV2, chosen);
      add(OpKind::kPack, joined<0>);
      add(OpKind::kConcatenation, joined<1>);
      add(OpKind::kStridedSlice, cut);
      add(OpKind::kAdd, binary<sum>);
      add(OpKind::kSub, binary<difference>);
      add(OpKind::kMul, binary<times>);
      add(OpKind::kMaximum, binary<larger>);
      add(OpKind::kMinimum, binary<smaller>);
      add(OpKind::kDiv, binary<divided>);
      add(OpKind::kFloorDiv, binary<quotient>);
      add(OpKind::kFloorMod, binary<rest>);
      add(OpKind::kEqual, binary<equal>);
      add(OpKind::kNotEqual, binary<unequal>);
      add(OpKind::kGreater, binary<greater>);
      add(OpKind::kGreaterEqual, binary<at_least>);
      add(OpKind::kLess, binary<less>);
      add(OpKind::kLessEqual, binary<at_most>);
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
    if (x.buffer >= raw_.buffers.size()) return std::nullopt;
    const auto bytes = raw_.buffers[x.buffer];
    const auto all = [&]<class T>(T) -> std::optional<Numbers> {
      const size_t count = bytes.size() / sizeof(T);
      if (bytes.size() % sizeof(T) != 0 || !fits(x.shape, count)) {
        return std::nullopt;
      }
      std::vector<T> values(count);
      std::memcpy(values.data(), bytes.data(), bytes.size());
      return Numbers(values.begin(), values.end());
    };
    if (x.type == kCodeInt32) return all(int32_t{});
    if (x.type == kCodeFloat32) return all(float{});
    if (x.type == kCodeBool) return all(uint8_t{});
    return std::nullopt;
  }

  // Whole numbers lose what is behind the point.
  static std::optional<Numbers> cast(const Folding& f, const RawOp& op,
                                     const Operands& operands) {
    Numbers out = operands[0];
    const bool real = f.tensor(op.outputs[0]).type == kCodeFloat32;
    for (double& v : out) v = real ? v : std::trunc(v);
    return out;
  }

  static std::optional<Numbers> negative(const Folding&, const RawOp&,
                                         const Operands& operands) {
    Numbers out = operands[0];
    for (double& v : out) v = -v;
    return out;
  }

  static std::optional<Numbers> filled(const Folding&, const RawOp&,
                                       const Operands& operands) {
    if (operands.size() != 2 || operands[1].size() != 1) return std::nullopt;
    double total = 1;
    for (const double size : operands[0]) total *= size;
    if (!(total >= 1 && total <= kMost)) return std::nullopt;
    return Numbers(static_cast<size_t>(total), operands[1][0]);
  }

  // Only lists are cut.
  static std::optional<Numbers> sliced(const Folding& f, const RawOp& op,
                                       const Operands& operands) {
    const bool plain = operands.size() == 3 && operands[1].size() == 1 &&
                       operands[2].size() == 1 &&
                       f.tensor(op.inputs[0]).shape.size() == 1;
    if (!plain) return std::nullopt;
    const auto size = static_cast<double>(operands[0].size());
    const double begin = operands[1][0];
    const double count = operands[2][0] == -1 ? size - begin : operands[2][0];
    if (!(begin >= 0 && count >= 1 && begin + count <= size)) {
      return std::nullopt;
    }
    const auto first = operands[0].begin() + static_cast<int>(begin);
    return Numbers(first, first + static_cast<int>(count));
  }

  static std::optional<Numbers> gathered(const Folding& f, const RawOp& op,
                                         const Operands& operands) {
    if (operands.size() != 2 || op.options.batch_dims != 0 ||
        f.tensor(op.inputs[0]).shape.size() != 1) {
      return std::nullopt;
    }
    Numbers out;
    for (const double at : operands[1]) {
      if (!(at >= 0 && at < static_cast<double>(operands[0].size()))) {
        return std::nullopt;
      }
      out.push_back(operands[0][static_cast<size_t>(at)]);
    }
    return out;
  }

  static std::optional<Numbers> chosen(const Folding&, const RawOp&,
                                       const Operands& operands) {
    if (operands.size() != 3) return std::nullopt;
    const size_t count =
        std::max({operands[0].size(), operands[1].size(), operands[2].size()});
    Numbers out;
    for (size_t i = 0; i < count; ++i) {
      for (const Numbers& o : operands) {
        if (o.size() != count && o.size() != 1) return std::nullopt;
      }
      const auto at = [&](size_t k) {
        return operands[k][operands[k].size() == 1 ? 0 : i];
      };
      out.push_back(at(0) != 0 ? at(1) : at(2));
    }
    return out;
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
    const auto place = [size](double number) {
      const auto at = static_cast<int64_t>(number);
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
    double total = 1;
    for (const double v : operands[0]) {
      total *= v;
      if (!is_narrow(total)) return std::nullopt;
    }
    return Numbers{total};
  }

  static double sum(double a, double b) { return a + b; }
  static double difference(double a, double b) { return a - b; }
  static double times(double a, double b) { return a * b; }
  static double larger(double a, double b) { return std::max(a, b); }
  static double smaller(double a, double b) { return std::min(a, b); }
  static double divided(double a, double b) { return a / b; }
  static double quotient(double a, double b) { return std::floor(a / b); }
  static double rest(double a, double b) { return a - b * std::floor(a / b); }
  static double equal(double a, double b) { return a == b ? 1 : 0; }
  static double unequal(double a, double b) { return a != b ? 1 : 0; }
  static double greater(double a, double b) { return a > b ? 1 : 0; }
  static double at_least(double a, double b) { return a >= b ? 1 : 0; }
  static double less(double a, double b) { return a < b ? 1 : 0; }
  static double at_most(double a, double b) { return a <= b ? 1 : 0; }

  // Whole numbers stay whole: a quotient of two is cut, not rounded.
  template <double (*kNumber)(double, double)>
  static std::optional<Numbers> binary(const Folding& f, const RawOp& op,
                                       const Operands& operands) {
    if (operands.size() != 2) return std::nullopt;
    const Numbers &a = operands[0], &b = operands[1];
    if (a.size() != b.size() && a.size() != 1 && b.size() != 1) {
      return std::nullopt;
    }
    const bool real = f.tensor(op.outputs[0]).type == kCodeFloat32;
    Numbers out;
    for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const double v =
          kNumber(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
      if (!is_narrow(v)) return std::nullopt;
      out.push_back(real ? v : std::trunc(v));
    }
    return out;
  }

  static bool is_narrow(double v) {
    return v >= std::numeric_limits<int32_t>::min() &&
           v <= std::numeric_limits<int32_t>::max();
  }

  RawModel& raw_;
  MadeBytes& made_;
  const bool resized_;
  bool lost_ = false;
  std::set<int> from_shapes_;  // folded tensors
  const std::string& name_;
};

}  // namespace

void fold_integers(RawModel& raw, MadeBytes& made, bool resized,
                   const std::string& name) {
  Folding(raw, made, resized, name).run();
}

}  // namespace shoal
