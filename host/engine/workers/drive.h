// Waiting for a coordinator on this computer: poll, sleep, poll.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/coordinator/sequence_mirror.h"
#include "host/engine/workers/sampler.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// Drives the coordinator until `done` and returns true; false if a signal asked
// for the end before. Without `signals` they act as usual. What the coordinator
// throws passes through.
bool drive(Coordinator&, const HostTransport&, const StopSignals* signals,
           const std::function<bool()>& done, uint64_t look_us = UINT64_MAX);

// The same; on a signal it stops the nodes, says by the coordinator's hint how
// many, and throws Error(kInternal): then the signal acts. `done` is looked at
// every `look_us` at least.
void drive_on(Coordinator&, const HostTransport&, const StopSignals&,
              const std::function<bool()>& done, uint64_t look_us = UINT64_MAX);

// Tells the nodes that the run is over, whatever has become of it; takes at
// most a second.
void stop_all(Coordinator&, const HostTransport&);

// However a run ends, the nodes are left ready for the next one.
class StopAtEnd {
 public:
  StopAtEnd(Coordinator& c, const HostTransport& t)
      : coordinator_(c), transport_(t) {}
  ~StopAtEnd();
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;

 private:
  Coordinator& coordinator_;
  const HostTransport& transport_;
};

// Deploys and leaves the nodes ready for runs of these programs. On a signal
// they are too, and then it acts.
void deploy_programs(Coordinator&, const HostTransport&,
                     const Prepared& prepared);

// Deploys, then runs the frames whose inputs `next` gives, until that is
// nothing; `take` gets their outputs in the same order. Returns the seconds
// from the first input to the last output. The nodes are told to stop, however
// it ends. On a signal they are too, and then it acts. `mirror`: of the
// sequence that the frames go on with, if it has one. `sampler`: hears what the
// nodes do meanwhile; null: they are not asked.
double stream_frames(
    Coordinator&, const HostTransport&, const Prepared& prepared,
    const std::function<std::optional<std::vector<uint8_t>>()>& next,
    const std::function<void(const std::vector<uint8_t>&)>& take,
    SequenceMirror* mirror = nullptr, Sampler* sampler = nullptr);

// Does the same on nodes that have started; the caller tells them to stop.
double run_frames(
    Coordinator&, const HostTransport&, const StopSignals&,
    const std::function<std::optional<std::vector<uint8_t>>()>& next,
    const std::function<void(const std::vector<uint8_t>&)>& take,
    SequenceMirror* mirror = nullptr, Sampler* sampler = nullptr);

// Returns the cluster that these workers are: names, boards, memory as they
// say. With `given` (cluster.toml) its nodes, in its order, each with no more
// memory than its worker has; nodes that were exported with a program have the
// memory that the file says, because that is what they were planned for. Throws
// Error(kUsage) if a worker is not the node that the file names.
Cluster cluster_of(const Coordinator&, const std::vector<WorkerAddress>&,
                   const Cluster* given);

}  // namespace shoal
