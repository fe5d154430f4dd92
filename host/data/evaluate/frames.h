// The frames of an accuracy run: handed out in order to any number of threads,
// their answers kept by number.
//
//   Frames frames(graph, data, {.limit = 1000});
//   while (auto frame = frames.next()) {
//     frames.done(*frame, run(frames.input(*frame)));
//   }
//   count_answers(classes, frames.answers());
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "host/base/ranks/items.h"
#include "host/data/evaluate/evaluate.h"
#include "host/data/evaluate/journal.h"

namespace shoal {

// Draws `limit` items of `size`, by number, pseudo-randomly: the same ones
// every time, and those of a lower limit are among those of a higher one.
std::vector<int64_t> sample_items(int64_t size, int64_t limit);

struct FramesOptions {
  InputOptions pictures = {};
  // The number of sampled items; none: all.
  std::optional<int64_t> limit = {};
  Journal* journal = nullptr;  // may be null
  // The bytes of all inputs; from any thread, as `answer` from the one that
  // then runs the frame. Null: the data's own.
  std::function<std::vector<uint8_t>(int64_t item)> input = {};
  // Returns the answer that is kept of a frame, from its outputs; called from
  // any thread. Null: the best classes.
  std::function<FrameAnswer(int64_t item, std::span<const uint8_t> outputs)>
      answer = {};
  // Frames that have their answer, of all; from any thread, one at a time.
  std::function<void(int64_t done, int64_t of)> progress = {};
};

// All of it is thread-safe.
class Frames final : public Items {
 public:
  // The references must outlive it. What the journal knows already has its
  // answer; all of these items are read, on all cores, and Error(kUsage) names
  // the first that has changed since.
  Frames(const Graph&, const Dataset&, FramesOptions);

  // Returns the next item without an answer; none: there are no more.
  std::optional<int64_t> next() override;
  // Returns the frames that will still be handed out.
  int64_t left() const;

  // Returns the bytes of all inputs in the file's types.
  std::vector<uint8_t> input(int64_t item) const;
  // All outputs of the frame in the file's types. Throws Error(kCorrupt) if
  // they are not that many bytes.
  void done(int64_t item, std::span<const uint8_t> outputs) override;

  // Must not be called while threads are at work.
  const Answers& answers() const { return answers_; }
  // Returns the number of them that were known at the beginning.
  int64_t resumed() const { return resumed_; }

 private:
  void note_content(int64_t item);
  int64_t noted_content(int64_t item);

  const Graph& graph_;
  const Dataset& data_;
  const FramesOptions options_;
  mutable std::mutex mutex_;
  std::vector<int64_t> todo_;
  size_t next_ = 0;
  Answers answers_;
  // With a journal, content_of() each item that was handed out.
  std::map<int64_t, int64_t> contents_;
  int64_t resumed_ = 0, total_ = 0;
};

}  // namespace shoal
