#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/workers/work.h"

namespace shoal {
namespace {

constexpr uint64_t kStopUs = 1'000'000;

const char* status_text(uint8_t status) {
  switch (static_cast<Status>(status)) {
    case Status::kBadMagic:
      return "not a program";
    case Status::kBadVersion:
      return "a program of another version";
    case Status::kBadArithmetic:
      return "a program for another arithmetic";
    case Status::kBadHash:
      return "the program's hash is wrong";
    case Status::kBadTag:
      return "a record's or chunk's tag is wrong";
    case Status::kBadRecord:
      return "a record is refused";
    case Status::kTooShort:
      return "the program ends early";
    case Status::kArenaTooSmall:
      return "its arena is too small";
    case Status::kStorage:
      return "its storage failed";
    default:
      return "it stopped";
  }
}

}  // namespace

// A coordinator that was busy with something else, or stopped, has not heard
// anybody: that is not their silence. How long it meant to sleep does not
// count.
void Coordinator::Work::excuse_own_absence(uint64_t now) {
  if (now <= due_at_ || now - due_at_ < config_.timeout_us / 4) return;
  const uint64_t late = now - due_at_;
  due_at_ = now;
  progress_at_ += late;
  for (const auto& w : workers_) w->talk.excuse(late);
}

std::string Coordinator::Work::what_it_said(const PingAnswer& p) const {
  std::string text = status_text(p.status);
  const auto add = [&text](const char* what, uint16_t n) {
    if (n != kNone) text += std::string(", ") + what + std::to_string(n);
  };
  add("stage ", p.fault_stage);
  if (p.table != 0) text += ", table " + std::to_string(p.table);
  add("entry ", p.fault_index);
  add("check ", p.fault_check);
  return text + " (status " + std::to_string(p.status) + ")";
}

void Coordinator::Work::pong(Worker& w, const PingAnswer& p) {
  w.report.last = p;
  if (!w.used || !w.running || phase_ > Phase::kRunning) return;
  if (p.state == AgentState::kFaulted) refuse(w, what_it_said(p));
  if (p.state != AgentState::kRunning || p.epoch != epoch_) {
    refuse(w, "it has left the run");
  }
}

// All nodes answer, and yet nothing moves: that must end too.
void Coordinator::Work::watch_progress(uint64_t now) {
  uint64_t sum = frames_->progress();
  for (const auto& w : workers_) {
    sum += uint64_t{w->report.last.work} + w->report.last.frames;
  }
  if (sum != progress_ || frames_->free_frames() == config_.frames_in_flight) {
    progress_ = sum;
    progress_at_ = now;
    return;
  }
  if (now < progress_at_ + 2 * config_.timeout_us) return;
  std::string states;
  for (const auto& w : workers_) {
    if (!w->used) continue;
    states += (states.empty() ? "" : ", ") + w->talk.name() + " in stage " +
              std::to_string(w->report.last.stage) + " of frame " +
              std::to_string(w->report.last.frames);
  }
  throw Error(Exit::kNode, "the nodes answer, but nothing moves: " + states);
}

void Coordinator::Work::stop() {
  if (phase_ >= Phase::kStopping) return;
  phase_ = Phase::kStopping;
  const uint64_t time = now();
  due_at_ = time;
  stop_until_ = time + std::min(config_.timeout_us / 2, kStopUs);
  for (const auto& w : workers_) {
    w->talk.clear();
    // One that has accepted without being heard keeps its lease otherwise.
    w->stopped = !w->talk.may_stand();
    if (w->stopped) continue;
    ++stop_count_.asked;
    w->talk.ask(Request::kStop, {},
                [this, &worker = *w](Reply, std::span<const uint8_t> data) {
                  worker.stopped = true;
                  ++stop_count_.answered;
                  PingAnswer said;
                  if (data.size() != sizeof said) return;
                  std::memcpy(&said, data.data(), sizeof said);
                  // A second answer is from after the run.
                  if (said.state < AgentState::kRunning) return;
                  worker.report.last = said;
                });
  }
  stop_step(time);
}

void Coordinator::Work::stop_step(uint64_t now) {
  try {
    receive();
  } catch (const Error&) {
    // What one says now shall not keep the others from being stopped.
  }
  bool all = true;
  for (const auto& w : workers_) {
    if (w->stopped) continue;
    try {
      w->talk.poll(now);
    } catch (const Error&) {
      w->stopped = true;  // a silent node is left alone
    }
    w->stopped |= !w->talk.may_stand();
    all &= w->stopped;
  }
  if (all || now >= stop_until_) phase_ = Phase::kStopped;
}

}  // namespace shoal
