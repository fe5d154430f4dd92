#include "host/engine/virtual/solo_engine.h"

#include <utility>

namespace shoal {

SoloEngine::SoloEngine(std::shared_ptr<const Prepared> prepared, Board board,
                       const std::optional<StoreKey>& key, bool traced)
    : prepared_(std::move(prepared)),
      board_(std::move(board)),
      key_(key),
      trace_(traced ? std::optional<TraceCollector>(
                          std::in_place, prepared_->graph, prepared_->net,
                          prepared_->plan)
                    : std::nullopt),
      node_(*prepared_, board_,
            {.key = key_ ? key_->data() : nullptr,
             .tap = trace_ ? trace_->tap() : Tap{}}),
      stream_(
          prepared_->net.frames,
          [this](const Bytes& inputs) { return node_.run(inputs); },
          trace_ ? &*trace_ : nullptr) {}

void SoloEngine::stream(const Next& next, const Take& take) {
  if (keeps_variables()) {
    node_.reset_variables();
    if (trace_) trace_->reset_variables();
  }
  stream_.stream(next, take);
}

EngineReport SoloEngine::report() const {
  EngineReport r = stream_.report();
  r.what = "one node in virtual time";
  r.nodes = engine_nodes(prepared_->plan);
  return r;
}

std::unique_ptr<Engine> SoloEngine::another() const {
  return std::make_unique<SoloEngine>(prepared_, board_, key_,
                                      trace_.has_value());
}

}  // namespace shoal
