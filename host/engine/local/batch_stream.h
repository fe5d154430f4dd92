// Frames through a node that runs so many together: those of a batch lie one
// after another, what is left of the last batch repeats its last frame for
// nobody.
#pragma once

#include <functional>

#include "host/engine/common/trace.h"
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
  bool fill(const Engine::Next&);

  const int batch_;
  const Run run_;
  TraceCollector* const trace_;
  std::vector<Bytes> inputs_;  // of the batch under way
  int64_t frames_ = 0, runs_ = 0;
  double seconds_ = 0;
};

}  // namespace shoal
