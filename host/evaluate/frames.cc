#include "host/evaluate/frames.h"

#include <algorithm>
#include <utility>

namespace shoal {

Frames::Frames(const Graph& graph, const Dataset& data, FramesOptions options)
    : graph_(graph), data_(data), options_(std::move(options)) {
  total_ = std::min(options_.limit.value_or(data.size()), data.size());
  const Answers none;
  const Answers& known = options_.journal ? options_.journal->known() : none;
  for (int64_t k = 0; k < total_; ++k) {
    const int64_t item = k * data.size() / total_;
    const auto found = known.find(item);
    if (found == known.end()) {
      todo_.push_back(item);
    } else {
      answers_.insert(*found);
    }
  }
  resumed_ = static_cast<int64_t>(answers_.size());
}

std::optional<int64_t> Frames::next() {
  const std::lock_guard lock(mutex_);
  if (next_ == todo_.size()) return std::nullopt;
  return todo_[next_++];
}

int64_t Frames::left() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(todo_.size() - next_);
}

void Frames::abandon() {
  const std::lock_guard lock(mutex_);
  next_ = todo_.size();
}

std::vector<uint8_t> Frames::input(int64_t item) const {
  return dataset_input(graph_, data_, item, options_.normalization);
}

void Frames::done(int64_t item, std::span<const uint8_t> outputs) {
  const Answer answer = best_classes_of(graph_, outputs);
  const std::lock_guard lock(mutex_);
  answers_.emplace(item, answer);
  if (options_.journal) options_.journal->add(item, answer);
  if (options_.progress) {
    options_.progress(static_cast<int64_t>(answers_.size()), total_);
  }
}

}  // namespace shoal
