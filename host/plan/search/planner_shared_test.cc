// Runs the planner on the shared models.
#include <gtest/gtest.h>

#include <filesystem>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/model/import/import.h"
#include "host/plan/planner/planner.h"
#include "host/plan/search/testing/plan_for.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

fs::path models() { return shared_dir() / "models"; }

Net net_of(const std::string& model) {
  return lower(load_model((models() / (model + ".tflite")).string()));
}

int64_t largest_layer(const Net& net) {
  int64_t most = 0;
  for (const Layer& l : net.layers) {
    int64_t bytes = l.out.box.elements();
    for (const View& in : l.in) {
      if (in.tensor >= 0) bytes += in.box.elements();
    }
    most = std::max(most, bytes);
  }
  return most;
}

int64_t least(const std::string& model) {
  const Net net = net_of(model);
  const Plan plan = plan_for(net, "host", Objective::kRam);
  EXPECT_EQ(plan.macs, plan.model_macs);
  return plan.nodes[0].arena_bytes;
}

TEST(PlannerSharedTest, HeadlineArenas) {
  EXPECT_LE(least("tf2_mobilenet_v2_1.0_224_ptq"), 125744);
  EXPECT_LE(least("mbv2_w0.35_r144_synth"), 27296);
}

TEST(PlannerSharedTest, HalfOfTheLargestLayer) {
  for (const char* model :
       {"tf2_mobilenet_v2_1.0_224_ptq", "mbv2_w0.35_r144_synth",
        "mcunet_320kb_r176_synth", "mobilenet_v1_0.25_128_quant_i8shift",
        "mobilenet_v2_1.0_224_quant_i8shift", "pretrainedResnet_quant",
        "tinyengine_detection_i8io", "tinyengine_vww_i8io", "vww_96_int8"}) {
    const Net net = net_of(model);
    const Plan plan = plan_for(net, "host", Objective::kRam);
    EXPECT_LE(2 * plan.nodes[0].arena_bytes, largest_layer(net)) << model;
  }
}

// Plans every int8 model within the smallest arena, within one and a half of it
// and without a limit.
TEST(PlannerSharedLong, TheCheckerAgrees) {
  for (const auto& file : fs::recursive_directory_iterator(models())) {
    if (file.path().extension() != ".tflite") continue;
    SCOPED_TRACE(file.path().filename().string());
    std::optional<Net> net;
    try {
      net = lower(load_model(file.path().string()));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUnsupported);
      continue;
    }
    const Plan small = plan_for(*net, "host", Objective::kRam);
    const int64_t bytes = small.nodes[0].arena_bytes;
    EXPECT_THROW(plan_for(*net, "host", Objective::kLatency, bytes - 1), Error);
    const Plan plans[] = {
        small, plan_for(*net, "host", Objective::kLatency, bytes),
        plan_for(*net, "host", Objective::kLatency, bytes * 3 / 2),
        plan_for(*net, "host", Objective::kLatency)};
    for (const Plan& plan : plans) {
      EXPECT_EQ(check(*net, plan), std::vector<std::string>{});
      EXPECT_GE(plan.nodes[0].arena_bytes, bytes);
    }
  }
}

}  // namespace
}  // namespace shoal
