// Writes what happened as a trace that Perfetto and chrome://tracing open: one
// track per endpoint with slices (by layer), sends, receives and waits, and an
// arrow per datagram.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/engine/virtual/critical_path.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/world/recorder.h"

namespace shoal {

// A trace also says why the frame took as long as it did.
struct TimelineStory {
  std::string model, why;      // why: the frame is not faster
  std::vector<PathStep> path;  // its critical path, a track of its own
};

// `names`: of the endpoints. Times count from `begin`.
std::string timeline_json(const Recorder&, const Net&, const Plan&,
                          const std::vector<std::string>& names, Nanos begin,
                          Nanos end, const TimelineStory& = {});

// Something that happened to an endpoint, or to all of them.
struct TimelineMark {
  Nanos at = 0;
  uint32_t endpoint = 0;
  std::string text;
};
// Returns the name of what an endpoint did.
using ActivityName = std::function<std::string(const Activity&, uint32_t)>;
// The same for endpoints that run one plan after another, with marks.
std::string timeline_json(const Recorder&, const ActivityName&,
                          const std::vector<TimelineMark>&,
                          const std::vector<std::string>& names, Nanos begin,
                          Nanos end, const TimelineStory& = {});
// Returns that name, of a node of this plan.
std::string activity_name(const Activity&, const Net&, const Plan&,
                          uint32_t node);

}  // namespace shoal
