#include "host/base/ranks/watched_ranks.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string seconds_text(milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s",
                static_cast<double>(time.count()) / 1000);
  return text;
}

// Often enough that a packet that comes late is no silence.
milliseconds pause_of(milliseconds limit) {
  constexpr milliseconds kLongest{1000};
  return std::clamp(limit / 10, milliseconds(1), kLongest);
}

// Ends this process if what it is made for takes longer than the limit.
class CallWatch {
 public:
  CallWatch(milliseconds limit, const char* what,
            const std::function<void(const Error&)>& tell)
      : thread_([=, this] { run(limit, what, tell); }) {}
  ~CallWatch() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

 private:
  void run(milliseconds limit, const char* what,
           const std::function<void(const Error&)>& tell) {
    // Which rank this is may not be known; the process's number is another one
    // on each, so that one of them tells it before it ends the others.
    constexpr int kTurns = 8;
    const milliseconds pause = pause_of(limit);
    const milliseconds patience = limit + getpid() % kTurns * pause;
    std::unique_lock lock(mutex_);
    Silence silence(1);
    Clock::time_point last = Clock::now();
    while (!changed_.wait_for(lock, pause / 4, [this] { return over_; })) {
      const Clock::time_point now = Clock::now();
      silence.pass(now - last, pause);
      last = now;
      if (silence.of(0) <= patience) continue;
      tell(Error(Exit::kNode,
                 std::string("another rank has not ") + what + " within " +
                     seconds_text(limit),
                 "look at the machines of all ranks; --node-timeout waits "
                 "longer"));
      std::_Exit(static_cast<int>(Exit::kNode));
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

class WatchedRanks final : public Ranks {
 public:
  WatchedRanks(std::unique_ptr<Ranks> ranks, RankWatch watch)
      : ranks_(std::move(ranks)),
        rank_(ranks_->rank()),
        size_(ranks_->size()),
        tell_(std::move(watch.tell)),
        limit_(watch.limit),
        pause_(pause_of(limit_)),
        silence_(size_) {
    if (size_ > 1) thread_ = std::thread([this] { run(); });
  }
  ~WatchedRanks() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    if (!thread_.joinable()) return;
    thread_.join();
    const CallWatch watch(limit_, "ended", tell_);
    ranks_.reset();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void send(int to, std::span<const uint8_t> bytes) override {
    const std::lock_guard lock(mutex_);
    ranks_->send(to, bytes);
  }
  std::optional<Packet> poll() override {
    const std::lock_guard lock(mutex_);
    if (come_.empty()) read();
    if (come_.empty()) return std::nullopt;
    Packet packet = std::move(come_.front());
    come_.pop_front();
    return packet;
  }
  void abort(int code) override {
    const std::lock_guard lock(mutex_);
    ranks_->abort(code);
  }

 private:
  void read() {
    while (std::optional<Packet> packet = ranks_->poll()) {
      silence_.heard(packet->from);
      if (!packet->bytes.empty()) come_.push_back(*std::move(packet));
    }
  }

  // One rank tells it: rank 0, or rank 1 where rank 0 is silent. The others
  // have long been ended by it when they give up, unless it is silent, too.
  milliseconds patience() const {
    constexpr int kMostTurns = 8;
    if (rank_ <= 1) return limit_;
    return 2 * limit_ + std::min(rank_ - 2, kMostTurns) * pause_;
  }

  void run() {
    std::unique_lock lock(mutex_);
    Clock::time_point last = Clock::now();
    while (!over_) {
      const int first = rank_ == 0 ? 1 : 0, end = rank_ == 0 ? size_ : 1;
      for (int other = first; other < end; ++other) ranks_->send(other, {});
      const Clock::time_point now = Clock::now();
      silence_.pass(now - last, pause_);
      last = now;
      read();
      for (int other = first; other < end; ++other) {
        if (silence_.of(other) > patience()) return give_up(other);
      }
      changed_.wait_for(lock, pause_);
    }
  }

  void give_up(int silent) {
    tell_(Error(Exit::kNode,
                "rank " + std::to_string(silent) + " has been silent for " +
                    seconds_text(limit_),
                "look at its machine and start the command again; "
                "--node-timeout waits longer"));
    ranks_->abort(static_cast<int>(Exit::kNode));
  }

  std::unique_ptr<Ranks> ranks_;  // under the mutex
  const int rank_, size_;
  const std::function<void(const Error&)> tell_;
  const milliseconds limit_, pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Silence silence_;
  std::deque<Packet> come_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace

void Silence::pass(Duration time, Duration pause) {
  // A longer time was spent asleep, or others have kept the processor.
  const Duration awake = std::min(time, 2 * pause);
  for (Duration& s : silent_) s += awake;
}

std::unique_ptr<Ranks> watched_ranks(
    const std::function<std::unique_ptr<Ranks>()>& start, RankWatch watch) {
  std::unique_ptr<Ranks> ranks;
  {
    const CallWatch starting(watch.limit, "started", watch.tell);
    ranks = start();
  }
  return std::make_unique<WatchedRanks>(std::move(ranks), std::move(watch));
}

}  // namespace shoal
