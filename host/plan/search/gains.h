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
#include "host/plan/tokens/gain_bounds.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/types/segment.h"

namespace shoal {

class SegmentGains {
 public:
  // `least` is the table with one row per firing. All references must outlive
  // this object.
  SegmentGains(const Net&, const std::vector<TensorUses>&,
               const PassTable& least);

  // Return bytes. If less than `least` are saved, the result is some number
  // below `least`.
  int64_t overlay(Segment, int64_t least = 0);
  int64_t share(Segment, int64_t least = 0);
  // Number of simulations so far.
  int64_t simulated() const { return simulated_; }
  // Returns the overlay that saves the most in the segment, with its lead.
  std::optional<Overlay> best_overlay(Segment);

 private:
  struct Known {
    Saved saved;
    std::optional<Overlay> overlay;
  };
  Known& known_overlay(Segment, int64_t least);

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const PassTable& least_;
  GainBounds bounds_;
  int64_t simulated_ = 0;
  std::map<std::pair<int, int>, Known> overlays_;
  std::map<std::pair<int, int>, Saved> shares_;
};

}  // namespace shoal
