// From flags to running workers: their addresses and keys, a transport to them,
// and how a coordinator talks to them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// HOST:PORT, serial:DEVICE or serial:DEVICE#NUMBER, of --workers and others.
// Throws Error(kUsage) naming `flag`.
WorkerAddress parse_worker_address(const std::string& text,
                                   const std::string& flag);
// Throws Error(kUsage) if one of these has a serial line and cannot be reached
// together with the others. `where`: who names them.
void check_lines(const std::vector<std::string>& addresses,
                 const std::string& where);
// A socket for all of them, the line of the one that is at its other end, or
// the line that all of them share.
std::unique_ptr<HostTransport> open_transport(
    const std::vector<WorkerAddress>&);
// Keys, names and times of a coordinator over this transport.
CoordinatorConfig coordinator_config(const ClusterFlags&, const HostTransport&);

// Looks at all flags and reads their files, before anybody is asked. `only`: a
// cluster of that one of them. Throws Error(kUsage).
WorkerClusterOptions worker_cluster(const PlanFlags&, const ClusterFlags&,
                                    std::optional<size_t> only = {});
// Returns how many workers are named.
size_t worker_count(const PlanFlags&, const ClusterFlags&);

}  // namespace shoal
