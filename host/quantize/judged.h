// Judges each input, output and layer alone.
#pragma once

#include <vector>

#include "host/quantize/int8_run.h"
#include "host/quantize/quantize.h"

namespace shoal {

// Parts of inputs and outputs whose values are small beside the others,
// outputs, and layers. Outputs whose range their function gives (SOFTMAX ...)
// are judged as a whole: small values mean nothing else there.
std::vector<SnrReport> judged_alone(const Graph& int8, const Judgement&,
                                    const std::vector<LayerReport>&);

}  // namespace shoal
