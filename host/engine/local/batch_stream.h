// Batches of frames, one after the other, through a node on this computer.
#pragma once

#include <functional>

#include "host/engine/common/trace_collector.h"
#include "host/engine/engine.h"

namespace shoal {

class BatchStream {
 public:
  // The inputs of a whole batch in, its outputs out.
  using Run = std::function<Bytes(const Bytes&)>;

  // `trace`: of what runs; null: answers have no values.
  BatchStream(int batch, Run, TraceCollector* trace = nullptr);
  void stream(const Engine::Next&, const Engine::Take&);
  // On this computer; all but the nodes and their storage.
  EngineReport report() const;

 private:
  const int batch_;
  const Run run_;
  TraceCollector* const trace_;
  int64_t frames_ = 0, runs_ = 0;
  double seconds_ = 0;
};

}  // namespace shoal
