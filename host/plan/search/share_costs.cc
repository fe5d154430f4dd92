#include "host/plan/search/share_costs.h"

#include <algorithm>

#include "host/plan/arena/pack.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/types/loop.h"

namespace shoal {

ShareCosts::ShareCosts(const CutNet& cut, const Cluster& cluster,
                       const Streaming& streaming, const FlashPercent& flash,
                       const std::vector<int>& passes, SegmentMemo& memo)
    : s_(cut),
      cluster_(cluster),
      streaming_(streaming),
      flash_(flash),
      passes_(passes),
      memo_(memo),
      shares_(cut.net.layers.size() * size_t(cut.nodes)),
      loops_(cut.loops.size() * size_t(cut.nodes)) {}

int64_t ShareCosts::counted_ps(const LayerTime& t, int layer, int node) const {
  return streaming_.streams(node, layer) ? t.total_ps() - t.flash_ps
                                         : t.total_ps(flash_);
}

const std::vector<ShareCost>& ShareCosts::costs(int layer,
                                                const LayerShare& share,
                                                int node) {
  Share& of = shares_[index(layer, node)];
  if (of.out == share.out && of.in_channels == share.in_channels &&
      of.sums == share.sums) {
    return of.costs;
  }
  of.out = share.out, of.in_channels = share.in_channels, of.sums = share.sums;
  of.costs.resize(passes_.size());
  const Layer& l = s_.net.layers[layer];
  for (size_t p = 0; p < passes_.size(); ++p) {
    const LayerWork work = share_work(s_, layer, share.out, passes_[p]);
    if (p > 0 && work == of.costs[p - 1].work) {
      of.costs[p] = of.costs[p - 1];
      continue;
    }
    const Board& board = cluster_.nodes[node].board;
    of.costs[p] = {
        work, counted_ps(share_time(l, share, work, board), layer, node),
        static_cast<int64_t>(aligned(sums_bytes(l, work, share.out)))};
  }
  return of.costs;
}

const std::vector<ShareCost>& ShareCosts::actor(const PlanStage& stage,
                                                const PlanActor& a, int node) {
  return costs(a.layer, share_of(s_.net, stage, a), node);
}

const ShareCosts::StageCost& ShareCosts::loop(PlanStage& stage, PlanLoop& loop,
                                              int node) {
  boxes_.clear();
  for (int j = 0; j < loop.actors; ++j) {
    const PlanActor& a = stage.actors[loop.first_actor + j];
    boxes_.push_back(stage.ports[a.out].box);
  }
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  Loop& of = loops_[index(s_.loop_of[last.layer], node)];
  if (of.out == boxes_) return of.cost;
  of.out = boxes_;
  of.cost = {};
  set_loop_weights(s_.net, loop, stage);
  for (const int passes : passes_) {
    set_loop(s_.net, share_work(s_, last.layer, boxes_.back(), passes).band,
             loop, stage);
    const std::vector<LayerTime> times =
        loop_times(s_.net, stage, loop, cluster_.nodes[node].board);
    int64_t ps = 0;
    for (int j = 0; j < loop.actors; ++j) {
      ps +=
          counted_ps(times[j], stage.actors[loop.first_actor + j].layer, node);
    }
    of.cost.ps.push_back(ps);
    of.cost.sums_bytes.push_back(aligned(last.accumulator_bytes));
  }
  return of.cost;
}

ShareCosts::StageCost ShareCosts::stage(PlanStage& stage, int node) {
  StageCost all{std::vector<int64_t>(passes_.size()),
                std::vector<int64_t>(passes_.size())};
  for (const PlanActor& a : stage.actors) {
    if (a.loop >= 0) continue;
    if (a.copy) {
      const Box& box = stage.ports[a.out].box;
      for (size_t p = 0; p < passes_.size(); ++p) {
        all.ps[p] += copy_time(box, copied_rows(box, passes_[p]),
                               cluster_.nodes[node].board)
                         .total_ps(flash_);
      }
      continue;
    }
    const std::vector<ShareCost>& costs = actor(stage, a, node);
    for (size_t p = 0; p < passes_.size(); ++p) {
      all.ps[p] += costs[p].ps;
      all.sums_bytes[p] += costs[p].sums_bytes;
    }
  }
  for (PlanLoop& l : stage.loops) {
    const StageCost& cost = loop(stage, l, node);
    for (size_t p = 0; p < passes_.size(); ++p) {
      all.ps[p] += cost.ps[p];
      all.sums_bytes[p] += cost.sums_bytes[p];
    }
  }
  return all;
}

int64_t ShareCosts::least_ps(int layer, const Box& made, int node) {
  if (made.empty() || !s_.chain[layer].empty()) return 0;
  const bool in_loop = s_.loop_of[layer] >= 0;
  SegmentMemo::LeastKey key{static_cast<int>(index(layer, node)),
                            -1,
                            0,
                            0,
                            made.y0,
                            made.y1,
                            made.x0,
                            made.x1,
                            made.c0,
                            made.c1};
  if (!in_loop) {
    key[1] = s_.band[layer], key[2] = flash_.once, key[3] = flash_.again;
  }
  int64_t& least = memo_.least_ps(key);
  if (least >= 0) return least;
  const Layer& of = s_.net.layers[layer];
  LayerShare share = whole_share(of);
  share.out = made;
  if (in_loop) {
    // Groups and further bands only add to the compute time. Reads of weights
    // are left out, since they may be less than the model says.
    least = share_time(of, share, {made.rows(), of.kernel_h},
                       cluster_.nodes[node].board)
                .compute_ps;
  } else {
    least = std::ranges::min(costs(layer, share, node), {}, &ShareCost::ps).ps;
  }
  return least;
}

}  // namespace shoal
