#include "host/plan/types/transposition.h"

#include <algorithm>
#include <cstring>

#include "device/program/params.h"
#include "host/base/error.h"

namespace shoal {
namespace {

constexpr int kAxes = 3, kSteps = 4;

// The ends of a box by axis: rows, columns, channels.
struct AxisEnds {
  int Box::*lo;
  int Box::*hi;
};
constexpr AxisEnds kAxisEnds[kAxes] = {
    {&Box::y0, &Box::y1}, {&Box::x0, &Box::x1}, {&Box::c0, &Box::c1}};

// The axes of a tensor in row-major order: where each begins, in elements.
struct RowMajor {
  explicit RowMajor(const Box& box)
      : of{int64_t{1} * box.columns() * box.channels(), box.channels(), 1} {}
  // Returns the axis in which steps of `stride` elements lie.
  int axis(int64_t stride) const {
    return stride >= of[0] ? 0 : stride >= of[1] ? 1 : 2;
  }
  // Returns the first end of an axis inside a digit; 0: it lies in one axis.
  int64_t end_inside(int64_t stride, int64_t size) const {
    for (const int64_t end : {of[1], of[0]}) {
      if (stride < end && end < stride * size) return end;
    }
    return 0;
  }
  std::array<int64_t, kAxes> of;
};

// `size` numbers, a step of which is `out` elements of the result and `in`
// elements of the operand.
struct Digit {
  int64_t size = 1, out = 1, in = 1;
};

class Digits {
 public:
  explicit Digits(const Layer& l) : out_(l.out.box), in_(l.in[0].box) {
    TransposeParams p{};
    if (l.params.size() * sizeof(int32_t) != sizeof p) return;
    std::memcpy(&p, l.params.data(), sizeof p);
    is_known_ = true;
    int64_t stride = 1;
    for (int i = kSteps; i-- > 0; stride *= p.size[i]) {
      add({p.size[i], stride, p.stride[i]});
    }
  }

  // False: a digit lies in two axes that cannot be told apart.
  bool is_known() const { return is_known_; }
  const std::vector<Digit>& all() const { return all_; }  // innermost first
  const RowMajor& out() const { return out_; }
  const RowMajor& in() const { return in_; }
  // Returns whether the digit is the outermost one of its axis of the result.
  bool is_outermost(const Digit& d) const {
    return std::ranges::none_of(all_, [&](const Digit& other) {
      return other.out > d.out && out_.axis(other.out) == out_.axis(d.out);
    });
  }
  bool is_outermost_of_operand(const Digit& d) const {
    return std::ranges::none_of(all_, [&](const Digit& other) {
      return other.in > d.in && in_.axis(other.in) == in_.axis(d.in);
    });
  }

 private:
  // Adds a digit, or its parts where an axis ends inside it.
  void add(Digit d) {
    if (d.size == 1) return;
    const int64_t out_end = out_.end_inside(d.out, d.size);
    const int64_t in_end = in_.end_inside(d.in, d.size);
    if (out_end == 0 && in_end == 0) {
      all_.push_back(d);
      return;
    }
    const int64_t end = out_end > 0 ? out_end : in_end;
    const int64_t stride = out_end > 0 ? d.out : d.in;
    const int64_t inner = end / stride;
    if (end % stride != 0 || d.size % inner != 0) {
      is_known_ = false;
      return;
    }
    add({inner, d.out, d.in});
    add({d.size / inner, d.out * inner, d.in * inner});
  }

