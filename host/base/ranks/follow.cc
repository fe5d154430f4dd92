// A rank that is not the first: its threads take items as if they were here.
#include <algorithm>
#include <condition_variable>
#include <deque>

#include "host/base/ranks/local_work.h"
#include "host/base/ranks/team.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

class HandedItems final : public Items {
 public:
  explicit HandedItems(Bell& bell) : bell_(bell) {}

  std::optional<int64_t> next() override {
    std::unique_lock lock(mutex_);
    if (hand_.empty() && !over_) {
      ++waiting_;
      bell_.ring();
      changed_.wait(lock, [this] { return !hand_.empty() || over_; });
      --waiting_;
    }
    if (hand_.empty()) return std::nullopt;
    const int64_t item = hand_.front();
    hand_.pop_front();
    return item;
  }

  // Sent when the other thread looks again: waking it costs more.
  void done(int64_t item, std::span<const uint8_t> result) override {
    put({.kind = MessageKind::kResult,
         .numbers = {item},
         .bytes = {result.begin(), result.end()}});
  }

  void failed(int64_t item, std::exception_ptr failure) override {
    Items::failed(item, failure);
    end();
    if (item == INT64_MAX) return;  // told by close()
    put({.kind = MessageKind::kFailed,
         .numbers = {item},
         .error = error_of(failure)});
  }

  // Takes the messages that are to be sent.
  std::deque<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(out_, {});
  }

  // Returns how many more frames the rank needs: one for each thread that has
  // none or will be done before an answer comes.
  int64_t wanted() const {
    const std::lock_guard lock(mutex_);
    if (over_) return 0;
    const auto held = static_cast<int64_t>(hand_.size());
    int64_t ahead = 0;
    if (done_ > 0) {
      const double times = kAhead / (Clock::now() - start_);
      ahead = static_cast<int64_t>(
          std::min(kMostAhead, static_cast<double>(done_) * times));
    }
    if (waiting_ == 0 && 2 * held > ahead) return 0;  // not one by one
    return std::max<int64_t>(0, waiting_ + ahead - held);
  }

  void give(const std::vector<int64_t>& items, bool are_last) {
    {
      const std::lock_guard lock(mutex_);
      if (start_ == Clock::time_point{}) start_ = Clock::now();
      if (!over_) hand_.insert(hand_.end(), items.begin(), items.end());
      over_ = over_ || are_last;
    }
    changed_.notify_all();
  }

  // Items in hand are not done either.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      hand_.clear();
    }
    changed_.notify_all();
  }

 private:
  static constexpr std::chrono::duration<double> kAhead{0.05};
  static constexpr double kMostAhead = 64;  // items

  void put(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (message.kind == MessageKind::kResult) ++done_;
      out_.push_back(std::move(message));
    }
  }

  Bell& bell_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int64_t> hand_;
  std::deque<Message> out_;
  int64_t waiting_ = 0, done_ = 0;
  Clock::time_point start_{};
  bool over_ = false;
};

}  // namespace

void Team::follow(const Work& work) {
  Bell bell;
  HandedItems items(bell);
  LocalWork local(items, work, bell);
  int64_t asked = 0;
  bool stopped = false;
  const auto hear = [&](const Message& m) {
    if (m.kind == MessageKind::kStop) {
      stopped = true;
      items.end();
    } else if (m.kind == MessageKind::kItems && asked > 0 &&
               static_cast<int64_t>(m.numbers.size()) <= asked) {
      items.give(m.numbers, static_cast<int64_t>(m.numbers.size()) < asked);
    } else {
      throw not_understood(0);
    }
    asked = 0;
  };
  try {
    for (;;) {
      const bool is_done = local.is_done();  // then nothing more is put
      for (Message& m : items.take()) send(0, std::move(m));
      if (is_done && asked == 0) break;
      if (asked == 0 && !is_done) {
        asked = items.wanted();
        if (asked > 0) send(0, {.kind = MessageKind::kAsk, .numbers = {asked}});
      }
      if (const std::optional<Received> r = receive()) {
        hear(r->message);
      } else {
        bell.wait();
      }
    }
  } catch (...) {
    items.end();
    throw;
  }
  Bytes report = local.result();
  if (stopped || items.has_failed()) throw Stopped{};
  send(0, {.kind = MessageKind::kReport, .bytes = std::move(report)});
}

}  // namespace shoal
