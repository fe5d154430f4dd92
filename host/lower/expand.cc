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

  // Makes the result of f, a function of the sign of the difference of two
  // bytes.
  template <class F>
  void finish(int a, int b, const Op& op, F f) {
    const Tensor& y = tensor(op.outputs[0]);
    const Shape shape = y.shape;
    const std::string name = y.name;
    const int d = binary(OpKind::kSub, a, b, shape, name);
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
      return finish(look_up(a, r.first), look_up(b, r.threshold), op,
                    [=](int d) { return (d < 0) == wanted; });
    }
    if (!r.has_none) {
      // No threshold is 0, so all are told one lower: at most, not below.
      r.threshold = shifted(vb, va);
      return finish(look_up(a, r.first), look_up(b, r.threshold), op,
                    [=](int d) { return (d <= 0) == wanted; });
    }
    // The second operand has values below and above all of the first one's,
    // so the first one's lie among them: not b <= a.
    const Ranks other = ranks(vb, va, true);
    finish(look_up(b, other.first), look_up(a, other.threshold), op,
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
    const int first = look_up(a, r.first), second = look_up(b, r.threshold);
    if (r.always_found) {
      return finish(first, second, op,
                    [=](int d) { return (d == 0) == wanted; });
    }
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

  // max(min(a, chosen), min(b, others)): what is not chosen is below all.
  void select(const Op& op) {
    const int c = op.inputs[0], a = op.inputs[1], b = op.inputs[2];
    const Tensor& y = tensor(op.outputs[0]);
    const Shape shape = y.shape;
    const std::string name = y.name;
    const auto mask = [&](bool chosen) {
      return look_up(
          c, table_of([=](int v) {
            return static_cast<int8_t>((v != 0) == chosen ? 127 : -128);
          }));
    };
    const auto masked = [&](int x, bool chosen) {
      const Shape s = *broadcast_shape(tensor(x).shape, tensor(c).shape);
      return binary(OpKind::kMinimum, x, mask(chosen), s, name);
    };
    const int first = masked(a, true), second = masked(b, false);
    binary(OpKind::kMaximum, first, second, shape, name, op.outputs[0]);
  }

  Expanded result_;
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
