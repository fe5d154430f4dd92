#include "host/plan/search/gains.h"

#include "host/plan/draft/draft.h"
#include "host/plan/tokens/share.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {

PlanStage SegmentGains::stage(Segment s) const {
  return make_stage(net_, uses_, s, least_.work, least_.slots);
}

const std::optional<Overlay>& SegmentGains::best_overlay(Segment s) {
  const auto [at, is_new] = overlays_.try_emplace({s.begin, s.end});
  std::optional<Overlay>& overlay = at->second;
  if (!is_new) return overlay;
  overlay = overlay_pair(net_, uses_, s);
  if (overlay) overlay->lead = smallest_lead(net_, stage(s), *overlay);
  return overlay;
}

int64_t SegmentGains::overlay(Segment s) {
  const std::optional<Overlay>& overlay = best_overlay(s);
  return overlay ? overlay_gain(net_, *overlay) : 0;
}

int64_t SegmentGains::share(Segment s) {
  const auto [at, is_new] = shares_.try_emplace({s.begin, s.end}, 0);
  if (!is_new) return at->second;
  PlanStage alone = stage(s);
  const std::vector<bool> may =
      sharing_buffers(alone, node_homes(uses_, alone, s));
  const int64_t saved = share_stage(net_, alone, may).most_saved;
  // An order that is too long for a record cannot be used.
  if (alone.order.size() <= kMaxRuns) at->second = saved;
  return at->second;
}

}  // namespace shoal
