// Unary operators that TensorFlow Lite Micro has no int8 kernel of: the byte
// of a real function, the real value rounded with halves away from zero,
//     clamp(round(f(sx * (q - zx)) / sy) + zy).
// Only where that lies within 2^-16 of a tie is it more than a computer's own
// mathematics can say; long_real.h decides there, so that bytes are the same
// everywhere.
#pragma once

#include "host/model/graph/graph.h"

namespace shoal {

// The result of SQUARE, SQRT, NEG, EXP, LOG or GELU for byte q, not yet clamped
// to int8 but within int16. SQRT below zero is that of zero, LOG of zero and
// below is the lowest byte.
int real_byte(const Graph&, const Op&, int q);

}  // namespace shoal
