// A node on this computer as an engine: one that is planned, or what a store
// holds.
#pragma once

#include <memory>
#include <optional>

#include "host/base/shared_key.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/local/batch_stream.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/node_runner.h"
#include "host/program/store/open_store.h"

namespace shoal {

// Makes an engine with a node of its own.
std::unique_ptr<Engine> node_engine(std::shared_ptr<const Prepared>,
                                    StoreSettings, bool traced = false);

class NodeEngine final : public Engine {
 public:
  // Node 0 of a plan; no images are needed. `options`: of the stores that
  // another() makes. With `traced` the answers have values.
  NodeEngine(std::shared_ptr<const Prepared>, std::shared_ptr<const LocalNode>,
             const StoreOptions& options, bool traced = false);

  const Graph& graph() const override { return prepared_->graph; }
  void stream(const Next& next, const Take& take) override;
  EngineReport report() const override;
  // Shares a program in memory; a store has one reader.
  std::unique_ptr<Engine> another() const override;

 private:
  const std::shared_ptr<const Prepared> prepared_;
  const StoreOptions options_;
  const std::shared_ptr<const LocalNode> node_;
  std::optional<TraceCollector> trace_;
  NodeRunner runner_;
  const FileCounters loaded_;  // of the storage, when the program was there
  BatchStream stream_;
};

class StoreEngine final : public Engine {
 public:
  // The one node of the stores in `folder`. Throws as OpenStore does.
  StoreEngine(const std::string& folder, std::shared_ptr<const StoreAccess>,
              const std::optional<SharedKey>&);

  const Graph& graph() const override { return access_->info.graph; }
  // A store knows nothing of the model's variables, the program does.
  bool keeps_variables() const override { return runner_.keeps_variables(); }
  void stream(const Next& next, const Take& take) override {
    if (keeps_variables()) runner_.reset_variables();
    stream_.stream(next, take);
  }
  EngineReport report() const override;
  // Shares a store that is only read; what spills has one owner.
  std::unique_ptr<Engine> another() const override;

 private:
  const std::string folder_;
  const std::shared_ptr<const StoreAccess> access_;
  const std::optional<SharedKey> key_;
  const OpenStore store_;
  NodeRunner runner_;
  const FileCounters loaded_;
  BatchStream stream_;
};

}  // namespace shoal
