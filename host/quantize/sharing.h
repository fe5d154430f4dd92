// Which tensors have one scale in common, and where that needs a QUANTIZE.
//
// Operators that move bytes, pools and RELU6 keep the scale of what they
// read. Operators that choose or collect among several operands (CONCATENATION,
// MAXIMUM, MINIMUM) want one scale on all of them: operands take the common
// one, unless theirs is given (the input's, or that of SOFTMAX, LOGISTIC, TANH)
// or unless others read them too and would lose more than a bit.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "host/quantize/ranges.h"

namespace shoal {

// Every operand that has values: not weights and biases.
bool is_weights_operand(const Op&, size_t operand);
// LOGISTIC, TANH, SOFTMAX: what TensorFlow Lite demands of the result.
std::optional<Params> fixed_params(OpKind, bool int16 = false);
// Returns whether the result has the scale of the (first) operand.
bool keeps_scale(OpKind);
bool joins_operands(OpKind);

struct Scales {
  std::vector<Params> params;  // by tensor
  // Operator and operand number: a QUANTIZE to the result's scale.
  std::set<std::pair<int, int>> requantized;
};

// `seen`: histograms by tensor, of constant operands too. Throws
// Error: kUsage if an input or a state is zero in all frames, kUnsupported if
// all outputs are.
Scales choose_scales(const Graph&, const std::vector<Histogram>& seen,
                     const QuantizeOptions&);

}  // namespace shoal
