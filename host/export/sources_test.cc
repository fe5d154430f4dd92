// Which kernels a core's project gets, by the flags of its compiler.
#include "host/export/sources.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal {
namespace {

std::vector<std::string> kernels_of(bool dsp, bool mve) {
  Needs needs;
  needs.kinds = {OpCode::kConv, OpCode::kDepthwise, OpCode::kAdd,
                 OpCode::kMaxPool};
  needs.dsp = dsp, needs.mve = mve;
  const std::string folder = "device/kernels/";
  std::vector<std::string> all;
  for (const std::string& name : runtime_sources(needs)) {
    if (name.starts_with(folder)) all.push_back(name.substr(folder.size()));
  }
  return all;
}

TEST(ExportSources, ACoreHasWhatItsFlagsSay) {
  EXPECT_FALSE(has_dsp("-mcpu=cortex-m3 -mthumb"));
  EXPECT_FALSE(has_dsp("-mcpu=cortex-m33+nodsp -mfloat-abi=soft"));
  EXPECT_TRUE(has_dsp("-mcpu=cortex-m33 -mfloat-abi=softfp"));
  EXPECT_TRUE(has_dsp("-mcpu=cortex-m85 -mfloat-abi=hard"));
  EXPECT_FALSE(has_mve("-mcpu=cortex-m33 -mfloat-abi=hard"));
  for (const std::string core : {"-mcpu=cortex-m55", "-mcpu=cortex-m85"}) {
    EXPECT_TRUE(has_mve(core + " -mthumb -mfloat-abi=hard"));
    EXPECT_TRUE(has_mve(core + "+nomve.fp -mfloat-abi=softfp"));
    EXPECT_FALSE(has_mve(core + "+nomve -mfloat-abi=hard"));
    EXPECT_FALSE(has_mve(core + " -mfloat-abi=soft"));
    EXPECT_FALSE(has_mve(core + " -mthumb"));
  }
}

TEST(ExportSources, KernelsAreThoseOfTheCore) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(kernels_of(false, false),
            (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "conv.cc",
                   "depthwise.cc", "dot.cc", "pool.cc", "window.cc"}));
  EXPECT_EQ(
      kernels_of(true, false),
      (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "depthwise.cc",
             "dsp_conv.cc", "dsp_depthwise.cc", "pool.cc", "window.cc"}));
  EXPECT_EQ(
      kernels_of(true, true),
      (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "depthwise.cc",
             "mve_add.cc", "mve_conv.cc", "mve_depthwise.cc",
             "mve_depthwise_3x3.cc", "pool.cc", "window.cc"}));
}

}  // namespace
}  // namespace shoal
