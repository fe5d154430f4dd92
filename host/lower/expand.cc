#include "host/lower/expand.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "host/model/graph/operators.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/shapes.h"

namespace shoal {
namespace {

using Table = std::array<int8_t, 256>;

bool is_comparison(OpKind kind) {
  return kind >= OpKind::kEqual && kind <= OpKind::kLessEqual;
}

int8_t byte_of(int place) { return static_cast<int8_t>(place - 128); }

// f(byte) for all bytes, -128 first.
template <class F>
Table table_of(F f) {
  Table table;
  for (int k = 0; k < 256; ++k) table[static_cast<size_t>(k)] = f(byte_of(k));
  return table;
}

class Expansion {
 public:
  explicit Expansion(const Graph& graph) {
    result_.graph = graph;
    result_.graph.ops.clear();
    result_.graph.file_numbers.clear();
    is_truth_.assign(graph.tensors.size(), false);
    for (const Op& op : graph.ops) {
      const bool truths =
          op.kind == OpKind::kLogicalNot || op.kind == OpKind::kLogicalAnd ||
          op.kind == OpKind::kLogicalOr || is_comparison(op.kind);
      is_truth_[static_cast<size_t>(op.outputs[0])] = truths;
    }
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      from_ = static_cast<int>(i);
      const Op& op = graph.ops[i];
      if (op.kind == OpKind::kSelectV2) {
        select(op);
      } else if (is_comparison(op.kind) && !is_one_table(op)) {
        compare(op);
      } else {
        add(op);
      }
    }
  }
  Expanded run() { return std::move(result_); }

 private:
  const Tensor& tensor(int t) const {
    return result_.graph.tensors[static_cast<size_t>(t)];
  }

  // A comparison with one constant value is a table as it is.
  bool is_one_table(const Op& op) const {
    const int64_t all = element_count(tensor(op.outputs[0]).shape);
    const auto is_value = [&](int t) {
      return tensor(t).constant && tensor(t).data.size() == 1;
    };
    const auto is_whole = [&](int t) {
      return !tensor(t).constant && element_count(tensor(t).shape) == all;
    };
    const int a = op.inputs[0], b = op.inputs[1];
    return (is_value(a) && is_whole(b)) || (is_value(b) && is_whole(a));
  }

  void add(Op op) {
    result_.graph.ops.push_back(std::move(op));
    result_.from.push_back(from_);
  }

  int new_tensor(const Shape& shape, const std::string& name) {
    Tensor t;
    t.name = name;
    t.shape = shape;
    t.quant = {{1.F}, {0}, 0};
    result_.graph.tensors.push_back(std::move(t));
    return static_cast<int>(result_.graph.tensors.size()) - 1;
  }

  // `to` -1: a new tensor.
  int look_up(int x, const Table& table, int to = -1) {
    if (tensor(x).constant) {
      Tensor c = tensor(x);
      for (uint8_t& byte : c.data) {
        const auto place = static_cast<size_t>(static_cast<int8_t>(byte) + 128);
        byte = static_cast<uint8_t>(table[place]);
      }
      c.quant = {{1.F}, {0}, 0};
      result_.graph.tensors.push_back(std::move(c));
      return static_cast<int>(result_.graph.tensors.size()) - 1;
    }
    const int y = to >= 0 ? to : new_tensor(tensor(x).shape, tensor(x).name);
    add({OpKind::kTable, {x}, {y}, TableAttr{table}});
    return y;
  }

  int binary(OpKind kind, int a, int b, const Shape& shape,
             const std::string& name, int to = -1) {
    const int y = to >= 0 ? to : new_tensor(shape, name);
    Attr attr;
    if (kind == OpKind::kSub) attr = FusedAttr{};
    add({kind, {a, b}, {y}, attr});
    return y;
  }

