// Which kernels a core's project gets, by the flags of its compiler.
#include "host/export/sources.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "device/runtime/modules.h"

namespace shoal {
namespace {

std::vector<std::string> kernels_of(Needs needs, bool dsp, bool mve) {
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

TEST(ExportSources, AllOperatorsAreThoseOfTheDefaultTable) {
  const Needs all = needs_of_all();
  for (size_t kind = 0; kind < kActorKindCount; ++kind) {
    const auto op = static_cast<OpCode>(kind + 1);
    EXPECT_EQ(all.kinds.contains(op), modules.fires[kind] != nullptr)
        << kind_name(op);
    EXPECT_EQ(all.wide.contains(op), modules.wide[kind] != nullptr)
        << kind_name(op);
  }
}

TEST(ExportSources, KernelsAreThoseOfTheCore) {
  using Names = std::vector<std::string>;
  Needs needs;
  needs.kinds = {OpCode::kConv, OpCode::kDepthwise, OpCode::kAdd,
                 OpCode::kMaxPool};
  EXPECT_EQ(kernels_of(needs, false, false),
            (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "conv.cc",
                   "depthwise.cc", "dot.cc", "pool.cc", "window.cc"}));
  EXPECT_EQ(
      kernels_of(needs, true, false),
      (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "depthwise.cc",
             "dsp_conv.cc", "dsp_depthwise.cc", "pool.cc", "window.cc"}));
  EXPECT_EQ(
      kernels_of(needs, true, true),
      (Names{"best_conv.cc", "best_depthwise.cc", "binary.cc", "depthwise.cc",
             "mve_add.cc", "mve_conv.cc", "mve_depthwise.cc",
             "mve_depthwise_3x3.cc", "pool.cc", "window.cc"}));
}

TEST(ExportSources, ThoseOf16BitsToo) {
  using Names = std::vector<std::string>;
  Needs needs;
  needs.wide = {OpCode::kConv};
  EXPECT_EQ(kernels_of(needs, false, false),
            (Names{"best_wide_conv.cc", "best_wide_depthwise.cc", "move.cc",
                   "wide_conv.cc", "wide_depthwise.cc", "wide_elements.cc",
                   "wide_pool.cc"}));
  EXPECT_EQ(
      kernels_of(needs, true, false),
      (Names{"best_wide_conv.cc", "best_wide_depthwise.cc", "dsp_wide_conv.cc",
             "dsp_wide_depthwise.cc", "move.cc", "wide_conv.cc",
             "wide_depthwise.cc", "wide_elements.cc", "wide_pool.cc"}));
  EXPECT_EQ(kernels_of(needs, true, true),
            (Names{"best_wide_conv.cc", "best_wide_depthwise.cc", "move.cc",
                   "mve_wide_conv.cc", "mve_wide_depthwise.cc", "wide_conv.cc",
                   "wide_depthwise.cc", "wide_elements.cc", "wide_pool.cc"}));
}

}  // namespace
}  // namespace shoal
