#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/coordinator/work.h"
#include "host/engine/fault.h"

namespace shoal {
namespace {

constexpr uint64_t kStopUs = 1'000'000;
constexpr double kMostFrameUs = 1e12;  // that a plan may say

Fault fault_of(const PingAnswer& p) {
  return {static_cast<Status>(p.status), static_cast<Table>(p.table),
          p.fault_stage, p.fault_index, p.fault_check};
}

}  // namespace

// A coordinator that was busy with something else, or stopped, has not heard
// anybody: that is not their silence. How long it meant to sleep does not
// count.
void Coordinator::Work::excuse_own_absence(uint64_t now) {
  const uint64_t least =
      config_.derives_silence
          ? std::min(silence_of(0, 0, 0).limit_us, config_.timeout_us)
          : config_.timeout_us;
  if (now <= due_at_ || now - due_at_ < least / 4) return;
  const uint64_t late = now - due_at_;
  due_at_ = now;
  progress_at_ += late;
  news_at_ += late;
  for (const auto& w : workers_) w->talk.excuse(late);
}

void Coordinator::Work::pong(Worker& w, const PingAnswer& p) {
  w.report.last = p;
  if (!w.used || !w.running || phase_ > Phase::kRunning) return;
  if (p.state == AgentState::kFaulted) refuse(w, fault_text(fault_of(p)));
  if (p.state != AgentState::kRunning || p.epoch != epoch_) {
    lose(w, Loss::kLeft);
    refuse(w, "it has left the run");
  }
  if (phase_ == Phase::kRunning &&
      evidence_->said(w.number, p, frames_->submitted())) {
    begin_wait(now());
  }
}

void Coordinator::Work::start_watch() {
  std::vector<int> stages;
  for (const PlanNode& node : prepared_->plan.nodes) {
    stages.push_back(static_cast<int>(node.stages.size()));
  }
  evidence_.emplace(stages, frames_->frame_bytes());
  const double frame_us =
      std::min(1e6 * prepared_->plan.latency_s, kMostFrameUs);
  most_wait_us_ =
      config_.patience * (config_.timeout_us + static_cast<uint64_t>(frame_us));
  progress_at_ = news_at_ = now();
}

void Coordinator::Work::begin_wait(uint64_t now) {
  evidence_->begin_wait();
  news_at_ = now;
}

std::string Coordinator::Work::states() const {
  std::string text;
  for (const auto& w : workers_) {
    if (!w->used) continue;
    text += (text.empty() ? "" : ", ") + w->talk.name() + " in stage " +
            std::to_string(w->report.last.stage) + " of frame " +
            std::to_string(w->report.last.frames);
  }
  return text;
}

// The nodes' reports of their work are believed for a time that an honest node,
// on an emulator of a busy computer, stays far below.
void Coordinator::Work::watch_evidence(uint64_t now) {
  if (evidence_->seen(frames_->progress()) || frames_->idle()) {
    return begin_wait(now);
  }
  if (now < news_at_ + most_wait_us_) return;
  refuse(*workers_[evidence_->busiest()],
         "it reports work, but has made no progress for " +
             std::to_string((now - news_at_) / 1'000'000) + " s: " + states(),
         more_time(config_));
}

// All nodes answer, and yet nothing moves: that must end too.
void Coordinator::Work::watch_progress(uint64_t now) {
  watch_evidence(now);
  uint64_t sum = frames_->progress();
  for (const auto& w : workers_) {
    // One that needs no inputs runs ahead, whatever becomes of the others.
    const PingAnswer& last = w->report.last;
    if (last.frames >= frames_->submitted()) continue;
    sum += uint64_t{last.work} + last.frames;
  }
  if (sum != progress_ || (frames_->idle() && reads_ == 0)) {
    progress_ = sum;
    progress_at_ = now;
    return;
  }
  watch_links(now);
  if (now < progress_at_ + 2 * config_.timeout_us) return;
  throw Error(Exit::kNode,
              "the nodes answer, but none makes progress: " + states());
}

void Coordinator::Work::leave(int worker) {
  Conversation& talk = workers_[static_cast<size_t>(worker)]->talk;
  talk.end();
  if (!talk.may_stand()) return;
  talk.ask(Request::kStop, {}, [](Reply, std::span<const uint8_t>) {});
}

void Coordinator::Work::stop() {
  if (phase_ >= Phase::kStopping) return;
  phase_ = Phase::kStopping;
  const uint64_t time = now();
  due_at_ = time;
  stop_until_ = time + std::min(config_.timeout_us / 2, kStopUs);
  for (const auto& w : workers_) {
    w->talk.end();
    // One that has accepted without being heard keeps its lease otherwise.
    w->stopped |= w->gone || !w->talk.may_stand();
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
    // An error of one node now must not keep the others from being stopped.
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
