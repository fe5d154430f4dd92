// `shoal probe`: what a node is, whether its kernels compute what this
// computer's do, what they take there, and what its link carries. All of it by
// small programs that are planned, deployed and run as any other; the node's
// part is to meter a run (device/agent/meter.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"
#include "host/probe/meter.h"
#include "host/probe/shapes.h"

namespace shoal {

// One shape on the node.
struct ProbeResult {
  const ProbeShape* shape = nullptr;
  int64_t work = 0;     // of all frames: MACs, or elements
  std::string missing;  // why it did not run; else empty
  // First byte of the output that is not the reference's, and both.
  struct Difference {
    size_t at = 0;
    int there = 0, here = 0;
  };
  std::optional<Difference> difference;
  std::optional<MeterReading> meter;  // of all frames
  // Cycles or, without a counter of them, seconds for one MAC or element,
  // less the firings' overhead.
  double each = 0;
};

struct ProbeRoundTrip {
  int64_t bytes = 0;  // of the question's datagram
  int count = 0;
  double least_us = 0, median_us = 0;
};

struct ProbeLink {
  std::vector<ProbeRoundTrip> round_trips;
  int64_t asked = 0, asked_again = 0;  // requests; of them lost or late
  double bytes_per_s = 0;              // of rows, there and back; 0: not run
  int64_t row_bytes = 0, resent_bytes = 0;
};

struct ProbeReport {
  std::string address;
  WorkerIdentity identity;
  ProbeLink link;
  std::vector<ProbeResult> results;
  // Returns whether the node meters its runs at all.
  bool metered() const;
  // The first reading that has a counter or a clock.
  const MeterReading* reading() const;
  // Cycles a second, of a counter of cycles beside the clock; 0: not known.
  double clock_hz() const;
  // Returns whether `each` is in cycles, not in seconds.
  bool in_cycles() const;
  double firing = 0;  // cycles or seconds, as `each`
  // Returns the cost in cycles of a CPU with `hz` cycles a second; none: not
  // measured.
  std::optional<double> cycles_of(ProbeCost, double hz) const;
  bool ran() const;  // any kernel
  int differing() const;
};

struct ProbeOptions {
  WorkerAddress address;
  CoordinatorConfig config;  // over `transport`, which outlives the call
  const HostTransport* transport = nullptr;
  // Returns the board that the node is, as far as that is known here: for
  // plans.
  std::function<Board(const std::string& said)> board;
  std::function<void(const std::string&)> progress;  // may be empty
};

// Throws Error(kNode) if it does not answer, another key, or is lost on the
// way; Error(kBusy) if another coordinator has it.
ProbeReport probe(ProbeOptions, const StopSignals&);

// `each` of all results and `firing` from what was metered; part of probe().
void evaluate_probe(ProbeReport&);

}  // namespace shoal
