// Writes what happened as a trace that Perfetto and chrome://tracing open: one
// track per endpoint with slices (by layer), sends, receives and waits, and an
// arrow per datagram.
#pragma once

#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/world/recorder.h"

namespace shoal {

// `names`: of the endpoints. Times count from `begin`.
std::string timeline_json(const Recorder&, const Net&, const Plan&,
                          const std::vector<std::string>& names, Nanos begin,
                          Nanos end);

}  // namespace shoal
