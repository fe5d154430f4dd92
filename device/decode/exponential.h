/// @file
/// The exponential function, the same on all boards and computers: a board
/// prints the numbers that `shoal run` prints.
#pragma once

namespace shoal {

/// Returns e^v to 1e-15 of it; 0 where a double has no normal number so small.
double exponential(double v);
/// Returns e^v, rounded.
float exponential(float v);

}  // namespace shoal
