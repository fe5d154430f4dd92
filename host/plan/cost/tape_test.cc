#include "host/plan/cost/tape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

Plan plan_for(const Net& net) {
  PlanRequest options = one_node(find_board("emcraft-sf2"));
  options.objective = Objective::kRam;  // so that no sets are in SRAM
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

// Counts firing by firing and chunk by chunk.
TapeReads plain_reads(const Net& net, const PlanStage& stage) {
  TapeReads reads;
  std::vector<int> fired(stage.actors.size());
  std::pair<int, int> held{-1, -1};
  for (const PlanRun& run : stage.order) {
    const PlanActor& a = stage.actors[run.actor];
    const PlanWeights& w = a.weights;
    if (w.place != WeightPlace::kTape || w.chunks.empty()) continue;
    for (int i = 0; i < run.firings; ++i) {
      const int firing = fired[run.actor]++;
      int first = 0, count = w.groups;
      if (net.layers[a.layer].op == OpCode::kConstant) {
        first = std::min(firing * a.band / w.chunks[0].out_n, w.groups - 1);
        count = 1;
      } else if (w.parts > 1) {
        first = firing % w.parts * w.groups;
      }
      for (int c = first; c < first + count; ++c) {
        const std::pair<int, int> chunk{run.actor, c};
        if (held == chunk) continue;
        held = chunk;
        ++reads.chunks;
        reads.bytes += chunk_bytes(net, stage, a, w.chunks[c]);
      }
    }
  }
  return reads;
}

TEST(TapeTest, ReadsAreThoseOfEachFiring) {
  int64_t chunks = 0;
  for (uint32_t seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Net net = random_net(seed);
    if (net.layers.empty()) continue;
    const std::vector<TensorUses> uses = find_uses(net);
    for (const int passes : {1, 3, 1 << 14}) {
      const Work work = uniform_work(net, passes);
      PlanStage stage = make_stage(net, uses, whole_net(net), work,
                                   ring_slots(net, uses, work));
      for (PlanActor& a : stage.actors) {
        if (!a.weights.chunks.empty()) a.weights.place = WeightPlace::kTape;
      }
      for (const uint32_t limit : {64u, 512u, 65536u}) {
        put_on_tape(net, stage, -1, limit);
        const TapeReads reads = tape_reads(net, stage);
        const TapeReads plain = plain_reads(net, stage);
        EXPECT_EQ(reads.chunks, plain.chunks);
        EXPECT_EQ(reads.bytes, plain.bytes);
        chunks += reads.chunks;
      }
    }
  }
  EXPECT_GT(chunks, 1000);
}

}  // namespace
}  // namespace shoal
