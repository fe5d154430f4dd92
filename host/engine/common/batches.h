// Frames that run together: the inputs of a batch lie one after another, and so
// do its outputs. The rest of the last batch repeats its last frame; those
// outputs are dropped.
#pragma once

#include <deque>
#include <vector>

#include "host/engine/common/trace_collector.h"
#include "host/engine/engine.h"

namespace shoal {

class Batches {
 public:
  // `next` must outlive it. `trace`: of what runs a batch at a time; null:
  // answers have no values.
  Batches(int batch, const Engine::Next& next, TraceCollector* trace = nullptr)
      : batch_(static_cast<size_t>(batch)), next_(next), trace_(trace) {}

  // Returns the inputs of the next one; none: there are no more frames.
  std::optional<Bytes> next();
  // Takes the outputs of the oldest one that has none yet. Returns its frames.
  int64_t take(const Bytes& outputs, const Engine::Take&);

 private:
  struct Batch {
    size_t frames = 0;
    std::vector<Bytes> inputs;  // if there is a trace
  };

  const size_t batch_;
  const Engine::Next& next_;
  TraceCollector* const trace_;
  bool ended_ = false;
  std::deque<Batch> under_way_;
};

}  // namespace shoal
