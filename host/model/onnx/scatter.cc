// Elements at constant places: those of the data or of the updates, side by
// side, and a choice of them (GATHER).
#include <algorithm>
#include <numeric>

#include "host/model/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

constexpr int64_t kMostRows = 65535;

// The elements of operand `i`, in the file's order, as that many rows of
// `each`.
int rows_of(OnnxCall& call, size_t i, int rows, int each) {
  const Value& v = call.in(i);
  if (v.is_constant()) {
    const std::vector<float>& values = call.floats(i, "an operand");
    return call.graph().constant(v.constant->name, {rows, each}, values);
  }
  return call.layouts()
      .ordered(call.layouts().reshaped(v, {rows, each}), {0, 1})
      .tensor;
}

Shape dims_of(OnnxCall& call, size_t i) {
  const Value& v = call.in(i);
  return v.is_constant() ? call.shape_of(v.constant->dims) : v.dims;
}

// Rows `picks` of a tensor of rows of `each`, as `dims`.
void choose(OnnxCall& call, int from, std::vector<int> picks, int each,
            const Shape& dims) {
  const auto rows = static_cast<int>(picks.size());
  const Value made = call.emit(OpKind::kGather, {from}, {rows, each}, {0, 1},
                               GatherAttr{0, 1, std::move(picks)}, ":chosen");
  call.set_output(0, call.layouts().reshaped(made, dims));
}

void check_rows(OnnxCall& call, int64_t rows) {
  call.require_at_most(kMostRows, "a choice", rows,
                       "choose from fewer elements");
}

// One number of an operand `indices` as a place among `size` ones.
int64_t place(OnnxCall& call, int64_t index, int size) {
  const int64_t at = index < 0 ? index + size : index;
  call.require(at >= 0 && at < size,
               text("index ", index, " of ", size, " elements"));
  return at;
}

// Flat places that indices along one axis name, the other axes counting on.
std::vector<int> places_along(OnnxCall& call, const Shape& data) {
  const std::vector<int64_t>& indices = call.numbers(1, "indices");
  const Shape sizes = call.shape_of(call.in(1).constant->dims);
  const auto axis =
      static_cast<size_t>(call.axis(call.integer("axis", 0), data.size()));
  call.require(
      sizes.size() == data.size(),
      text("indices of shape ", shape_text(sizes), " for ", shape_text(data)));
  for (size_t k = 0; k < sizes.size(); ++k) {
    call.require(k == axis || sizes[k] <= data[k],
                 text("indices of shape ", shape_text(sizes), " for ",
                      shape_text(data)));
  }
  check_rows(call, std::max(element_count(data), element_count(sizes)));
  std::vector<int> out;
  std::vector<int> at(sizes.size(), 0);
  for (const int64_t index : indices) {
    int64_t flat = 0;
    for (size_t k = 0; k < data.size(); ++k) {
      flat = flat * data[k] + (k == axis ? place(call, index, data[k]) : at[k]);
    }
    out.push_back(static_cast<int>(flat));
    for (size_t k = sizes.size(); k-- > 0 && ++at[k] == sizes[k];) at[k] = 0;
  }
  return out;
}

void gather_elements(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Shape data = call.data(0).dims;
  std::vector<int> picks = places_along(call, data);
  const auto count = static_cast<int>(element_count(data));
  const Shape dims = call.shape_of(call.in(1).constant->dims);
  choose(call, rows_of(call, 0, count, 1), std::move(picks), 1, dims);
}

// Row places[i] of the data becomes row i of the updates.
void replace(OnnxCall& call, const Shape& data, int rows, int each,
             const std::vector<int>& places) {
  const std::string reduction = call.word("reduction", "none");
  if (reduction != "none") {
    call.unsupported("reduction " + quoted(reduction) + "; use Add or Max");
  }
  if (call.in(0).is_constant()) call.data(2);
  const auto updates = static_cast<int>(places.size());
  check_rows(call, int64_t{rows} + updates);
  const int64_t given = element_count(dims_of(call, 2));
  call.require(given == int64_t{updates} * each,
               text("updates of ", given, " elements, expected ",
                    int64_t{updates} * each));
  std::vector<int> picks(static_cast<size_t>(rows));
  std::iota(picks.begin(), picks.end(), 0);
  for (int i = 0; i < updates; ++i) {
    picks[static_cast<size_t>(places[static_cast<size_t>(i)])] = rows + i;
  }
  const bool all_new =
      std::ranges::all_of(picks, [&](int p) { return p >= rows; });
  int from = rows_of(call, 2, updates, each);
  if (all_new) {
    for (int& p : picks) p -= rows;
  } else {
    from = joined(call, {rows_of(call, 0, rows, each), from}, 0);
  }
  choose(call, from, std::move(picks), each, data);
}

void scatter_elements(OnnxCall& call) {
  call.expect_inputs(3, 3);
  const Shape data = dims_of(call, 0);
  const std::vector<int> places = places_along(call, data);
  replace(call, data, static_cast<int>(element_count(data)), 1, places);
}

void scatter_nd(OnnxCall& call) {
  call.expect_inputs(3, 3);
  const Shape data = dims_of(call, 0);
  const std::vector<int64_t>& indices = call.numbers(1, "indices");
  const Shape sizes = call.shape_of(call.in(1).constant->dims);
  call.require(!sizes.empty() && sizes.back() <= static_cast<int>(data.size()),
               text("indices of shape ", shape_text(sizes)));
  const auto depth = static_cast<size_t>(sizes.back());
  int64_t rows = 1;
  for (size_t k = 0; k < depth; ++k) rows *= data[k];
  check_rows(call, std::max<int64_t>(
                       rows, static_cast<int64_t>(indices.size() / depth)));
  std::vector<int> places;
  for (size_t i = 0; i < indices.size(); i += depth) {
    int64_t at = 0;
    for (size_t k = 0; k < depth; ++k) {
      at = at * data[k] + place(call, indices[i + k], data[k]);
    }
    places.push_back(static_cast<int>(at));
  }
  replace(call, data, static_cast<int>(rows),
          static_cast<int>(element_count(data) / rows), places);
}

}  // namespace

bool convert_scatter(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "GatherElements") {
    gather_elements(call);
  } else if (type == "ScatterElements" || type == "Scatter") {
    scatter_elements(call);
  } else if (type == "ScatterND") {
    scatter_nd(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
