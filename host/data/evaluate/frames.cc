#include "host/data/evaluate/frames.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "host/base/error.h"
#include "host/base/parallel.h"

namespace shoal {

namespace {

uint64_t mix(uint64_t z) {  // splitmix64
  z = (z + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// They may come from another rank.
void check_output(const Graph& graph, int64_t item, size_t bytes) {
  int64_t wanted = 0;
  for (const int t : graph.outputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    wanted += element_count(tensor.shape) * type_bytes(tensor.type);
  }
  if (static_cast<int64_t>(bytes) == wanted) return;
  throw Error(Exit::kCorrupt,
              "frame " + std::to_string(item) + ": " + std::to_string(bytes) +
                  " bytes of outputs, which are " + std::to_string(wanted));
}

}  // namespace

std::vector<int64_t> sample_items(int64_t size, int64_t limit) {
  std::vector<int64_t> items(static_cast<size_t>(size));
  std::iota(items.begin(), items.end(), 0);
  if (limit >= size) return items;
  std::ranges::sort(items, {},
                    [](int64_t i) { return mix(static_cast<uint64_t>(i)); });
  items.resize(static_cast<size_t>(limit));
  std::ranges::sort(items);
  return items;
}

Frames::Frames(const Graph& graph, const Dataset& data, FramesOptions options)
    : graph_(graph), data_(data), options_(std::move(options)) {
  const std::vector<int64_t> items =
      sample_items(data.size(), options_.limit.value_or(data.size()));
  total_ = static_cast<int64_t>(items.size());
  const Answers none;
  const Answers& known = options_.journal ? options_.journal->known() : none;
  std::vector<int64_t> resumed;
  for (const int64_t item : items) {
    const auto found = known.find(item);
    if (found == known.end()) {
      todo_.push_back(item);
    } else {
      resumed.push_back(item);
      answers_.insert(*found);
    }
  }
  for_each_item(static_cast<int64_t>(resumed.size()), core_count(),
                [&](int, int64_t i) {
                  options_.journal->expect_unchanged(
                      data, resumed[static_cast<size_t>(i)]);
                });
  resumed_ = static_cast<int64_t>(answers_.size());
}

std::optional<int64_t> Frames::next() {
  int64_t item = 0;
  {
    const std::lock_guard lock(mutex_);
    if (next_ == todo_.size() || has_failed()) return std::nullopt;
    item = todo_[next_++];
  }
  if (options_.journal) note_content(item);
  return item;
}

// Before the item is read, by whichever rank: if it changes on the way, a later
// run finds other bytes than those noted, and does not take the answer for
// theirs. The frame's run reports an item that cannot be read.
void Frames::note_content(int64_t item) {
  try {
    const int64_t content = content_of(data_, item);
    const std::lock_guard lock(mutex_);
    contents_[item] = content;
  } catch (const Error&) {
  }
}

int64_t Frames::noted_content(int64_t item) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto noted = contents_.extract(item)) return noted.mapped();
  }
  return content_of(data_, item);
}

int64_t Frames::left() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(todo_.size() - next_);
}

std::vector<uint8_t> Frames::input(int64_t item) const {
  return options_.input ? options_.input(item)
                        : data_.input(graph_, item, options_.pictures);
}

void Frames::done(int64_t item, std::span<const uint8_t> outputs) {
  check_output(graph_, item, outputs.size());
  const FrameAnswer answer = options_.answer ? options_.answer(item, outputs)
                                             : best_classes_of(graph_, outputs);
  const int64_t content = options_.journal ? noted_content(item) : 0;
  const std::lock_guard lock(mutex_);
  answers_.emplace(item, answer);
  if (options_.journal) options_.journal->add(item, content, answer);
  if (options_.progress) {
    options_.progress(static_cast<int64_t>(answers_.size()), total_);
  }
}

}  // namespace shoal
