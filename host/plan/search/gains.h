// Finds the bytes that a segment saves with one row per firing, by an output
// over an input or by rings that share bytes. Each answer takes a simulation of
// the segment, so it is found once for all searches.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/search/stages.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/types/segment.h"

namespace shoal {

class SegmentGains {
 public:
  // `least` is the table with one row per firing. All references must outlive
  // this object.
  SegmentGains(const Net& net, const std::vector<TensorUses>& uses,
               const PassTable& least)
      : net_(net), uses_(uses), least_(least) {}

  // Return bytes.
  int64_t overlay(Segment);
  int64_t share(Segment);
  // Returns the overlay that saves the most in the segment, with its lead.
  const std::optional<Overlay>& best_overlay(Segment);

 private:
  PlanStage stage(Segment) const;

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const PassTable& least_;
  std::map<std::pair<int, int>, std::optional<Overlay>> overlays_;
  std::map<std::pair<int, int>, int64_t> shares_;
};

}  // namespace shoal
