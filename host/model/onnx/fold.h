// Rearranging constants. Internal to host/model/onnx.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {

// Elements `from` of the constant, under new sizes.
OnnxTensor picked(const OnnxTensor&, const std::vector<int64_t>& dims,
                  const std::vector<int64_t>& from);
// A constant of this type holding nothing yet.
OnnxTensor of_type(const OnnxTensor& like, const std::vector<int64_t>& dims);

// Limits a result before its elements are made.
void check_fold_size(OnnxCall&, const std::vector<int64_t>& dims);
// How far apart a row-major constant's elements lie along each axis, and the
// indices of a walk with such steps.
std::vector<int64_t> row_major_steps(const std::vector<int64_t>& dims);
std::vector<int64_t> strided_walk(const std::vector<int64_t>& counts,
                                  const std::vector<int64_t>& steps,
                                  int64_t first);

// See fold_arithmetic.cc.
void fold_cast(OnnxCall&);
void fold_binary(OnnxCall&);
void fold_unary(OnnxCall&);
void fold_clip(OnnxCall&);
void fold_comparison(OnnxCall&);
void fold_not(OnnxCall&);
void fold_where(OnnxCall&);
void fold_expand(OnnxCall&);
void fold_tile(OnnxCall&);

// Several families read these from a node, for constants and tensors alike.
// First, the sizes that Reshape, Squeeze, Unsqueeze and Flatten give.
std::vector<int64_t> reshape_dims(const OnnxCall&,
                                  const std::vector<int64_t>& dims);
// The range of one axis in a Slice, as NumPy cuts it.
struct Cut {
  int64_t begin = 0, count = 0, step = 1;
};
std::vector<Cut> slice_cuts(const OnnxCall&, const std::vector<int64_t>& dims);
std::vector<int64_t> permutation(const OnnxCall&, size_t rank);

}  // namespace shoal::onnx_import
