#include "host/engine/local/batch_stream.h"

#include <chrono>
#include <utility>

#include "host/engine/common/batches.h"

namespace shoal {

BatchStream::BatchStream(int batch, Run run, TraceCollector* trace)
    : batch_(batch), run_(std::move(run)), trace_(trace) {}

void BatchStream::stream(const Engine::Next& next, const Engine::Take& take) {
  using Clock = std::chrono::steady_clock;
  Batches batches(batch_, next, trace_);
  while (const std::optional<Bytes> inputs = batches.next()) {
    if (trace_) trace_->reset();
    const Clock::time_point start = Clock::now();
    const Bytes outputs = run_(*inputs);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    frames_ += batches.take(outputs, take);
    ++runs_;
  }
}

EngineReport BatchStream::report() const {
  EngineReport r;
  r.what = "one node";
  r.where = "on this computer";
  r.batch = batch_;
  r.frames = frames_;
  r.runs = runs_;
  r.seconds = seconds_;
  return r;
}

}  // namespace shoal
