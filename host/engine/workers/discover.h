// Who answers at some addresses, and what each one is.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "host/base/error.h"
#include "host/engine/workers/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// One address and the means to ask there.
struct Inquiry {
  WorkerAddress address;
  std::unique_ptr<HostTransport> transport;
  CoordinatorConfig config;  // over this transport
};

// What it says it is; or why not: silent, another key, busy with a coordinator.
struct Discovered {
  WorkerAddress address;
  std::optional<WorkerIdentity> identity;
  std::optional<Error> why;
};

// Asks all of them side by side, for as long as the configurations say. Nodes
// are given back at once. On a signal those that were not asked are left out.
std::vector<Discovered> discover(std::vector<Inquiry>, const StopSignals&);

}  // namespace shoal
