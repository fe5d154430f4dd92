// Finds the nodes that answer at some addresses, and what each one is.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/error.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// One address and the means to ask there.
struct Inquiry {
  WorkerAddress address;
  std::unique_ptr<HostTransport> transport;
  CoordinatorConfig config;  // over this transport
};

// A program that a node has kept.
struct KeptProgram {
  uint32_t bytes = 0;
  std::array<uint8_t, 32> hash{};
};
struct KeptPrograms {
  uint32_t storage_bytes = 0, free_bytes = 0;
  std::vector<KeptProgram> programs;
};

// The identity that a node states; or why there is none: silent, another key,
// busy with a coordinator.
struct Discovered {
  WorkerAddress address;
  std::optional<WorkerIdentity> identity;
  std::optional<KeptPrograms> kept;  // none: an older agent, which does not say
  std::optional<Error> why;
};

// Asks all of them side by side, for as long as the configurations say. Nodes
// are given back at once. On a signal those that were not asked are left out.
std::vector<Discovered> discover(std::vector<Inquiry>, const StopSignals&);

}  // namespace shoal
