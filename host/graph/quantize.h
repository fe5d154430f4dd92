// Integer parameters from scales: one function per formula, used by the
// oracle and by the lowering alike.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "host/graph/graph.h"

namespace shoal {

struct Multiplier {
  int32_t value = 0;
  int shift = 0;
  bool operator==(const Multiplier&) const = default;
};

// d as value * 2^(shift - 31): frexp, rounded to 31 bits; 2^31 becomes 2^30
// with shift + 1; a shift below -31 gives 0, 0; above 30 gives 2^31-1, 30.
Multiplier quantize_multiplier(double d);

// The clamp of a fused activation on an int8 output of this scale and zero
// point: zero + round(f32(v / scale)), cut to int8.
std::pair<int, int> activation_range(Activation, float scale, int zero);

// One per output channel; a weight scale per tensor is repeated. `single` is
// FULLY_CONNECTED's rule for one weight scale: the product in float32.
std::vector<Multiplier> channel_multipliers(const Tensor& input,
                                            const Tensor& weights,
                                            const Tensor& output, int channels,
                                            bool single_in_float);

// The 256 results of a unary int8 operator (QUANTIZE, RELU, RELU6,
// LEAKY_RELU, LOGISTIC, TANH, HARD_SWISH), indexed by byte + 128.
std::array<int8_t, 256> unary_table(const Graph&, const Op&);

}  // namespace shoal
