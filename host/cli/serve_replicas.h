// `shoal serve --replicas`: each worker runs whole frames by itself, with an
// engine and a thread of its own. A frame whose worker is lost is run by
// another one; one that comes back is taken in.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/open_engine.h"
#include "host/engine/engine.h"
#include "host/serve/frame_desk.h"

namespace shoal {

class DeskLane;

// Throws Error(kUsage) for flags that replicas cannot obey.
void check_replicas(const ServeFlags&);

class ReplicaEngines {
 public:
  // `flags`: of an engine of all workers.
  explicit ReplicaEngines(const EngineFlags& flags);

  // Finds the first worker that is there. `open` is given the flags of its
  // engine, and opens it; replicas for the others follow. Throws the error of
  // the last worker if none is there, and Error(kDoesNotFit) for one that is
  // too small.
  void open(const std::function<void(const EngineFlags&)>& open);
  // Runs the frames of the desk on all of them until it is closed and empty;
  // `first`: the engine that `open` has opened. Throws the error that has ended
  // one of them, after which the desk is closed.
  void serve(Engine& first, FrameDesk& desk);

 private:
  struct ReplicaEngine {
    std::string address;
    std::unique_ptr<EngineOpening> opening;
    std::unique_ptr<Engine> engine;  // null: the first one, or not there yet
  };
  EngineFlags flags_of(size_t number);
  void open_replica(size_t number);
  void run(size_t number, Engine& first, DeskLane& lane);
  bool wait_for(size_t number, DeskLane& lane);

  const EngineFlags flags_;
  std::atomic<bool> was_told_ = false;  // what the flags give up
  size_t first_ = 0;
  std::vector<ReplicaEngine> replicas_;
};

}  // namespace shoal
