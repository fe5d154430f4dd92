// Convolutions of 16-bit elements against the plain formula: the portable
// kernels, and those for ARM's DSP extension and for Helium with their
// instructions emulated.
#include <gtest/gtest.h>

#include "device/kernels/dsp.h"
#include "device/kernels/mve.h"
#include "device/kernels/testing/wide_cases.h"

namespace shoal {
namespace {

struct Family {
  const char* name;
  WideKernel conv, depthwise;
};
void PrintTo(const Family& f, std::ostream* out) { *out << f.name; }

class Wide : public testing::TestWithParam<Family> {};

TEST_P(Wide, ConvOfAnyShape) {
  check_wide(GetParam().conv, OpCode::kConv, WindowKind::kAny, 1, 800);
}
TEST_P(Wide, PointwiseConv) {
  check_wide(GetParam().conv, OpCode::kConv, WindowKind::kPointwise, 2, 400);
}
TEST_P(Wide, ConvOfThreeByThree) {
  check_wide(GetParam().conv, OpCode::kConv, WindowKind::kThreeByThree, 3, 400);
}
TEST_P(Wide, FullyConnected) {
  check_wide(GetParam().conv, OpCode::kConv, WindowKind::kFullyConnected, 4,
             200);
}
TEST_P(Wide, DepthwiseOfAnyShape) {
  check_wide(GetParam().depthwise, OpCode::kDepthwise, WindowKind::kAny, 5,
             800);
}
TEST_P(Wide, DepthwiseOfThreeByThree) {
  check_wide(GetParam().depthwise, OpCode::kDepthwise,
             WindowKind::kThreeByThree, 6, 800);
}
TEST_P(Wide, DepthwiseOfOddSizes) {
  check_wide(GetParam().depthwise, OpCode::kDepthwise, WindowKind::kOddSized, 7,
             800);
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, Wide,
    testing::Values(Family{"Portable", portable_wide_conv,
                           portable_wide_depthwise},
                    Family{"Dsp", dsp_wide_conv, dsp_wide_depthwise},
                    Family{"Mve", mve_wide_conv, mve_wide_depthwise}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shoal
