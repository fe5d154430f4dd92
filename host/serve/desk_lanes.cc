#include "host/serve/desk_lanes.h"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

constexpr size_t kMostEvents = 100;

}  // namespace

DeskLanes::DeskLanes(FrameDesk& desk, size_t count) : desk_(desk) {
  for (size_t i = 0; i < count; ++i) {
    lanes_.push_back(std::make_unique<DeskLane>(desk, *this));
  }
  const std::lock_guard lock(desk_.mutex_);
  desk_.lanes_ = this;
  set_readable();
}

DeskLanes::~DeskLanes() {
  const std::lock_guard lock(desk_.mutex_);
  desk_.lanes_ = nullptr;
}

bool DeskLanes::may_take(const DeskLane& lane) const {
  const size_t has = lane.under_way_.size();
  if (desk_.waiting_.empty() || has >= DeskLane::kMost) return false;
  return std::ranges::all_of(lanes_, [&](const auto& other) {
    return !other->standstill_.empty() || has <= other->under_way_.size();
  });
}

bool DeskLanes::has_ended(const DeskLane& lane) const {
  return desk_.closed_ && desk_.waiting_.empty() &&
         under_way() == lane.under_way_.size();
}

int DeskLanes::others(const DeskLane& lane) const {
  return static_cast<int>(std::ranges::count_if(lanes_, [&](const auto& other) {
    return other.get() != &lane && other->standstill_.empty();
  }));
}

size_t DeskLanes::under_way() const {
  size_t count = 0;
  for (const auto& lane : lanes_) count += lane->under_way_.size();
  return count;
}

void DeskLanes::set_readable() const {
  for (const auto& lane : lanes_) {
    if (may_take(*lane) || has_ended(*lane)) {
      lane->wakeup_.set();
    } else {
      lane->wakeup_.clear();
    }
  }
}

// An engine tells its last events each time.
void DeskLanes::add_events(const std::vector<std::string>& before,
                           const std::vector<std::string>& now) {
  auto known = std::ssize(now);
  known = std::min(known, std::ssize(before));
  while (!std::equal(now.begin(), now.begin() + known, before.end() - known)) {
    --known;
  }
  events_.insert(events_.end(), now.begin() + known, now.end());
  while (events_.size() > kMostEvents) events_.pop_front();
}

void DeskLanes::tell_status() {
  ClusterStatus all;
  for (const auto& lane : lanes_) {
    const ClusterStatus& s = lane->status_;
    all.nodes.insert(all.nodes.end(), s.nodes.begin(), s.nodes.end());
    all.losses += s.losses;
    all.returns += s.returns;
  }
  all.events.assign(events_.begin(), events_.end());
  desk_.cluster_ = std::move(all);
}

std::optional<std::vector<uint8_t>> DeskLane::next() {
  const std::lock_guard lock(desk_.mutex_);
  if (!lanes_.may_take(*this)) return std::nullopt;
  under_way_.push_back(std::move(desk_.waiting_.front()));
  desk_.waiting_.pop_front();
  repeats_ = false;
  desk_.set_readable();
  return under_way_.back().input;  // it stays for another engine
}

bool DeskLane::ended() const {
  const std::lock_guard lock(desk_.mutex_);
  return lanes_.has_ended(*this);
}

int DeskLane::others() const {
  const std::lock_guard lock(desk_.mutex_);
  return lanes_.others(*this);
}

void DeskLane::repeats() {
  const std::lock_guard lock(desk_.mutex_);
  for (FrameDesk::Frame& f : under_way_) ++f.result.repeats;
  desk_.counts_.repeats += std::ssize(under_way_);
  repeats_ = true;
}

void DeskLane::fails(const Error& why) {
  std::deque<FrameDesk::Frame> failed;
  {
    const std::lock_guard lock(desk_.mutex_);
    if (!std::exchange(repeats_, false)) {
      failed.swap(under_way_);
    } else {
      // In front, because they came before those that wait.
      for (; !under_way_.empty(); under_way_.pop_back()) {
        desk_.waiting_.push_front(std::move(under_way_.back()));
      }
      if (lanes_.others(*this) == 0) failed.swap(desk_.waiting_);
    }
    desk_.counts_.failed += std::ssize(failed);
    desk_.set_readable();
    desk_.room_.notify_all();
  }
  for (FrameDesk::Frame& f : failed) {
    f.result.failure = why;
    f.promise.set_value(std::move(f.result));
  }
}

void DeskLane::stands_still(const std::string& why) {
  const std::lock_guard lock(desk_.mutex_);
  standstill_ = why;
  desk_.standstill_ =
      why.empty() || lanes_.others(*this) > 0 ? std::string() : why;
  desk_.set_readable();
  desk_.room_.notify_all();
}

void DeskLane::heed(const ClusterStatus& status) {
  const std::lock_guard lock(desk_.mutex_);
  lanes_.add_events(status_.events, status.events);
  status_ = status;
  lanes_.tell_status();
}

void DeskLane::take(const std::vector<uint8_t>& output) {
  FrameDesk::Frame frame;
  {
    const std::lock_guard lock(desk_.mutex_);
    frame = std::move(under_way_.front());
    under_way_.pop_front();
    desk_.finish(frame, output);
    desk_.set_readable();
  }
  frame.promise.set_value(std::move(frame.result));
}

}  // namespace shoal
