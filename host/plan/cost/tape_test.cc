#include "host/plan/cost/tape.h"

#include <gtest/gtest.h>

#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Plan plan_for(const Net& net) {
  PlanRequest options = one_node(find_board("emcraft-sf2"));
  options.objective = Objective::kRam;  // no sets in SRAM
  return make_plan(net, options);
}

TEST(TapeTest, ChunksCoverTheWeightsAndFitTheSlots) {
  ShapeNet n("chunks");
  int x = n.conv(n.input(16, 8, 3), 3, 1, 60);
  x = n.conv(n.depthwise(n.table(x), 3, 1), 1, 1, 90);
  n.output(n.fully_connected(x, 33));
  const Net net = n.finish();
  const Plan plan = plan_for(net);
  const PlanNode& node = plan.nodes[0];
  int tapes = 0;
  for (const PlanStage& s : node.stages) {
    EXPECT_FALSE(s.order.empty());
    EXPECT_EQ(s.slot_count, 2u);
    for (const PlanActor& a : s.actors) {
      const Layer& layer = net.layers[a.layer];
      if (layer.weights.empty()) continue;
      ++tapes;
      EXPECT_EQ(a.weights.place, WeightPlace::kTape);
      int64_t cells = 0;
      for (const PlanChunk& c : a.weights.chunks) {
        EXPECT_LE(chunk_bytes(net, s, a, c) + kTagBytes, s.slot_bytes);
        cells += int64_t{c.out_n} * c.in_n;
      }
      EXPECT_EQ(cells, int64_t{layer.out.box.channels()} * layer.kernel_h);
    }
  }
  EXPECT_EQ(tapes, 5);
  EXPECT_GT(node.storage_read_bytes, node.weight_read_bytes);
}

TEST(TapeTest, MappedImagesHaveNone) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest options = one_node(find_board("host"));
  const Plan plan = make_plan(net, options);
  for (const PlanStage& s : plan.nodes[0].stages) EXPECT_EQ(s.slot_count, 0u);
  EXPECT_EQ(plan.nodes[0].storage_read_bytes, 0);
}

}  // namespace
}  // namespace shoal
