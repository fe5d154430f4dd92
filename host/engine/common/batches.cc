#include "host/engine/common/batches.h"

#include <utility>

namespace shoal {

std::optional<Bytes> Batches::next() {
  Batch batch;
  Bytes together, last;
  while (!ended_ && batch.frames < batch_) {
    std::optional<Bytes> input = next_();
    ended_ = !input;
    if (ended_) break;
    last = *std::move(input);
    together.insert(together.end(), last.begin(), last.end());
    if (trace_) batch.inputs.push_back(last);
    ++batch.frames;
  }
  if (batch.frames == 0) return std::nullopt;
  for (size_t f = batch.frames; f < batch_; ++f) {
    together.insert(together.end(), last.begin(), last.end());
  }
  under_way_.push_back(std::move(batch));
  return together;
}

int64_t Batches::take(const Bytes& outputs, const Engine::Take& take) {
  const Batch batch = std::move(under_way_.front());
  under_way_.pop_front();
  const auto bytes = static_cast<ptrdiff_t>(outputs.size() / batch_);
  auto from = outputs.begin();
  for (size_t f = 0; f < batch.frames; ++f, from += bytes) {
    const Bytes output(from, from + bytes);
    Answer answer{output};
    if (trace_) {
      answer.values = [&, f] {
        return trace_->values(batch.inputs[f], static_cast<int>(f));
      };
    }
    take(answer);
  }
  return static_cast<int64_t>(batch.frames);
}

}  // namespace shoal
