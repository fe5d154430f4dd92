// A node as a process: the agent with a fenced arena of exactly the bytes it
// was given, program memory, and everything else that on a board is static.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "device/agent/agent.h"
#include "device/storage/program_memory.h"
#include "host/base/shared_key.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/transport.h"
#include "host/engine/workers/worker_log.h"

namespace shoal {

struct WorkerOptions {
  std::string name, board;
  uint32_t arena_bytes = 0, program_bytes = 0;
  bool insecure = false;
  SharedKey key{};
  // Instead of the key: this node's, and its coordinator's.
  std::optional<SecretKey> identity;
  PublicKey coordinator{};
  // Hears who has connected, what was deployed, frames and errors; with
  // name_of, which returns the text of a transport's address. May be empty.
  std::function<void(const std::string&)> log;
  // Told what the coordinator tells its nodes: losses and repeated frames.
  std::function<void(const std::string&)> told;
  std::function<std::string(uint64_t)> name_of;
  // Hears what the node says of the frames that it starts as a leader.
  std::function<void(const std::string&)> said = [](const std::string&) {};
};

// "frame 3: class 8, bag", as boards say it. With a log, the checksum of the
// whole result is behind it.
std::string leader_text(const LeaderSaid&);

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
  void hear(const LeaderSaid&);
  void hear(std::string text);

  HostTransport& transport_;
  std::string name_, board_;
  const std::function<void(const std::string&)> said_, told_;
  std::string last_told_;
  const bool tells_more_;
  Arena arena_, program_;
  ProgramMemory programs_;
  std::vector<shoal_peer> peers_;
  std::vector<uint8_t> packets_;
  Identity identity_{};
  WorkerLog log_;
  NodeAgent agent_;
};

}  // namespace shoal
