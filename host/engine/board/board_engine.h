// An emulated board as an engine: its storage holds the program and the inputs
// of all frames, so it begins when there are no more of them.
#pragma once

#include <memory>

#include "host/engine/board/emulate.h"
#include "host/engine/common/prepare.h"
#include "host/engine/engine.h"

namespace shoal {

class BoardEngine final : public Engine {
 public:
  // The options' observer is the engine's. With `traced` the answer of the last
  // frame has values.
  BoardEngine(std::shared_ptr<const Prepared>, EmulateOptions,
              bool traced = false);

  const Graph& graph() const override { return prepared_->graph; }
  const Prepared& prepared() const { return *prepared_; }
  // Throws as emulate() does; Error(kNode) if the board's counters make no
  // sense, Error(kInternal) if it touched more arena than the plan has.
  void stream(const Next&, const Take&) override;
  EngineReport report() const override;
  // Returns the result of the last run.
  const Emulated& result() const { return result_; }

 private:
  void require_sense(size_t frames) const;

  const std::shared_ptr<const Prepared> prepared_;
  const EmulateOptions options_;
  const bool traced_;
  Emulated result_;
  int64_t frames_ = 0;
};

}  // namespace shoal
