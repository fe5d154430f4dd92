// Tests what batches are for: weights from storage are read once for all
// frames, and layers that only compute take no longer.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/lower/batch.h"
#include "host/plan/cost/supply.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"

namespace shoal {
namespace {

PlanNode planned(const Net& net, std::optional<int64_t> flash,
                 Objective objective = Objective::kLatency) {
  PlanRequest options = one_node(find_board("teensy41"));
  options.node().flash_weights = flash;
  options.objective = objective;
  return make_plan(net, options).nodes[0];
}

// 6 x 6 x 32 to 512, 256 and 10 numbers.
Net dense_net() {
  ShapeNet n("dense");
  int t = n.fully_connected(n.input(6, 6, 32), 512);
  t = n.fully_connected(t, 256);
  n.output(n.fully_connected(t, 10));
  return n.finish();
}

TEST(BatchPlan, DenseLayersReadTheirWeightsOnceForAllFrames) {
  const Net net = dense_net();
  const PlanNode one = planned(net, 0);
  ASSERT_GT(one.storage_read_bytes, 590000);
  for (const int frames : {2, 4, 8}) {
    const PlanNode all = planned(batch_net(net, frames), 0);
    // Tags of more chunks may add less than 1 %.
    EXPECT_LT(all.storage_read_bytes, one.storage_read_bytes * 101 / 100)
        << frames;
    EXPECT_LT(all.seconds, one.seconds * frames * 0.7) << frames;
  }
}

TEST(BatchPlan, ConvolutionsLoseNothing) {
  const Net net = bottleneck_net(48, 5);
  for (const std::optional<int64_t> flash :
       {std::optional<int64_t>(), std::optional<int64_t>(0)}) {
    const PlanNode one = planned(net, flash);
    for (const int frames : {2, 4}) {
      const PlanNode all = planned(batch_net(net, frames), flash);
      EXPECT_LT(all.seconds, one.seconds * frames * 1.005)
          << frames << " frames, flash " << flash.value_or(-1);
    }
  }
}

TEST(BatchPlan, EqualWeightsCountOnceAgainstFlash) {
  const Net net = bottleneck_net(48, 5);
  int64_t all = 0;
  for (const Layer& l : net.layers) all += flash_bytes(l);
  EXPECT_EQ(planned(net, all).storage_read_bytes, 0);
  EXPECT_EQ(planned(batch_net(net, 4), all).storage_read_bytes, 0);
  const auto without_a_byte = [&](Objective objective) {
    return planned(batch_net(net, 4), all - 1, objective);
  };
  EXPECT_GT(without_a_byte(Objective::kRam).storage_read_bytes, 0);
  // If there is RAM to spare, the layer stays in SRAM and no frame reads it.
  const PlanNode kept = without_a_byte(Objective::kLatency);
  EXPECT_GT(kept.sram_weight_bytes, 0);
  EXPECT_EQ(kept.storage_read_bytes, 0);
  EXPECT_LT(kept.flash_weight_bytes, all);
}

// --max-writes limits what a frame may spill: k frames together may spill k
// times that and not a byte more.
TEST(BatchPlan, FramesMaySpillTogetherWhatEachMay) {
  ShapeNet n("squeezed");
  const int x = n.conv(n.input(32, 32, 4), 3, 1, 16);
  n.output(n.conv(n.mul(x, n.mean(x)), 1, 1, 4));
  constexpr int kFrames = 3;
  const Net net = batch_net(n.finish(), kFrames);
  PlanRequest options = one_node(find_board("stm32f746"));
  options.objective = Objective::kRam;
  options.node().ram = make_plan(net, options).nodes[0].arena_bytes * 5 / 6;
  options.max_writes = int64_t{1} << 40;
  const int64_t written =
      make_plan(net, options).nodes[0].storage_written_bytes;
  ASSERT_GT(written, 0);
  options.max_writes = (written + kFrames - 1) / kFrames;
  EXPECT_EQ(make_plan(net, options).nodes[0].storage_written_bytes, written);
  const std::string least = std::to_string(options.max_writes--);
  try {
    make_plan(net, options);
    ADD_FAILURE() << "fits";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    EXPECT_NE(std::string(e.what()).find("with --max-writes " + least),
              std::string::npos)
        << e.what();
  }
}

TEST(BatchPlan, NumbersSayWhetherTheyAreOfABatchOrAFrame) {
  const Net net = batch_net(dense_net(), 4);
  PlanRequest options = one_node(find_board("teensy41"));
  options.node().flash_weights = 0;
  const Plan plan = make_plan(net, options);
  const std::string text = plan_table(net, plan);
  for (const char* part :
       {"written per batch of 4 frames", "per frame", "frames/s (modelled)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  const auto json = nlohmann::json::parse(plan_json(net, plan));
  EXPECT_EQ(json.at("batch"), 4);
  const auto& node = json.at("nodes").at(0);
  EXPECT_EQ(node.at("per_frame").at("storage_read_bytes").get<double>() * 4,
            node.at("storage_read_bytes").get<double>());
  EXPECT_EQ(
      plan_table(dense_net(), make_plan(dense_net(), options)).find("batch"),
      std::string::npos);
}

}  // namespace
}  // namespace shoal
