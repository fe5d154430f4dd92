// One node in virtual time as an engine: its seconds are this computer's, the
// modelled ones are told by the node.
#pragma once

#include <memory>
#include <optional>

#include "host/engine/engine.h"
#include "host/engine/local/batch_stream.h"
#include "host/engine/virtual/solo.h"
#include "host/program/store/store_info.h"

namespace shoal {

class SoloEngine final : public Engine {
 public:
  // Node 0 of a plan; no images are needed. `key`: of what lies in storage;
  // none: it is not sealed. With `traced` the answers have values.
  SoloEngine(std::shared_ptr<const Prepared>, Board,
             const std::optional<StoreKey>& key = {}, bool traced = false);

  const Graph& graph() const override { return prepared_->graph; }
  const Prepared& prepared() const { return *prepared_; }
  const Board& board() const { return board_; }
  bool sealed() const { return key_.has_value(); }
  void stream(const Next& next, const Take& take) override;
  EngineReport report() const override;
  std::unique_ptr<Engine> another() const override;
  const SoloNode& node() const { return node_; }

 private:
  const std::shared_ptr<const Prepared> prepared_;
  const Board board_;
  const std::optional<StoreKey> key_;
  std::optional<TraceCollector> trace_;
  SoloNode node_;
  BatchStream stream_;
};

}  // namespace shoal
