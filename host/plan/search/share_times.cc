#include "host/plan/search/share_times.h"

#include <algorithm>

#include "host/plan/draft/linked_draft.h"

namespace shoal {

ShareTimes::ShareTimes(const CutNet& cut, const Cluster& cluster,
                       const Streaming& streaming, const FlashPercent& flash,
                       const std::vector<int>& passes)
    : s_(cut),
      cluster_(cluster),
      streaming_(streaming),
      flash_(flash),
      passes_(passes),
      shares_(cut.net.layers.size() * size_t(cut.nodes)),
      loops_(cut.loops.size() * size_t(cut.nodes)) {}

int64_t ShareTimes::counted_ps(const LayerTime& t, int layer, int node) const {
  return streaming_.streams(node, layer) ? t.total_ps() - t.flash_ps
                                         : t.total_ps(flash_);
}

const ShareTimes::Times& ShareTimes::times(int layer, const LayerShare& share,
                                           int node) {
  Times& t = shares_[index(layer, node)];
  if (t.out == share.out && t.in_channels == share.in_channels &&
      t.sums == share.sums) {
    return t;
  }
  t.out = share.out, t.in_channels = share.in_channels, t.sums = share.sums;
  t.ps.resize(passes_.size());
  LayerWork before;
  for (size_t p = 0; p < passes_.size(); ++p) {
    const LayerWork work = share_work(s_, layer, share.out, passes_[p]);
    t.ps[p] = p > 0 && work == before
                  ? t.ps[p - 1]
                  : counted_ps(share_time(s_.net.layers[layer], share, work,
                                          cluster_.nodes[node].board),
                               layer, node);
    before = work;
  }
  return t;
}

int64_t ShareTimes::loop_ps(const PlanStage& stage, const PlanLoop& loop,
                            size_t p, int node) {
  boxes_.clear();
  for (int j = 0; j < loop.actors; ++j) {
    const PlanActor& a = stage.actors[loop.first_actor + j];
    boxes_.push_back(stage.ports[a.out].box);
  }
  const int layer = stage.actors[loop.first_actor].layer;
  LoopTimes& t = loops_[index(s_.loop_of[layer], node)];
  if (t.out != boxes_) {
    t.out = boxes_;
    t.ps.assign(passes_.size(), -1);
  }
  if (t.ps[p] >= 0) return t.ps[p];
  int64_t ps = 0;
  const std::vector<LayerTime> times =
      loop_times(s_.net, stage, loop, cluster_.nodes[node].board);
  for (int j = 0; j < loop.actors; ++j) {
    ps += counted_ps(times[j], stage.actors[loop.first_actor + j].layer, node);
  }
  return t.ps[p] = ps;
}

int64_t ShareTimes::actor_ps(const PlanStage& stage, const PlanActor& a,
                             size_t p, int node) {
  return times(a.layer, share_of(s_.net, stage, a), node).ps[p];
}

int64_t ShareTimes::stage_ps(const PlanStage& stage, size_t p, int node) {
  int64_t ps = 0;
  for (const PlanActor& a : stage.actors) {
    if (a.loop >= 0) continue;
    if (a.copy) {
      ps +=
          copy_time(stage.ports[a.out].box, a.band, cluster_.nodes[node].board)
              .total_ps(flash_);
      continue;
    }
    ps += actor_ps(stage, a, p, node);
  }
  for (const PlanLoop& loop : stage.loops) ps += loop_ps(stage, loop, p, node);
  return ps;
}

int64_t ShareTimes::least_ps(int layer, const Box& made, int node) {
  if (made.empty() || !s_.chain[layer].empty()) return 0;
  const Layer& of = s_.net.layers[layer];
  LayerShare share = whole_share(of);
  share.out = made;
  if (s_.loop_of[layer] < 0) {
    return std::ranges::min(times(layer, share, node).ps);
  }
  // Groups and further bands only add to it; what is read may be a constant
  // less.
  return share_time(of, share, {made.rows(), of.kernel_h},
                    cluster_.nodes[node].board)
      .compute_ps;
}

}  // namespace shoal
