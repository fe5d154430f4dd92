#include <algorithm>

#include "device/program/kinds.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// Peers wait for a node's answer while it computes. Much shorter slices would
// cost more than they gain.
constexpr int64_t kSlicePs = 250'000 * kPicosPerNano;

// Returns how often a node runs an actor's kernel, not counting slices.
int64_t calls(const PlanStage& stage, const PlanActor& a, const LayerTime& t) {
  if (a.loop < 0) return std::max<int64_t>(1, t.firings);
  const PlanLoop& loop = stage.loops[a.loop];
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  const int rows = stage.ports[last.out].box.rows();
  return int64_t{1} * loop.iterations * ((rows + loop.band - 1) / loop.band);
}

// Returns whether groups of output channels may follow one another in a firing.
bool has_groups(const Net& net, const PlanActor& a) {
  if (a.copy || a.loop >= 0 || a.weights.chunks.empty()) return false;
  const Layer& layer = net.layers[a.layer];
  return has_window(layer.op) && a.part >= layer.kernel_h;
}

// Restores the groups of the draft. In mapped flash only an earlier cut can
// have made groups.
void join_slices(const Net& net, PlanActor& a) {
  a.slices = 1;
  PlanWeights& w = a.weights;
  if (!has_groups(net, a) || w.place != WeightPlace::kMapped) return;
  const PlanChunk last = w.chunks.back();
  w.chunks.resize(1);
  w.chunks[0].out_n = last.out0 + last.out_n - w.chunks[0].out0;
  w.groups = 1;
}

// Cuts weights that take long to read from flash into groups of output
// channels, each a slice of its own. Returns the fewest groups of a firing.
int64_t cut_groups(const Net& net, int64_t flash_ps, PlanActor& a) {
  PlanWeights& w = a.weights;
  if (!has_groups(net, a) || w.chunks.size() > 1) return 1;
  const Layer& layer = net.layers[a.layer];
  const PlanChunk all = w.chunks.front();
  const int step = layer.op == OpCode::kDepthwise ? layer.depth_multiplier : 1;
  const int64_t wanted = (flash_ps + kSlicePs - 1) / kSlicePs;
  const int groups = static_cast<int>(
      std::clamp<int64_t>(wanted, 1, std::max(1, all.out_n / step)));
  const int channels = (all.out_n / step + groups - 1) / groups * step;
  w.chunks.clear();
  for (int c = 0; c < all.out_n; c += channels) {
    w.chunks.push_back(
        {all.out0 + c, std::min(channels, all.out_n - c), all.in0, all.in_n});
  }
  w.groups = static_cast<int>(w.chunks.size());
  return w.groups;
}

}  // namespace

void set_slices(const Net& net, const Cluster& cluster, Plan& plan) {
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    int64_t longest = 0;
    for (PlanStage& stage : plan.nodes[n].stages) {
      for (PlanActor& a : stage.actors) {
        join_slices(net, a);
        const LayerTime t = actor_time(net, stage, a, cluster.nodes[n].board);
        const int64_t firings = calls(stage, a, t);
        const bool mapped = a.weights.place == WeightPlace::kMapped;
        const int64_t flash = mapped ? t.flash_ps / firings : 0;
        const int64_t groups = cut_groups(net, flash, a);
        const int64_t reading =
            reading_ps(a.weights, t, cluster.nodes[n].board) / firings;
        const bool whole = !a.copy && runs_whole(net.layers[a.layer].op);
        const int64_t most = whole ? 1 : stage.ports[a.out].box.columns();
        const int64_t compute = t.compute_ps / firings / groups;
        a.slices = static_cast<int>(
            std::clamp<int64_t>((compute + kSlicePs - 1) / kSlicePs, 1, most));
        longest = std::max(longest, compute / a.slices + reading / groups +
                                        t.firing_ps / firings);
      }
    }
    const int64_t us = 1000 * kPicosPerNano;
    plan.nodes[n].poll_gap_us = static_cast<uint32_t>((longest + us - 1) / us);
  }
}

}  // namespace shoal
