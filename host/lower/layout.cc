#include "host/lower/layout.h"

#include <algorithm>
#include <numeric>

namespace shoal {
namespace {

// Axes of both shapes in the smallest blocks of equal element counts.
struct AxisBlock {
  int a0, a1, b0, b1;
};

std::vector<AxisBlock> match_blocks(const Shape& a, const Shape& b) {
  std::vector<AxisBlock> blocks;
  int i = 0, j = 0;
  const int na = static_cast<int>(a.size()), nb = static_cast<int>(b.size());
  while (i < na && j < nb) {
    AxisBlock k{i, i + 1, j, j + 1};
    int64_t pa = a[i++], pb = b[j++];
    while (pa != pb) {
      if (pa < pb) {
        pa *= a[i++];
      } else {
        pb *= b[j++];
      }
    }
    k.a1 = i;
    k.b1 = j;
    blocks.push_back(k);
  }
  return blocks;
}

}  // namespace

Extent extent_of(const Box& b) { return {b.rows(), b.columns(), b.channels()}; }

bool legal(const Extent& c) {
  return c.rows <= kMaxRows && c.columns <= kMaxColumns &&
         c.channels <= kMaxChannels && c.elements() < kMaxBoxBytes;
}

Extent canonical_extent(const Shape& s) {
  const int rank = static_cast<int>(s.size());
  Extent c;
  if (rank >= 1) c.channels = s[rank - 1];
  if (rank == 2) c.rows = s[0];
  if (rank < 3) return c;
  if (rank == 3 && s[0] == 1) {
    c.rows = s[1];
    return c;
  }
  c.columns = s[rank - 2];
  for (int k = 0; k < rank - 2; ++k) c.rows *= s[k];
  return c;
}

Extent legal_extent(const Shape& s) {
  const Extent c = canonical_extent(s);
  const int64_t pixels = int64_t{1} * c.rows * c.columns;
  if (legal(c) || pixels > kMaxRows) return c;
  return {static_cast<int>(pixels), 1, c.channels};
}

Shape squeezed(const Shape& s) {
  Shape out;
  std::copy_if(s.begin(), s.end(), std::back_inserter(out),
               [](int n) { return n != 1; });
  return out;
}

bool is_identity(const std::vector<int>& order) {
  return std::is_sorted(order.begin(), order.end());
}

std::vector<int> identity_order(int rank) {
  std::vector<int> order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Shape permuted(const Shape& s, const std::vector<int>& order) {
  Shape out;
  for (int axis : order) out.push_back(s[axis]);
  return out;
}

std::optional<Value> relabel(const Value& v, const Shape& to) {
  const Shape shape = squeezed(to);
  if (v.shape == shape) return Value{v.view, shape, v.order};
  if (is_identity(v.order)) {
    return Value{v.view, shape, identity_order(static_cast<int>(shape.size()))};
  }
  Value out{v.view, shape, {}};
  const std::vector<AxisBlock> blocks = match_blocks(v.shape, shape);
  for (size_t k = 0; k < v.order.size();) {
    const int axis = v.order[k];
    const auto block = std::find_if(
        blocks.begin(), blocks.end(),
        [&](const AxisBlock& b) { return b.a0 <= axis && axis < b.a1; });
    const int count = block->a1 - block->a0;
    if (block->b1 - block->b0 == count &&
        std::equal(v.shape.begin() + block->a0, v.shape.begin() + block->a1,
                   shape.begin() + block->b0)) {
      out.order.push_back(block->b0 + axis - block->a0);
      ++k;
      continue;
    }
    for (int n = 0; n < count; ++n) {
      if (k + n >= v.order.size() || v.order[k + n] != block->a0 + n) {
        return std::nullopt;
      }
    }
    for (int b = block->b0; b < block->b1; ++b) out.order.push_back(b);
    k += count;
  }
  return out;
}

std::vector<int64_t> placed_elements(const Shape& shape,
                                     const std::vector<int>& order) {
  std::vector<int64_t> stride(shape.size(), 1);
  for (int k = static_cast<int>(shape.size()) - 2; k >= 0; --k) {
    stride[k] = stride[k + 1] * shape[k + 1];
  }
  std::vector<int64_t> elements{0};
  for (int axis : order) {
    std::vector<int64_t> next;
    next.reserve(elements.size() * shape[axis]);
    for (int64_t base : elements) {
      for (int i = 0; i < shape[axis]; ++i) {
        next.push_back(base + i * stride[axis]);
      }
    }
    elements = std::move(next);
  }
  return elements;
}

std::vector<int> full_order(const Value& v, const Shape& shape) {
  const int rank = static_cast<int>(shape.size());
  if (is_identity(v.order)) return identity_order(rank);
  std::vector<int> big;
  for (int k = 0; k < rank; ++k) {
    if (shape[k] != 1) big.push_back(k);
  }
  std::vector<int> full;
  for (int axis : v.order) full.push_back(big[axis]);
  for (int k = 0; k < rank; ++k) {
    if (shape[k] != 1) continue;
    const auto before = std::find(full.begin(), full.end(), k - 1);
    full.insert(before == full.end() ? full.begin() : before + 1, k);
  }
  return full;
}

std::vector<int> squeezed_order(const std::vector<int>& full,
                                const Shape& shape) {
  std::vector<int> number(shape.size());
  int count = 0;
  for (size_t k = 0; k < shape.size(); ++k) {
    number[k] = shape[k] == 1 ? -1 : count++;
  }
  std::vector<int> order;
  for (int axis : full) {
    if (number[axis] >= 0) order.push_back(number[axis]);
  }
  return order;
}

Extent group_sizes(const std::vector<int>& sizes, int i, int j) {
  Extent c;
  for (int k = 0; k < static_cast<int>(sizes.size()); ++k) {
    (k < i ? c.rows : k < j ? c.columns : c.channels) *= sizes[k];
  }
  return c;
}

std::optional<AxisMaps> group_axes(const std::vector<AxisMap>& axes, int i,
                                   int j) {
  AxisMaps groups;
  const int end[] = {i, j, static_cast<int>(axes.size())};
  for (int g = 0, k = 0; g < 3; ++g) {
    AxisMap& m = groups[g];
    for (; k < end[g]; ++k) {
      const AxisMap& a = axes[k];
      if (!a.touched()) {
        // A touched axis outside this one advances in steps of its size.
        if (m.touched() && m.stride != 1 && m.out != 1 && a.in != 1) {
          return std::nullopt;
        }
        m.begin *= a.in;
        m.in *= a.in;
        m.out *= a.in;
      } else if (m.in == 1 && m.out == 1) {
        m = a;
      } else {
        return std::nullopt;
      }
    }
  }
  return groups;
}

std::optional<AxisSplit> choose_cut(
    int rank, const std::vector<std::optional<Extent>>& have,
    const Extent& usual, const NeededExtents& needed) {
  std::optional<AxisSplit> best;
  std::array<int64_t, 3> best_score{};
  for (int i = 0; i <= rank; ++i) {
    for (int j = i; j <= rank; ++j) {
      const auto extents = needed(i, j);
      if (!extents || !std::all_of(extents->begin(), extents->end(), legal)) {
        continue;
      }
      std::array<int64_t, 3> score{};
      for (size_t k = 0; k < have.size(); ++k) {
        if (have[k] && *have[k] == (*extents)[k]) {
          score[0] += have[k]->elements();
        }
      }
      score[1] = extents->front() == usual;
      const Extent& first = extents->front();
      score[2] = -(first.rows + first.row_elements());
      if (!best || score > best_score) {
        best = AxisSplit{i, j, *extents};
        best_score = score;
      }
    }
  }
  return best;
}

}  // namespace shoal
