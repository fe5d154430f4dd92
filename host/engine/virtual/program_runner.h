// Runs the program of a virtual node: an agent, which is given it and its rows
// over links, or the node's own loop, if the program is not linked.
#pragma once

#include <memory>

#include "device/shoal.h"
#include "host/engine/virtual/virtual_node.h"

namespace shoal {

class ProgramRunner {
 public:
  virtual ~ProgramRunner() = default;
  // These are an endpoint's functions (host/world/world.h).
  virtual bool step() = 0;
  virtual uint64_t next_timer_us() const = 0;
  virtual Nanos ready_at() const = 0;
  // Null before there is one.
  virtual const shoal_node* node() const = 0;
  // Returns whether its work costs time.
  virtual bool running() const = 0;
};

// The parts of its node that a program uses; all of them outlive it. `storage`
// may be null.
struct NodePlace {
  Endpoint& endpoint;
  Port& port;
  Arena& arena;
  const std::vector<shoal_bank>& banks;
  VirtualStorage* storage;
};

// Both functions throw Error if the program does not start.
std::unique_ptr<ProgramRunner> agent_runner(const NodePlace&,
                                            const VirtualNodeOptions&);
std::unique_ptr<ProgramRunner> unlinked_runner(const NodePlace&,
                                               const VirtualNodeOptions&);

}  // namespace shoal
