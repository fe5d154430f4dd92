// Orders of axes: transposes that are only noted, reshapes that wait, and the
// operators for what remains.
#include <algorithm>
#include <numeric>

#include "host/base/error.h"
#include "host/model/onnx/value.h"

namespace shoal::onnx_import {
namespace {

// A reshape splits into groups of neighbouring axes with equal products:
// [1, 8, 4, 6] to [1, 8, 24] has {0}->{0}, {1}->{1}, {2, 3}->{2}. Axes of
// size one belong to none.
struct Group {
  Axes from, to;
};

std::vector<Group> groups_of(const Shape& from, const Shape& to) {
  std::vector<Group> groups;
  size_t i = 0, j = 0;
  const auto skip = [](const Shape& shape, size_t& at) {
    while (at < shape.size() && shape[at] == 1) ++at;
    return at < shape.size();
  };
  while (skip(from, i) && skip(to, j)) {
    Group group;
    int64_t a = 1, b = 1;
    do {
      if (a <= b) {
        if (!skip(from, i)) break;
        a *= from[i];
        group.from.push_back(static_cast<int>(i++));
      } else {
        if (!skip(to, j)) break;
        b *= to[j];
        group.to.push_back(static_cast<int>(j++));
      }
    } while (a != b);
    groups.push_back(std::move(group));
  }
  return groups;
}

// Without the axes of size one.
Axes essential(const Axes& order, const Shape& dims) {
  Axes out;
  for (const int axis : order) {
    if (dims[static_cast<size_t>(axis)] != 1) out.push_back(axis);
  }
  return out;
}

// An order of all axes of `dims` in which the essential ones are as given.
Axes complete(const Axes& wanted, const Shape& dims) {
  const Axes usual = usual_order(dims.size());
  if (essential(usual, dims) == wanted) return usual;
  Axes out;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) out.push_back(static_cast<int>(i));
  }
  out.insert(out.end(), wanted.begin(), wanted.end());
  return out;
}

// Groups in the order in which the first of their axes lies.
void sort_groups(std::vector<Group>& groups, const Axes& order) {
  const auto first = [&](const Group& group) {
    int place = static_cast<int>(order.size());
    for (const int axis : group.from) {
      place = std::min(place, place_of(order, axis));
    }
    return place;
  };
  std::stable_sort(
      groups.begin(), groups.end(),
      [&](const Group& a, const Group& b) { return first(a) < first(b); });
}

}  // namespace

Axes usual_order(size_t rank) {
  if (rank == 4) return {0, 2, 3, 1};
  Axes order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Shape permuted(const Shape& dims, const Axes& order) {
  Shape out;
  for (const int axis : order) out.push_back(dims[static_cast<size_t>(axis)]);
  return out;
}

int place_of(const Axes& order, int axis) {
  return static_cast<int>(std::find(order.begin(), order.end(), axis) -
                          order.begin());
}

// The same elements in another shape or order; what is known of them stays.
int Layouts::move(OpKind kind, const Value& v, const Shape& shape, Attr attr) {
  const QuantNote note = builder_.note(v.tensor);
  const int made =
      builder_.op(kind, {v.tensor}, v.name, shape, std::move(attr));
  builder_.note(made) = note;
  return made;
}

Value Layouts::settled(const Value& v) {
  if (!v.before) return v;
  std::vector<Group> groups = groups_of(*v.before, v.dims);
  sort_groups(groups, v.order);
  Axes wanted, essential_result;
  for (const Group& g : groups) {
    wanted.insert(wanted.end(), g.from.begin(), g.from.end());
    essential_result.insert(essential_result.end(), g.to.begin(), g.to.end());
  }
  Value from = v;
  from.dims = *v.before;
  from.before.reset();
  if (essential(v.order, from.dims) != wanted) {
    from = ordered(from, complete(wanted, from.dims));
  }
  Value out = v;
  out.before.reset();
  out.order = complete(essential_result, v.dims);
  const Shape shape = permuted(v.dims, out.order);
  out.tensor = from.tensor;
  if (builder_.shape(from.tensor) != shape) {
    out.tensor = move(OpKind::kReshape, from, shape);
  }
  return out;
}

Value Layouts::ordered(const Value& v, const Axes& order) {
  Value out = settled(v);
  if (out.order == order) return out;
  if (essential(out.order, out.dims) == essential(order, out.dims)) {
    out.tensor = move(OpKind::kReshape, out, permuted(out.dims, order));
  } else {
    Axes perm;
    for (const int axis : order) perm.push_back(place_of(out.order, axis));
    out.tensor = move(OpKind::kTranspose, out, permuted(out.dims, order),
                      TransposeAttr{perm});
  }
  out.order = order;
  return out;
}

Value Layouts::reshaped(const Value& v, const Shape& dims) {
  Value out = v;
  if (!out.before) out.before = v.dims;
  out.dims = dims;
  if (*out.before == dims) {
    out.before.reset();
  } else {
    out.turned = false;
  }
  return out;
}

Value Layouts::transposed(const Value& v, const Axes& perm) {
  Value out = settled(v);
  // The tensor stays; its axes have other numbers.
  for (int& axis : out.order) axis = place_of(perm, axis);
  out.dims = permuted(out.dims, perm);
  out.turned = true;
  return out;
}

Value Layouts::padded(const Value& v, size_t rank) {
  if (v.rank() >= rank) return v;
  Shape dims = v.dims;
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return reshaped(v, dims);
}

int Layouts::last_axis(const Value& v) {
  if (v.order.empty()) return -1;
  const Axes last{v.order.back()};
  if (!v.before) return last[0];
  for (const Group& g : groups_of(*v.before, v.dims)) {
    if (g.from == last && g.to.size() == 1) return g.to[0];
  }
  return -1;
}

std::vector<float> Layouts::laid_out(const std::vector<float>& values,
                                     const Shape& dims, const Axes& order) {
  Shape full = dims;
  full.insert(full.begin(), order.size() - dims.size(), 1);
  std::vector<size_t> steps(full.size());
  size_t step = 1;
  for (size_t i = full.size(); i-- > 0;) {
    steps[i] = step;
    step *= static_cast<size_t>(full[i]);
  }
  std::vector<float> out(values.size());
  std::vector<int> at(order.size(), 0);
  for (float& v : out) {
    size_t offset = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      offset +=
          steps[static_cast<size_t>(order[i])] * static_cast<size_t>(at[i]);
    }
    v = values[offset];
    for (size_t i = order.size(); i-- > 0;) {
      if (++at[i] < full[static_cast<size_t>(order[i])]) break;
      at[i] = 0;
    }
  }
  return out;
}

}  // namespace shoal::onnx_import