  // The bytes of one operand that the other one's byte exceeds, and so on, as
  // numbers of the first operand's distinct values, which rise with the byte.
  struct Ranks {
    Table first;      // number of the value - 128
    Table threshold;  // of the second: values below its own, - 128
    bool has_none = false, has_all = false;  // some threshold is 0, is all
    Table found;  // of the second: whether the first has that value
    bool always_found = true;
  };
  static Ranks ranks(const ComparedValues& a, const ComparedValues& b,
                     bool with_equal) {
    std::vector<int32_t> values(a.begin(), a.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const auto place = [&](int32_t v, bool behind) {
      const auto at = behind ? std::ranges::upper_bound(values, v)
                             : std::ranges::lower_bound(values, v);
      return static_cast<int>(at - values.begin());
    };
    Ranks r;
    for (size_t k = 0; k < 256; ++k) {
      r.first[k] = byte_of(place(a[k], false));
      // Values of the first below the threshold are less than b[k] (or equal).
      const int below = place(b[k], with_equal);
      const int all = static_cast<int>(values.size());
      r.has_none |= below == 0;
      r.has_all |= below == 256;
      r.threshold[k] = byte_of(std::min(below, 255));
      const bool found =
          below < all && values[static_cast<size_t>(below)] == b[k];
      r.found[k] = found ? 1 : 0;
      r.always_found &= found;
    }
    return r;
  }

  // The tensor of numbers that the table makes of x; x itself if these are its
  // bytes and differences of bytes are wanted.
  int numbered(int x, const Table& table, bool as_it_is) {
    return as_it_is ? x : look_up(x, table);
  }

  // Returns whether two operands have the same numbers as they have bytes, so
  // that the difference of the bytes says all.
  bool lie_alike(int a, const Table& first, int b, const Table& second) const {
    const Tensor &p = tensor(a), &q = tensor(b);
    const Table same = table_of([](int v) { return static_cast<int8_t>(v); });
    return !p.constant && !q.constant && p.scale() == q.scale() &&
           p.zero() == q.zero() && first == same && second == same;
  }

  // Makes the result of f, a function of the sign of the difference of the
  // numbers that the tables make of a and b.
  template <class F>
  void finish(int a, const Table& first, int b, const Table& second,
              const Op& op, F f) {
    const Tensor& y = tensor(op.outputs[0]);
    const Shape shape = y.shape;
    const std::string name = y.name;
    const bool alike = lie_alike(a, first, b, second);
    const float scale = tensor(a).scale();
    const int d = binary(OpKind::kSub, numbered(a, first, alike),
                         numbered(b, second, alike), shape, name);
    if (alike)
      result_.graph.tensors[static_cast<size_t>(d)].quant.scale = {scale};
    look_up(d, table_of([f](int v) { return static_cast<int8_t>(f(v)); }),
            op.outputs[0]);
  }

  void compare(const Op& op) {
    const int a = op.inputs[0], b = op.inputs[1];
    const ComparedValues va = compared_values(tensor(a));
    const ComparedValues vb = compared_values(tensor(b));
    switch (op.kind) {
      case OpKind::kEqual:
        return equal(op, a, b, va, vb, true);
      case OpKind::kNotEqual:
        return equal(op, a, b, va, vb, false);
      case OpKind::kLess:
        return less(op, a, b, va, vb, true);
      case OpKind::kGreaterEqual:
        return less(op, a, b, va, vb, false);
      case OpKind::kGreater:
        return less(op, b, a, vb, va, true);
      default:
        return less(op, b, a, vb, va, false);
    }
  }

  // a < b, or its opposite.
  void less(const Op& op, int a, int b, const ComparedValues& va,
            const ComparedValues& vb, bool wanted) {
    Ranks r = ranks(va, vb, false);
    if (!r.has_all) {
      return finish(a, r.first, b, r.threshold, op,
                    [=](int d) { return (d < 0) == wanted; });
    }
    if (!r.has_none) {
      // No threshold is 0, so all are told one lower: at most, not below.
      r.threshold = shifted(vb, va);
      return finish(a, r.first, b, r.threshold, op,
                    [=](int d) { return (d <= 0) == wanted; });
    }
    // The second operand has values below and above all of the first one's,
    // so the first one's lie among them: not b <= a.
    const Ranks other = ranks(vb, va, true);
    finish(b, other.first, a, other.threshold, op,
           [=](int d) { return (d < 0) != wanted; });
  }

  // Thresholds of less() less one.
  static Table shifted(const ComparedValues& vb, const ComparedValues& va) {
    std::vector<int32_t> values(va.begin(), va.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    Table table;
    for (size_t k = 0; k < 256; ++k) {
      const auto at = std::ranges::lower_bound(values, vb[k]);
      table[k] = byte_of(static_cast<int>(at - values.begin()) - 1);
    }
    return table;
  }

  void equal(const Op& op, int a, int b, const ComparedValues& va,
             const ComparedValues& vb, bool wanted) {
    const Ranks r = ranks(va, vb, false);
    if (r.always_found) {
      return finish(a, r.first, b, r.threshold, op,
                    [=](int d) { return (d == 0) == wanted; });
    }
    const int first = look_up(a, r.first), second = look_up(b, r.threshold);
    const Tensor& y = tensor(op.outputs[0]);
    const Shape shape = y.shape;
    const std::string name = y.name;
    const int d = binary(OpKind::kSub, first, second, shape, name);
    const int same = look_up(d, table_of([=](int v) {
                               return static_cast<int8_t>((v == 0) == wanted);
                             }));
    Table found = r.found;
    if (!wanted) {
      for (int8_t& f : found) f = f == 0 ? 1 : 0;
    }
    binary(wanted ? OpKind::kMinimum : OpKind::kMaximum, same,
           look_up(b, found), shape, name, op.outputs[0]);
  }

  // A byte where the condition holds, or where it does not, and another one.
  static Table truths_of(bool chosen, int8_t here, int8_t elsewhere) {
    return table_of(
        [=](int v) { return (v != 0) == chosen ? here : elsewhere; });
  }

  // Returns whether the operand is one constant, zero in the scale of y.
  bool is_zero(int x, int y) const {
    const Tensor& t = tensor(x);
    return t.constant && t.data.size() == 1 &&
           static_cast<int8_t>(t.data[0]) == tensor(y).zero();
  }

  // The product with a truth value: a scale of one leaves the byte as it is.
  bool select_or_zero(const Op& op) {
    const int c = op.inputs[0], y = op.outputs[0];
    for (const bool chosen : {true, false}) {
      const int x = op.inputs[chosen ? 1 : 2];
      const Tensor& value = tensor(x);
      const bool fits = is_zero(op.inputs[chosen ? 2 : 1], y) &&
                        !value.constant && !tensor(c).constant &&
                        value.scale() == tensor(y).scale() &&
                        value.zero() == tensor(y).zero();
      if (!fits) continue;
      const bool as_it_is = chosen && is_truth_[static_cast<size_t>(c)];
      const int by = as_it_is ? c : look_up(c, truths_of(chosen, 1, 0));
      add({OpKind::kMul, {x, by}, {y}, FusedAttr{}});
      return true;
    }
    return false;
  }

  // max(min(a, chosen), min(b, others)): what is not chosen is below all.
  void select(const Op& op) {
    if (select_or_zero(op)) return;
    const int c = op.inputs[0], a = op.inputs[1], b = op.inputs[2];
    const Tensor& y = tensor(op.outputs[0]);
    const Shape shape = y.shape;
    const std::string name = y.name;
    const auto mask = [&](bool chosen) {
      return look_up(c, truths_of(chosen, 127, -128));
    };
    const auto masked = [&](int x, bool chosen) {
      const Shape s = *broadcast_shape(tensor(x).shape, tensor(c).shape);
      return binary(OpKind::kMinimum, x, mask(chosen), s, name);
    };
    const int first = masked(a, true), second = masked(b, false);
    binary(OpKind::kMaximum, first, second, shape, name, op.outputs[0]);
  }

  Expanded result_;
  std::vector<bool> is_truth_;  // tensors of the graph whose bytes are 0 and 1
  int from_ = 0;
};

}  // namespace

bool has_expansions(const Graph& graph) {
  return std::ranges::any_of(graph.ops, [](const Op& op) {
    return op.kind == OpKind::kSelectV2 || is_comparison(op.kind);
  });
}

Expanded expand(const Graph& graph) { return Expansion(graph).run(); }

}  // namespace shoal
