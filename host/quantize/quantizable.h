// Tells which models can be quantized, before anything is computed.
#pragma once

#include "host/quantize/quantize.h"

namespace shoal {

// A pad value at or below this stands for "below everything".
inline constexpr float kLowest = -1e30f;

// Throws Error: kUnsupported for operators without an int8 form (all of them
// at once), kCorrupt for constants that are not finite, kUsage for options.
void check_quantizable(const Graph&, const Calibration&,
                       const QuantizeOptions&);

}  // namespace shoal
