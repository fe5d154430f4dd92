// QDQ models: a float graph whose tensors carry the scales of the file's
// QuantizeLinear nodes becomes an int8 graph. Internal to host/model/onnx.
//
// The file means real arithmetic that is rounded once, to even. Results are
// marked so (Quantization::rounds_once), and each operator then rounds its sum
// or product once; halves go up, away from zero or, in tables, to even. So a
// result differs by one quantum at most, and only if the real value lies
// halfway between two quanta. SOFTMAX, averages whose windows reach over an
// edge, and bilinear resizing round twice.
//
// The int8 model's inputs are bytes: the file rounds them to even, a QUANTIZE
// would round halves away from zero. Outputs that the file dequantizes get a
// DEQUANTIZE, which is exact. uint8 becomes int8 by 128 less.
#pragma once

#include <string>
#include <vector>

#include "host/model/onnx/builder.h"

namespace shoal::onnx_import {

// Gives results that nothing rounds the scales of the only operator that reads
// them, if that only moves bytes; chains of operators that compute element by
// element between two rounded tensors become a FUNCTION.
void round_what_is_unrounded(GraphBuilder&);

// Rounds a constant's values to bytes of these scales.
void round_to(GraphBuilder&, int constant, const QuantNote&);

// Makes digits (host/model/graph/digits.h) of the products whose sums these
// outputs are, and whole numbers of the digits. Throws Error(kUnsupported) if
// others than RESHAPE, TRANSPOSE and joins lie behind a product.
void make_whole_numbers(GraphBuilder&, const std::vector<int>& outputs);

// Throws Error(kUnsupported) with every operator that has no int8 form.
// `float_outputs` says which outputs the file dequantizes.
void quantize_graph(GraphBuilder&, const std::vector<bool>& float_outputs);

}  // namespace shoal::onnx_import
