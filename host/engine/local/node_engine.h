// A node on this computer as an engine: one that is planned, or what a store
// holds. Frames of a batch run together; what is left of the last batch repeats
// its last frame for nobody.
#pragma once

#include <memory>
#include <optional>

#include "host/engine/engine.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/session.h"
#include "host/engine/local/trace.h"
#include "host/program/store/open_store.h"

namespace shoal {

// Batches of frames through one session.
class SessionStream {
 public:
  // As of Session; `trace` and `storage` may be null. All must outlive it.
  SessionStream(const Graph&, const Net&, const NodeSource&,
                uint32_t arena_bytes, const FileStorage* storage,
                TraceCollector* trace);
  void stream(const Engine::Next&, const Engine::Take&);
  // All but the nodes and what the storage is.
  EngineReport report() const;

 private:
  bool fill(const Engine::Next&);

  const int batch_;
  const FileStorage* const storage_;
  TraceCollector* const trace_;
  Session session_;
  const FileCounters before_;  // when the program was loaded
  std::vector<Bytes> inputs_;  // of the batch under way
  int64_t frames_ = 0, runs_ = 0;
  double seconds_ = 0;
};

// A node of its own for the engine of one.
std::unique_ptr<Engine> node_engine(std::shared_ptr<const Prepared>,
                                    StoreSettings, bool traced = false);

class NodeEngine final : public Engine {
 public:
  // Node 0 of a plan; no images are needed. `options`: of the stores that
  // another() makes. With `traced` the answers have values.
  NodeEngine(std::shared_ptr<const Prepared>, std::shared_ptr<const LocalNode>,
             const StoreOptions& options, bool traced = false);

  const Graph& graph() const override { return prepared_->graph; }
  void stream(const Next& next, const Take& take) override {
    stream_.stream(next, take);
  }
  EngineReport report() const override;
  // Shares a program in memory; a store has one reader.
  std::unique_ptr<Engine> another() const override;

 private:
  const std::shared_ptr<const Prepared> prepared_;
  const StoreOptions options_;
  const std::shared_ptr<const LocalNode> node_;
  std::optional<TraceCollector> trace_;
  SessionStream stream_;
};

class StoreEngine final : public Engine {
 public:
  // The one node of the stores in `folder`. Throws as OpenStore does.
  StoreEngine(const std::string& folder, StoreAccess,
              const std::optional<StoreKey>&);

  const Graph& graph() const override { return access_.info.graph; }
  void stream(const Next& next, const Take& take) override {
    stream_.stream(next, take);
  }
  EngineReport report() const override;

 private:
  const StoreAccess access_;
  const OpenStore store_;
  SessionStream stream_;
};

}  // namespace shoal
