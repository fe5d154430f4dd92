// The float oracle as an engine.
#pragma once

#include <memory>

#include "host/engine/engine.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {

class FloatEngine final : public Engine {
 public:
  explicit FloatEngine(std::shared_ptr<const Graph>);

  const Graph& graph() const override { return *graph_; }
  void stream(const Next&, const Take&) override;
  EngineReport report() const override;
  std::unique_ptr<Engine> another() const override {
    return std::make_unique<FloatEngine>(graph_);
  }

 private:
  const std::shared_ptr<const Graph> graph_;
  FloatOracle oracle_;
  int64_t frames_ = 0;
  double seconds_ = 0;
};

}  // namespace shoal
