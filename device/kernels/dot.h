// Inside the portable kernels: blocks of dot products over one contiguous run
// of input, the innermost loops of kConv and kTransposeConv. Each block is a
// function of its own because its operands just fill the registers of a
// Cortex-M; inlined into a larger function they spill.
#pragma once

#include <cstdint>

#include "device/kernels/family.h"

namespace shoal {

// The most pixels that share a byte of weights: as many as have registers.
// Families with vectors or pairs of products have their own convolutions, and
// code for size has one block less.
#if (defined(__thumb__) && !defined(__thumb2__)) || defined(__riscv) || \
    defined(SHOAL_HAS_DSP_KERNELS) || defined(__OPTIMIZE_SIZE__)
inline constexpr int kPixels = 2;
#else
inline constexpr int kPixels = 3;
#endif

// Accumulators of a group of output channels, for the pixels.
inline constexpr int kGroup = 16;
using GroupSums = uint32_t[kPixels * kGroup];

// sums[j * kGroup + i] += sum over k < n of
//     (w[i * w_step + k] - zero_weight) * x[j * x_step + k]
// for `outs` <= kGroup values of i and `pixels` <= kPixels of j.
void add_dots(const int8_t* w, int w_step, int outs, const int8_t* x,
              int x_step, int pixels, int n, int zero_weight, uint32_t* sums);

uint32_t weight_sum(const int8_t* w, int count);

}  // namespace shoal
