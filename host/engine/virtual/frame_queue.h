// The frames of a simulation: whose turn it is, what comes out, and when each
// began and ended. The feeder of the nodes asks it: the coordinator of a
// cluster, or a node that is alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/virtual/simulate_cluster.h"

namespace shoal {

class FrameQueue {
 public:
  // Both must outlive it. `input`: of all frames, unless the options say.
  FrameQueue(std::span<const uint8_t> input, const SimOptions& options)
      : input_(input), options_(options) {}

  // How many there are to be in all, with those that have been.
  void want(int frames) { wanted_ = frames; }
  int finished() const { return finished_; }
  // Returns whether a frame has been asked for so far.
  bool asked() const { return asked_; }
  bool all_begun() const { return static_cast<int>(times_.size()) >= wanted_; }
  // All of them have been, or all that there were inputs for.
  bool done() const { return finished_ >= wanted_; }
  const std::vector<FrameTime>& times() const { return times_; }

  // Returns the input of a frame that begins now, until the next call; none: no
  // frame may begin.
  std::optional<std::span<const uint8_t>> next(Nanos now);
  // The oldest that is under way has its output.
  void finish(Nanos now, const std::vector<uint8_t>& output);

 private:
  bool may_begin() const;

  const std::span<const uint8_t> input_;
  const SimOptions& options_;
  std::optional<std::vector<uint8_t>> given_;
  std::vector<FrameTime> times_;
  int wanted_ = 0, finished_ = 0;
  bool asked_ = false;
};

}  // namespace shoal
