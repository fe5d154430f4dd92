#include "host/plan/search/gains.h"

#include <limits>

#include "host/plan/draft/draft.h"
#include "host/plan/tokens/share.h"

namespace shoal {
namespace {

constexpr Saved kUnknown = {std::numeric_limits<int64_t>::max(), false};

bool is_enough(const Saved& known, int64_t least) {
  return known.exact || known.bytes < least;
}

}  // namespace

SegmentGains::SegmentGains(const Net& net, const std::vector<TensorUses>& uses,
                           const PassTable& least)
    : net_(net),
      uses_(uses),
      least_(least),
      bounds_(net, uses, least.work, least.slots) {}

SegmentGains::Known& SegmentGains::known_overlay(Segment s, int64_t least) {
  Known& known = overlays_.try_emplace({s.begin, s.end}, Known{kUnknown, {}})
                     .first->second;
  if (is_enough(known.saved, least)) return known;
  if (known.saved == kUnknown) {
    known = {{0, true}, overlay_pair(net_, uses_, s)};
    if (!known.overlay) return known;
    known.saved = {bounds_.overlay(s, *known.overlay), false};
    if (is_enough(known.saved, least)) return known;
  }
  ++simulated_;
  const PlanStage stage = make_stage(net_, uses_, s, least_.work, least_.slots);
  known.saved = overlay_saves(net_, stage, *known.overlay, least);
  return known;
}

int64_t SegmentGains::overlay(Segment s, int64_t least) {
  return known_overlay(s, least).saved.bytes;
}

std::optional<Overlay> SegmentGains::best_overlay(Segment s) {
  return known_overlay(s, 0).overlay;
}

int64_t SegmentGains::share(Segment s, int64_t least) {
  Saved& known = shares_.try_emplace({s.begin, s.end}, kUnknown).first->second;
  if (is_enough(known, least)) return known.bytes;
  if (known == kUnknown) {
    known = {bounds_.share(s), false};
    if (is_enough(known, least)) return known.bytes;
  }
  ++simulated_;
  PlanStage stage = make_stage(net_, uses_, s, least_.work, least_.slots);
  const std::vector<bool> may =
      sharing_buffers(stage, node_homes(uses_, stage, s));
  known = share_saves(net_, std::move(stage), may, least);
  return known.bytes;
}

}  // namespace shoal
