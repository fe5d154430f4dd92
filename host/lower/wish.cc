#include "host/lower/wish.h"

#include <algorithm>

#include "host/lower/line.h"
#include "host/lower/turn.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

using Wishes = std::vector<std::optional<Wish>>;

Wish file_order(const Shape& s) {
  return {identity_order(static_cast<int>(s.size())), canonical_extent(s)};
}

std::optional<Wish> fully_connected_wish(const Graph& g, const Op& op) {
  const Shape& s = g.tensors[op.inputs[0]].shape;
  const int length = g.tensors[op.inputs[1]].shape[1];
  const int64_t count = element_count(s) / length;
  if (count == 1) return std::nullopt;
  Wish w = file_order(s);
  if (w.extent.channels != length && w.extent.row_elements() != length) {
    w.extent = {static_cast<int>(count), 1, length};
  }
  return w;
}

// The same placed sequence, in the axes of another shape.
std::optional<Wish> reshaped(const Wish& w, const Shape& from,
                             const Shape& to) {
  const Value v{{}, squeezed(from), squeezed_order(w.order, from)};
  const auto own = relabel(v, to);
  if (!own) return std::nullopt;
  return Wish{full_order(*own, to), w.extent};
}

// Follows the result's wish where the operator works in any order.
std::optional<Wish> passed_on(const Graph& g, const Op&, int x, const Wish& of,
                              const Shape& out) {
  const Shape& in = g.tensors[x].shape;
  if (in == out) return of;
  if (in.size() != out.size()) return std::nullopt;
  const Shape from = permuted(in, of.order), to = permuted(out, of.order);
  const Extent usual = canonical_extent(from);
  if (of.extent == canonical_extent(to)) return Wish{of.order, usual};
  return Wish{of.order,
              of.extent == line_extent(to) ? line_extent(from) : usual};
}

std::optional<Wish> transposed(const Graph&, const Op& op, int, const Wish& of,
                               const Shape&) {
  Wish w = of;
  for (int& axis : w.order) axis = std::get<TransposeAttr>(op.attr).perm[axis];
  return w;
}

std::optional<Wish> reshaped_back(const Graph& g, const Op&, int x,
                                  const Wish& of, const Shape& out) {
  return reshaped(of, out, g.tensors[x].shape);
}

std::optional<Wish> gathered(const Graph& g, const Op& op, int x,
                             const Wish& of, const Shape& out) {
  const auto& a = std::get<GatherAttr>(op.attr);
  const bool same_axes =
      a.count == 1 && g.tensors[x].shape.size() == out.size();
  return same_axes ? passed_on(g, op, x, of, out) : std::nullopt;
}

// How the wish for a result becomes one for the operand; none for operators
// that have wishes of their own.
using Follow = std::optional<Wish> (*)(const Graph&, const Op&, int x,
                                       const Wish&, const Shape& out);
constexpr ByClass<Follow> kFollow({{OpClass::kTranspose, transposed},
                                   {OpClass::kReshape, reshaped_back},
                                   {OpClass::kConvolution, nullptr},
                                   {OpClass::kFullyConnected, nullptr},
                                   {OpClass::kPool, nullptr},
                                   {OpClass::kReduce, nullptr},
                                   {OpClass::kResize, nullptr},
                                   {OpClass::kBlocks, nullptr},
                                   {OpClass::kMatmul, nullptr},
                                   {OpClass::kRecurrent, nullptr},
                                   {OpClass::kRunning, nullptr},
                                   {OpClass::kArg, nullptr},
                                   {OpClass::kCast, nullptr},
                                   {OpClass::kBilinear, nullptr},
                                   {OpClass::kGather, gathered},
                                   {OpClass::kBatches, nullptr},
                                   {OpClass::kSoftmax, nullptr}},
                                  passed_on);

std::optional<Wish> operand_wish(const Graph& g, const Op& op, int x,
                                 const Wishes& wishes, bool turned) {
  const OpClass cls = class_of(op.kind);
  if (cls == OpClass::kFullyConnected) return fully_connected_wish(g, op);
  if (cls == OpClass::kReduce) return std::nullopt;
  if (kFollow[cls] == nullptr) {
    const Shape& s = g.tensors[x].shape;
    Wish w = file_order(s);
    if (x == op.inputs[0]) w.extent = window_extent(g, op);
    if (!turned || w.extent != canonical_extent(s)) return w;
    return Wish{turned_order(), canonical_extent(permuted(s, turned_order()))};
  }
  for (int y : op.outputs) {
    if (wishes[y])
      return kFollow[cls](g, op, x, *wishes[y], g.tensors[y].shape);
  }
  return std::nullopt;
}

// The wish of most readers.
std::optional<Wish> elected(const std::vector<Wish>& votes) {
  const Wish* best = nullptr;
  std::ptrdiff_t most = 0;
  for (const Wish& w : votes) {
    const auto count = std::count(votes.begin(), votes.end(), w);
    if (count > most) {
      most = count;
      best = &w;
    }
  }
  if (!best) return std::nullopt;
  return *best;
}

}  // namespace

Wishes find_wishes(const Graph& g, const std::vector<bool>& turned) {
  Wishes wishes(g.tensors.size());
  std::vector<std::vector<Wish>> votes(g.tensors.size());
  for (auto op = g.ops.rbegin(); op != g.ops.rend(); ++op) {
    for (int y : op->outputs) wishes[y] = elected(votes[y]);
    for (int x : op->inputs) {
      if (x < 0 || g.tensors[x].constant) continue;
      if (auto w = operand_wish(g, *op, x, wishes, turned[x])) {
        votes[x].push_back(*w);
      }
    }
  }
  for (int t : g.inputs) wishes[t] = elected(votes[t]);
  return wishes;
}

}  // namespace shoal
