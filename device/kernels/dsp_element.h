// Inside the kernels for the DSP extension: what differs by the elements of a
// call's rows.
#pragma once

#include <type_traits>

#include "device/kernels/kernels.h"
#include "device/kernels/wide.h"
#include "device/kernels/window.h"

namespace shoal {

// The element of a call's rows: Args is ConvArgs or WideConvArgs.
template <class Args>
using DspElement = std::remove_cv_t<std::remove_pointer_t<
    std::remove_cv_t<std::remove_pointer_t<decltype(Args::rows)>>>>;

inline int32_t dsp_padding(const ConvArgs& a) { return a.zero_in; }
inline int32_t dsp_padding(const WideConvArgs&) { return 0; }

inline Span interior_columns(const WideConvArgs& a) {
  return columns_inside(a);
}

}  // namespace shoal
