// Spare rows for rings that links touch, in the order in which searches try
// them; the first that fits is taken.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/build/build_plan.h"
#include "host/plan/types/tuning.h"

namespace shoal {

// `window` is the number of bytes that links have under way (link_time.h); 0:
// unknown. With `many` nodes only few plans are built.
inline std::vector<Slack> slacks(int64_t window, bool many = false) {
  std::vector<Slack> all;
  if (window > 0) all.push_back({tuning::kSlack[0], window});
  if (many) {
    all.push_back({tuning::kSlack[1]});
    return all;
  }
  for (const int rows : tuning::kSlack) all.push_back({rows});
  return all;
}

}  // namespace shoal
