// Nodes in virtual time as an engine: all frames go through one cluster, but
// those that are traced, each of which has one of its own. Its seconds are this
// computer's, the modelled ones are told by the result.
#pragma once

#include <memory>

#include "host/engine/engine.h"
#include "host/engine/virtual/simulate_cluster.h"

namespace shoal {

class VirtualEngine final : public Engine {
 public:
  // The options' frames, inputs, outputs and taps are the engine's. With
  // `traced` its answers have values.
  VirtualEngine(std::shared_ptr<const Prepared>, Cluster, SimOptions,
                bool traced = false);

  const Graph& graph() const override { return prepared_->graph; }
  const Prepared& prepared() const { return *prepared_; }
  const Cluster& cluster() const { return cluster_; }
  void stream(const Next&, const Take&) override;
  EngineReport report() const override;
  std::unique_ptr<Engine> another() const override;
  // Returns the result of the last cluster that ran.
  const SimResult& result() const { return result_; }

 private:
  void stream_all(const Next&, const Take&);
  void stream_sequence(const Next&, const Take&);
  void stream_traced(const Next&, const Take&);
  void run(SimOptions&);

  const std::shared_ptr<const Prepared> prepared_;
  const Cluster cluster_;
  const SimOptions options_;
  const bool traced_;
  SimResult result_;
  int64_t frames_ = 0, runs_ = 0;
  double seconds_ = 0;
};

}  // namespace shoal
