#include "host/plan/draft/draft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/tokens/rings.h"

namespace shoal {
namespace {

// Returns what an actor does, whatever buffers it has. What it reads may have
// rows that it does not need.
std::vector<int> work_of(const PlanStage& stage, const PlanActor& a) {
  const Box& out = stage.ports[a.out].box;
  std::vector<int> all{a.layer, a.band, a.part,
                       static_cast<int>(a.accumulator_bytes)};
  for (const int port : {a.in[0], a.in[1], a.partial, a.out}) {
    const int buffer = port < 0 ? -1 : stage.ports[port].buffer;
    all.push_back(buffer < 0 ? -1 : stage.buffers[buffer].tensor);
  }
  for (const int n : {out.y0, out.y1, out.x0, out.x1, out.c0, out.c1}) {
    all.push_back(n);
  }
  for (const PlanChunk& c : a.weights.chunks) {
    for (const int n : {c.out0, c.out_n, c.in0, c.in_n}) all.push_back(n);
  }
  return all;
}

PlanDraft alone(const Net& net, const Segments& segments, int passes) {
  const std::vector<TensorUses> uses = find_uses(net);
  Choice choice;
  choice.work = uniform_work(net, passes);
  choice.slots = ring_slots(net, uses, choice.work);
  choice.places.assign(net.layers.size(), WeightPlace::kMapped);
  choice.linked = true;
  for (const Segment& s : segments) {
    choice.stages.push_back({s});
  }
  return node_draft(net, uses, choice);
}

void expect_sorted(const PlanStage& stage) {
  for (size_t p = 1; p < stage.ports.size(); ++p) {
    const PlanPort &a = stage.ports[p - 1], &b = stage.ports[p];
    EXPECT_LE((std::pair{a.buffer, a.is_read}),
              (std::pair{b.buffer, b.is_read}));
  }
}

// The only node of a cluster does what a node alone does. Where layers write
// parts of a tensor in several stages, it has a home for each and copies.
TEST(DraftTest, TheOnlyNodeOfAClusterDoesWhatANodeAloneDoes) {
  int compared = 0, copied = 0;
  std::vector<NamedNet> nets = shape_nets();
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    nets.push_back({"random " + std::to_string(seed), random_net(seed)});
  }
  const Cluster cluster = uniform_cluster(1, find_board("host"), std::nullopt);
  for (const auto& [name, net] : nets) {
    if (net.layers.empty()) continue;
    const Cuts cuts = make_cuts(net, cluster, {.strategy = "layer"});
    const CutNet cut(net, cluster, cuts);
    const auto layers = static_cast<int>(net.layers.size());
    for (const int border : {0, layers / 2}) {
      Segments segments{{border, layers}};
      if (border > 0) segments.insert(segments.begin(), {0, border});
      for (const int passes : {1, 3, kOneRow}) {
        SCOPED_TRACE(name + ", " + std::to_string(passes) + " passes");
        const std::optional<PlanDraft> linked = linked_draft(
            cut, {segments, std::vector<int>(segments.size(), passes)});
        ASSERT_TRUE(linked);
        const PlanDraft lone = alone(net, segments, passes);
        const std::vector<PlanStage>& of = linked->plan.nodes[0].stages;
        ASSERT_EQ(of.size(), lone.plan.nodes[0].stages.size());
        for (size_t s = 0; s < of.size(); ++s) {
          const PlanStage& other = lone.plan.nodes[0].stages[s];
          EXPECT_EQ(of[s].segment, other.segment);
          expect_sorted(of[s]);
          expect_sorted(other);
          const bool copies = std::ranges::any_of(
              of[s].actors, [](const PlanActor& a) { return a.copy; });
          copied += copies;
          if (copies) continue;
          ASSERT_EQ(of[s].actors.size(), other.actors.size());
          for (size_t a = 0; a < other.actors.size(); ++a) {
            EXPECT_EQ(work_of(of[s], of[s].actors[a]),
                      work_of(other, other.actors[a]));
            ++compared;
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 1000);
  EXPECT_GT(copied, 0);
}

}  // namespace
}  // namespace shoal
