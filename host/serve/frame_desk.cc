#include "host/serve/frame_desk.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/serve/desk_lanes.h"

namespace shoal {

FrameDesk::FrameDesk(size_t most, std::optional<int64_t> sequence)
    : most_(most) {
  counts_.sequence = sequence;
  counts_.buckets.resize(std::size(kFrameSeconds));
}

bool FrameDesk::has_room() const {
  return waiting_.size() + frames_under_way() < most_;
}

size_t FrameDesk::frames_under_way() const {
  return lanes_ ? lanes_->under_way() : under_way_.size();
}

FrameDesk::Ticket FrameDesk::add(std::vector<uint8_t> input, std::string file) {
  Frame frame;
  frame.result.frame = counts_.taken++;
  frame.input = std::move(input);
  frame.file = std::move(file);
  frame.since = Clock::now();
  Ticket ticket = frame.promise.get_future();
  waiting_.push_back(std::move(frame));
  set_readable();
  return ticket;
}

std::optional<FrameDesk::Ticket> FrameDesk::give(std::vector<uint8_t> input) {
  const std::lock_guard lock(mutex_);
  if (closed_ || !standstill_.empty() || !has_room()) {
    ++counts_.refused;
    return std::nullopt;
  }
  return add(std::move(input), {});
}

std::optional<FrameDesk::Ticket> FrameDesk::give_when_free(
    std::vector<uint8_t> input, std::string file) {
  std::unique_lock lock(mutex_);
  room_.wait(lock,
             [this] { return closed_ || (standstill_.empty() && has_room()); });
  if (closed_) return std::nullopt;
  return add(std::move(input), std::move(file));
}

std::string FrameDesk::refusal() const {
  const std::lock_guard lock(mutex_);
  if (closed_) return "the service is stopping";
  if (!standstill_.empty()) return standstill_;
  return std::to_string(most_) + " frames wait already";
}

void FrameDesk::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  set_readable();
  room_.notify_all();
}

bool FrameDesk::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool FrameDesk::has_waiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

std::string FrameDesk::standstill() const {
  const std::lock_guard lock(mutex_);
  return standstill_;
}

DeskCounts FrameDesk::counts() const {
  const std::lock_guard lock(mutex_);
  DeskCounts counts = counts_;
  counts.waiting = static_cast<int64_t>(waiting_.size());
  counts.under_way = static_cast<int64_t>(frames_under_way());
  return counts;
}

ClusterStatus FrameDesk::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

// The descriptor is readable exactly while there is a reason.
void FrameDesk::set_readable() {
  if (lanes_) lanes_->set_readable();
  if (closed_ || !waiting_.empty()) {
    wakeup_.set();
  } else {
    wakeup_.clear();
  }
}

std::optional<std::vector<uint8_t>> FrameDesk::next() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  under_way_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  set_readable();
  return std::move(under_way_.back().input);
}

std::string FrameDesk::file() const {
  const std::lock_guard lock(mutex_);
  return under_way_.empty() ? std::string() : under_way_.back().file;
}

void FrameDesk::take(const std::vector<uint8_t>& output,
                     std::optional<int64_t> number) {
  Frame frame;
  {
    const std::lock_guard lock(mutex_);
    frame = std::move(under_way_.front());
    under_way_.pop_front();
    if (number) {
      frame.result.frame = *number;
      counts_.sequence = std::max(counts_.sequence.value_or(0), *number + 1);
    }
    finish(frame, output);
  }
  frame.promise.set_value(std::move(frame.result));
}

void FrameDesk::finish(Frame& frame, const std::vector<uint8_t>& output) {
  FrameResult& r = frame.result;
  r.output = output;
  r.seconds = std::chrono::duration<double>(Clock::now() - frame.since).count();
  ++counts_.done;
  counts_.seconds += r.seconds;
  for (size_t i = 0; i < counts_.buckets.size(); ++i) {
    if (r.seconds <= kFrameSeconds[i]) ++counts_.buckets[i];
  }
  room_.notify_one();
}

void FrameDesk::repeats() {
  const std::lock_guard lock(mutex_);
  for (Frame& f : under_way_) ++f.result.repeats;
  counts_.repeats += static_cast<int64_t>(under_way_.size());
}

void FrameDesk::fails(const Error& why) {
  std::deque<Frame> failed;
  {
    const std::lock_guard lock(mutex_);
    failed.swap(under_way_);
    for (Frame& f : waiting_) failed.push_back(std::move(f));
    waiting_.clear();
    counts_.failed += static_cast<int64_t>(failed.size());
    set_readable();
    room_.notify_all();
  }
  for (Frame& f : failed) {
    f.result.failure = why;
    f.promise.set_value(std::move(f.result));
  }
}

void FrameDesk::stands_still(const std::string& why) {
  const std::lock_guard lock(mutex_);
  standstill_ = why;
  room_.notify_all();
}

void FrameDesk::heed(const ClusterStatus& status) {
  const std::lock_guard lock(mutex_);
  cluster_ = status;
}

}  // namespace shoal
