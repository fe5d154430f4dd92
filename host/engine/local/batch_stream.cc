#include "host/engine/local/batch_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace shoal {

BatchStream::BatchStream(int batch, Run run, TraceCollector* trace)
    : batch_(batch), run_(std::move(run)), trace_(trace) {}

// False: there are no more.
bool BatchStream::fill(const Engine::Next& next) {
  inputs_.clear();
  while (static_cast<int>(inputs_.size()) < batch_) {
    std::optional<Bytes> input = next();
    if (!input) return false;
    inputs_.push_back(std::move(*input));
  }
  return true;
}

void BatchStream::stream(const Engine::Next& next, const Engine::Take& take) {
  using Clock = std::chrono::steady_clock;
  Bytes together;
  for (bool more = true; more;) {
    more = fill(next);
    if (inputs_.empty()) break;
    if (trace_) trace_->reset();
    together.clear();
    for (size_t f = 0; f < static_cast<size_t>(batch_); ++f) {
      const Bytes& one = inputs_[std::min(f, inputs_.size() - 1)];
      together.insert(together.end(), one.begin(), one.end());
    }
    const Clock::time_point start = Clock::now();
    const Bytes outputs = run_(together);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    const auto bytes = static_cast<ptrdiff_t>(outputs.size()) / batch_;
    auto from = outputs.begin();
    for (size_t f = 0; f < inputs_.size(); ++f, from += bytes) {
      const Bytes output(from, from + bytes);
      Answer answer{output};
      if (trace_) {
        answer.values = [&, f] {
          return trace_->values(inputs_[f], static_cast<int>(f));
        };
      }
      take(answer);
    }
    frames_ += static_cast<int64_t>(inputs_.size());
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
