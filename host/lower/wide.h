// Layers with int16 elements: their parameters. Internal to host/lower.
#pragma once

#include "host/lower/builder.h"
#include "host/model/graph/wide.h"

namespace shoal {

// Adds WideParams behind the layer's own parameters.
void add_wide_params(Layer&, Activation, float output_scale,
                     bool long_sums = false);
// Sets bias, multipliers and shifts of the current operator, and its
// parameters.
void set_wide_weights(const Builder&, Activation, bool single_in_float, Layer&);
// The current operator, element by element.
void lower_wide_unary(Builder&);

}  // namespace shoal
