// A node as a process: the agent with a fenced arena of exactly the bytes it
// was given, program memory, and everything else that on a board is static.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/agent/agent.h"
#include "device/storage/program_memory.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"

namespace shoal {

struct WorkerOptions {
  std::string name, board;
  uint32_t arena_bytes = 0, program_bytes = 0;
  bool insecure = false;
  ClusterKey key{};
  // Instead of the key: this node's, and its coordinator's.
  std::optional<SecretKey> identity;
  PublicKey coordinator{};
};

class Worker {
 public:
  // The transport must outlive the worker. Throws Error(kUsage) for names
  // that are none (is_node_name).
  Worker(const WorkerOptions&, HostTransport&);

  // Serves until a signal asks for the end. Throws Error(kInternal) if the
  // node wrote outside its arena.
  void serve(const StopSignals&);

  const NodeAgent& agent() const { return agent_; }

 private:
  HostTransport& transport_;
  std::string name_, board_;
  Arena arena_, program_;
  ProgramMemory programs_;
  std::vector<shoal_peer> peers_;
  std::vector<uint8_t> packets_;
  Identity identity_{};
  NodeAgent agent_;
};

}  // namespace shoal
