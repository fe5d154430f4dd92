// Where the elements of a file tensor lie: the algebra of axis orders and of
// rows x columns x channels. Pure functions on small values; owns nothing
// that outlives the lowering.
//
// Axes of size 1 move no byte, so a Value speaks of the others only: its
// `shape` are the sizes above 1 of some row-major shape with the tensor's
// elements, `order` says which of them comes first, second, ... in the
// network. The elements placed in that order are cut into the rows, columns
// and channels of the view's box. A RESHAPE of a permuted value may keep the
// older shape; relabel() turns it into the new one where that is possible.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "host/lower/net.h"

namespace shoal {

// Numbers of rows, columns and channels: a box without its place.
struct Extent {
  int rows = 1, columns = 1, channels = 1;
  int64_t elements() const { return int64_t{1} * rows * columns * channels; }
  int64_t row_elements() const { return int64_t{1} * columns * channels; }
  bool operator==(const Extent&) const = default;
};
Extent extent_of(const Box&);
// Returns whether a program can have a tensor of these sizes.
bool legal(const Extent&);

// Rank 4: n*h, w, c; rank 3 as it is, but a sequence (1, t, c) has t rows;
// rank 2: a, 1, b; rank 1: 1, 1, c; ranks above 4 merge their leading axes into
// rows.
Extent canonical_extent(const Shape&);

// The same where a program can have it, else with a row for each pixel.
Extent legal_extent(const Shape&);

struct Value {
  View view;
  Shape shape;             // sizes above 1, row-major
  std::vector<int> order;  // placed axis k is axis order[k] of `shape`
};

Shape squeezed(const Shape&);
bool is_identity(const std::vector<int>&);
std::vector<int> identity_order(int rank);
Shape permuted(const Shape&, const std::vector<int>& order);

// The same bytes as a value of another row-major shape with as many
// elements; nothing if the placed order cannot be told in its axes.
std::optional<Value> relabel(const Value&, const Shape&);

// For each placed position, the row-major number of its element in `shape`.
std::vector<int64_t> placed_elements(const Shape& shape,
                                     const std::vector<int>& order);

// The placed order of all axes of `shape`, those of size 1 included; the
// value's shape must be squeezed(shape).
std::vector<int> full_order(const Value&, const Shape& shape);
// The way back: drops axes of size 1 and renumbers.
std::vector<int> squeezed_order(const std::vector<int>& full,
                                const Shape& shape);

// An axis of an operator that takes output index i from input index
// begin + i * stride; outside [0, in) lies the fill.
struct AxisMap {
  int in = 1, out = 1, begin = 0, stride = 1;
  bool touched() const { return in != out || begin != 0 || stride != 1; }
};
// The same for rows, columns and channels.
using AxisMaps = std::array<AxisMap, 3>;

// Groups axes [0, i), [i, j), [j, end) into rows, columns and channels. No
// result if an index of a group is not linear in that of its touched axis.
std::optional<AxisMaps> group_axes(const std::vector<AxisMap>& axes, int i,
                                   int j);
// Sizes of the three groups.
Extent group_sizes(const std::vector<int>& sizes, int i, int j);

// Chooses where to cut `rank` placed axes into three groups: `needed` gives
// the extent of each operand for a cut, or nothing if the cut is of no use.
// Takes the cut that fits most bytes as they lie (`have`), then the one with
// `usual` for the first operand, then neither many rows nor long ones.
struct AxisSplit {
  int i = 0, j = 0;
  std::vector<Extent> extents;
};
using NeededExtents =
    std::function<std::optional<std::vector<Extent>>(int i, int j)>;
std::optional<AxisSplit> choose_cut(
    int rank, const std::vector<std::optional<Extent>>& have,
    const Extent& usual, const NeededExtents& needed);

}  // namespace shoal
