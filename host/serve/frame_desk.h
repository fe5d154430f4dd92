// Where frames of many senders wait for an engine that serves: as many as fit,
// in the order in which they came, each accounted for. Senders are threads of
// their own; the engine is one thread.
//
//   FrameDesk desk(64);
//   std::future<FrameResult> result = *desk.give(input);     // a sender
//   engine.serve(desk, [&](const Answer& a) { desk.take(a.output); });
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/frame_source.h"
#include "host/serve/wakeup.h"

namespace shoal {

// Says what has become of a frame.
struct FrameResult {
  int64_t frame = 0;
  int64_t repeats = 0;  // how often it was run again
  double seconds = 0;   // since it was given
  std::vector<uint8_t> output;
  std::optional<Error> failure;  // then there is no output
};

struct DeskCounts {
  int64_t taken = 0, done = 0, failed = 0, refused = 0;
  int64_t repeats = 0;
  int64_t waiting = 0, under_way = 0;
  std::optional<int64_t> sequence;  // frames of it that have their answers
  double seconds = 0;               // of all that are done
  std::vector<int64_t> buckets;     // done in at most kFrameSeconds[i]
};
// Limits of a histogram.
inline constexpr double kFrameSeconds[] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

class DeskLanes;

class FrameDesk final : public FrameSource {
 public:
  using Ticket = std::future<FrameResult>;

  // `most`: frames that wait or are under way. `sequence`: as
  // Engine::sequence_frames().
  explicit FrameDesk(size_t most, std::optional<int64_t> sequence = {});

  // For senders. give() returns nothing, and counts that, if there is no room,
  // no frame can be run for now, or the desk is closed; give_when_free() waits
  // for room, and returns nothing if the desk is closed.
  // `file`: its kept_file() (frame_source.h).
  std::optional<Ticket> give(std::vector<uint8_t> input);
  std::optional<Ticket> give_when_free(std::vector<uint8_t> input,
                                       std::string file = {});
  // Returns why give() returns nothing, now.
  std::string refusal() const;

  // No frames come any more; those that wait are still run. From any thread.
  void close();
  bool closed() const;
  bool has_waiting() const;
  // Returns why no frame can be run for now; empty: they can.
  std::string standstill() const;
  DeskCounts counts() const;
  ClusterStatus cluster() const;

  // For the engine's thread.
  std::optional<std::vector<uint8_t>> next() override;
  std::string file() const override;
  bool ended() const override { return closed(); }
  int descriptor() const override { return wakeup_.descriptor(); }
  // `number`: of the frame, if the engine counts those of a sequence.
  void take(const std::vector<uint8_t>& output,
            std::optional<int64_t> number = {});
  void repeats() override;
  // Those that wait, too.
  void fails(const Error&) override;
  void stands_still(const std::string& why) override;
  void heed(const ClusterStatus&) override;

 private:
  friend class DeskLane;
  friend class DeskLanes;
  using Clock = std::chrono::steady_clock;
  struct Frame {
    FrameResult result;
    std::vector<uint8_t> input;
    std::string file;
    std::promise<FrameResult> promise;
    Clock::time_point since;
  };
  bool has_room() const;
  Ticket add(std::vector<uint8_t> input, std::string file);
  void set_readable();
  // Counts a frame that has its output.
  void finish(Frame&, const std::vector<uint8_t>& output);
  size_t frames_under_way() const;

  const size_t most_;
  const Wakeup wakeup_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Frame> waiting_, under_way_;
  DeskLanes* lanes_ = nullptr;  // of several engines; then under_way_ is empty
  bool closed_ = false;
  std::string standstill_;
  DeskCounts counts_;
  ClusterStatus cluster_;
};

}  // namespace shoal
