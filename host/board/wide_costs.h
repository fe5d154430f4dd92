// The cost of layers of 16-bit elements over that of the same layers of eight.
// Kernels of int8 load four or sixteen elements at once where those of 16 bits
// load half of them, and some layers have fast kernels for int8 alone, so each
// class of kernels and each family (portable, DSP, Helium) has a factor.
#pragma once

#include <cstdint>
#include <string>

#include "device/program/image.h"

namespace shoal {

// Factors are at least 1, because lower bounds of times count with the figures
// for int8.
struct WideCosts {
  double conv = 1.5, pointwise = 1.5, depthwise = 1.5, fully_connected = 1.5;
  double transposed = 1.5;
  double matmul = 1.5;      // of two computed matrices
  double state = 1.5;       // LSTM and loops
  double arithmetic = 1.5;  // ADD, MUL and the like
  double other = 1.5;
};

// By a board's `core`; unknown cores have factors of 1.5.
// `tools/wide_costs.py SHOAL` measures them.
const WideCosts& wide_costs(const std::string& core);

// Returns the factor of a layer with `pixels` output pixels and kernels of
// `taps` taps.
double wide_factor(const std::string& core, OpCode, int64_t pixels,
                   int64_t taps);

}  // namespace shoal