  const RowMajor out_, in_;
  bool is_known_ = false;
  std::vector<Digit> all_;
};

TransposedAxes axes_of(const Digits& digits) {
  TransposedAxes axes;
  if (!digits.is_known()) return axes;
  for (const Digit& d : digits.all()) {
    if (!digits.is_outermost(d) || !digits.is_outermost_of_operand(d)) continue;
    const int to = digits.out().axis(d.out), from = digits.in().axis(d.in);
    axes[to] = {from, static_cast<int>(d.out / digits.out().of[to]),
                static_cast<int>(d.in / digits.in().of[from])};
  }
  return axes;
}

// The numbers of a digit that a box of the result has.
struct DigitPart {
  int64_t lo = 0, hi = 1;
  int64_t size() const { return hi - lo; }
};

// Returns the part of each digit. Where the elements of the box are not all
// combinations of some numbers of each digit, the parts hold more.
std::vector<DigitPart> parts_of(const Digits& digits, const Box& all,
                                const Box& out) {
  std::vector<DigitPart> parts(digits.all().size());
  for (int axis = 0; axis < kAxes; ++axis) {
    const auto [lo, hi] = kAxisEnds[axis];
    int64_t first = out.*lo - all.*lo, last = out.*hi - all.*lo - 1;
    bool is_fixed = true;  // all outer digits have one number
    for (size_t i = parts.size(); i-- > 0;) {
      const Digit& d = digits.all()[i];
      if (digits.out().axis(d.out) != axis) continue;
      const int64_t step = d.out / digits.out().of[axis];
      parts[i] = {0, d.size};
      if (!is_fixed) continue;
      parts[i] = {first / step, last / step + 1};
      is_fixed = parts[i].size() == 1;
      first %= step, last %= step;
    }
  }
  return parts;
}

int64_t product(const std::vector<DigitPart>& parts) {
  int64_t product = 1;
  for (const DigitPart& p : parts) product *= p.size();
  return product;
}

Box operand_of(const Digits& digits, const Box& all,
               const std::vector<DigitPart>& parts) {
  Box in = all;
  for (const auto [lo, hi] : kAxisEnds) in.*hi = in.*lo + 1;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Digit& d = digits.all()[i];
    const int axis = digits.in().axis(d.in);
    const auto [lo, hi] = kAxisEnds[axis];
    const int64_t step = d.in / digits.in().of[axis];
    in.*lo += static_cast<int>(parts[i].lo * step);
    in.*hi += static_cast<int>((parts[i].hi - 1) * step);
  }
  return in;
}

// Returns the parameters that put steps of these sizes and strides, innermost
// first, into the order of the result; nothing if they are too many.
std::vector<int32_t> params_of(const std::vector<Digit>& steps) {
  if (steps.size() > kSteps) return {};
  TransposeParams p{{1, 1, 1, 1}, {0, 0, 0, 0}};
  for (size_t k = 0; k < steps.size(); ++k) {
    p.size[kSteps - 1 - k] = static_cast<int32_t>(steps[k].size);
    p.stride[kSteps - 1 - k] = static_cast<int32_t>(steps[k].in);
  }
  std::vector<int32_t> params(sizeof p / sizeof(int32_t));
  std::memcpy(params.data(), &p, sizeof p);
  return params;
}

// Returns the digits of a share, whose strides are those of the operand's box;
// digits that stay neighbours are one.
std::vector<Digit> share_steps(const Digits& digits,
                               const std::vector<DigitPart>& parts) {
  std::vector<size_t> by_operand;
  for (size_t i = 0; i < parts.size(); ++i) by_operand.push_back(i);
  std::ranges::sort(by_operand, {},
                    [&](size_t i) { return digits.all()[i].in; });
  std::vector<int64_t> strides(parts.size());
  int64_t stride = 1;
  for (const size_t i : by_operand) {
    strides[i] = stride;
    stride *= parts[i].size();
  }
  std::vector<Digit> steps;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t size = parts[i].size();
    if (size == 1) continue;
    if (!steps.empty() && strides[i] == steps.back().in * steps.back().size) {
      steps.back().size *= size;
    } else {
      steps.push_back({size, 1, strides[i]});
    }
  }
  return steps;
}

}  // namespace

TransposedAxes transposed_axes(const Layer& l) { return axes_of(Digits(l)); }

Box transposed_share(const Layer& l, const Box& out) {
  Box share = l.out.box;
  const TransposedAxes axes = transposed_axes(l);
  for (int axis = 0; axis < kAxes; ++axis) {
    const TransposedAxis& a = axes[axis];
    if (a.from < 0) continue;
    const auto [lo, hi] = kAxisEnds[axis];
    const int first = share.*lo;
    share.*lo = first + (out.*lo - first) / a.granule * a.granule;
    share.*hi =
        first + (out.*hi - first + a.granule - 1) / a.granule * a.granule;
  }
  return share;
}

Box transposed_from(const Layer& l, const Box& out) {
  const Box& in = l.in[0].box;
  if (out == l.out.box) return in;
  const Digits digits(l);
  if (!digits.is_known()) return in;
  return operand_of(digits, in, parts_of(digits, l.out.box, out));
}

std::optional<Box> transposed_to(const Layer& l, const Box& in) {
  Box out = l.out.box;
  const Box& all = l.in[0].box;
  if (in == all) return out;
  const TransposedAxes axes = transposed_axes(l);
  for (int to = 0; to < kAxes; ++to) {
    const TransposedAxis& a = axes[to];
    if (a.from < 0) continue;
    const auto [lo, hi] = kAxisEnds[to];
    const auto [from_lo, from_hi] = kAxisEnds[a.from];
    const int first = out.*lo;
    out.*lo = first + (in.*from_lo - all.*from_lo) / a.unit * a.granule;
    out.*hi = first + (in.*from_hi - all.*from_lo) / a.unit * a.granule;
  }
  if (out.empty() || transposed_from(l, out) != in ||
      out.elements() != in.elements()) {
    return std::nullopt;
  }
  return out;
}

std::vector<int32_t> transposed_params(const Layer& l, const Box& in,
                                       const Box& out) {
  if (out == l.out.box && in == l.in[0].box) return l.params;
  std::vector<int32_t> params;
  if (const Digits digits(l); digits.is_known()) {
    const std::vector<DigitPart> parts = parts_of(digits, l.out.box, out);
    const bool is_box = product(parts) == out.elements() &&
                        operand_of(digits, l.in[0].box, parts) == in &&
                        in.elements() == out.elements();
    if (is_box) params = params_of(share_steps(digits, parts));
  }
  if (params.empty()) {
    throw Error(Exit::kInternal, l.name + ": no share of a transposition");
  }
  return params;
}

}  // namespace shoal
