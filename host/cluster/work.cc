#include "host/cluster/work.h"

#include <algorithm>
#include <cstring>

#include "device/link/wire.h"
#include "host/base/error.h"
#include "host/cluster/node_name.h"

namespace shoal {
namespace {

constexpr int kDatagramsPerPoll = 256;
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

Coordinator::Work::Work(CoordinatorConfig config) : config_(std::move(config)) {
  const shoal_transport* t = config_.transport;
  if (!t || t->max_payload < kLeastPayload || !config_.entropy ||
      config_.timeout_us == 0 || config_.frames_in_flight < 1) {
    throw Error(Exit::kInternal, "the coordinator lacks something");
  }
  if (config_.insecure) config_.key = {};
  datagram_.resize(t->max_payload);
  packet_.resize(t->max_payload);
}

void Coordinator::Work::refuse(const Worker& w, const std::string& why,
                               const std::string& fix) const {
  throw Error(Exit::kNode, "node " + w.talk.name() + ": " + why, fix);
}

uint64_t Coordinator::Work::now() const {
  return config_.transport->now_us(config_.transport->user);
}

void Coordinator::Work::connect(const std::vector<WorkerAddress>& addresses) {
  if (addresses.empty()) throw Error(Exit::kUsage, "no worker is named");
  std::map<uint64_t, std::string> seen;
  for (const WorkerAddress& a : addresses) {
    const auto [at, fresh] = seen.emplace(a.address, a.label);
    if (!fresh) {
      throw Error(
          Exit::kUsage,
          "two workers at one address: " + at->second + " and " + a.label,
          "an address for each worker");
    }
  }
  phase_ = Phase::kConnecting;
  due_at_ = now();
  for (const WorkerAddress& a : addresses) {
    workers_.push_back(std::make_unique<Worker>(config_, a));
    Worker& w = *workers_.back();
    w.talk.on_pong([this, &w](const PingAnswer& p) { pong(w, p); });
  }
}

void Coordinator::Work::ask_identity(Worker& w) {
  w.asked = true;
  w.talk.ask(Request::kIdentity, {},
             [this, &w](Reply r, std::span<const uint8_t> data) {
               IdentityAnswer& a = w.identity.facts;
               if (r != Reply::kOk || data.size() != sizeof a) {
                 refuse(w, "does not say what it is");
               }
               std::memcpy(&a, data.data(), sizeof a);
             });
  w.talk.ask(
      Request::kNames, {}, [this, &w](Reply r, std::span<const uint8_t> data) {
        NamesAnswer a;
        if (r != Reply::kOk || data.size() != sizeof a) {
          refuse(w, "does not say its name");
        }
        std::memcpy(&a, data.data(), sizeof a);
        const std::string_view name(a.name, sizeof a.name);
        const std::string_view board(a.board, sizeof a.board);
        w.identity.name = name.substr(0, a.name_bytes);
        w.identity.board = board.substr(0, a.board_bytes);
        if (a.name_bytes > kMaxName || a.board_bytes > kMaxName ||
            !is_node_name(w.identity.name) || !is_node_name(w.identity.board)) {
          refuse(w, "its name or its board's is none",
                 "1 to " + std::to_string(kMaxName) +
                     " printable characters without blanks");
        }
        w.talk.rename(w.identity.name + " (" + w.label + ")");
        w.known = true;
        all_known();
      });
}

void Coordinator::Work::all_known() {
  if (phase_ != Phase::kConnecting) return;
  std::map<std::string, const Worker*> names;
  for (const auto& w : workers_) {
    if (!w->known) return;
    const auto [at, fresh] = names.emplace(w->identity.name, w.get());
    if (!fresh) {
      throw Error(Exit::kUsage,
                  "two workers are named " + w->identity.name + ": " +
                      at->second->label + " and " + w->label,
                  "another --name for one of them");
    }
  }
  phase_ = Phase::kConnected;
}

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

Coordinator::Work::Worker* Coordinator::Work::find(
    std::span<const uint8_t> datagram) {
  const auto at = std::ranges::find_if(
      workers_, [&](const auto& w) { return w->talk.owns(datagram); });
  return at == workers_.end() ? nullptr : at->get();
}

void Coordinator::Work::receive() {
  const shoal_transport& t = *config_.transport;
  for (int i = 0; i < kDatagramsPerPoll; ++i) {
    uint64_t from = 0;
    const uint32_t bytes = t.receive(t.user, &from, datagram_.data(),
                                     static_cast<uint32_t>(datagram_.size()));
    if (bytes == 0) return;
    const std::span datagram(datagram_.data(), bytes);
    if (datagram[0] == kDataKind) {
      // Forged and late ones are counted by the link.
      if (phase_ == Phase::kRunning &&
          link_.receive(from, datagram.data(), bytes) == Status::kOk) {
        workers_[get_head(datagram.data()).node]->talk.heard();
      }
    } else if (Worker* const w = find(datagram)) {
      w->talk.receive(from, datagram);
    }
  }
}

void Coordinator::Work::poll() {
  if (phase_ == Phase::kNew || phase_ == Phase::kStopped) return;
  const uint64_t time = now();
  excuse_own_absence(time);
  if (phase_ == Phase::kStopping) {
    stop_step(time);
  } else {
    step(time);
  }
  due_at_ = std::max(time, next_timer_us());
}

void Coordinator::Work::step(uint64_t time) {
  receive();
  for (const auto& w : workers_) {
    w->talk.poll(time);
    if (w->talk.open() && !w->asked) ask_identity(*w);
  }
  advance();
  if (phase_ == Phase::kRunning) {
    if (frames_->take_news()) link_.wake();
    link_.send(true);
    watch_progress(time);
  }
}

uint64_t Coordinator::Work::next_timer_us() const {
  if (phase_ == Phase::kNew || phase_ == Phase::kStopped) return UINT64_MAX;
  uint64_t at = phase_ == Phase::kStopping ? stop_until_ : UINT64_MAX;
  for (const auto& w : workers_) {
    if (phase_ == Phase::kStopping && w->stopped) continue;
    at = std::min(at, w->talk.next_timer_us());
  }
  if (phase_ == Phase::kRunning) at = std::min(at, link_.next_timer_us());
  return at;
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
    w->stopped = !w->talk.open();
    if (w->stopped) continue;
    w->talk.ask(Request::kStop, {},
                [&worker = *w](Reply, std::span<const uint8_t> data) {
                  worker.stopped = true;
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
    all &= w->stopped;
  }
  if (all || now >= stop_until_) phase_ = Phase::kStopped;
}

void Coordinator::Work::news() {
  if (phase_ == Phase::kRunning && frames_->take_news()) {
    link_.wake();
    link_.send(true);
  }
}

WorkerReport Coordinator::Work::report(int worker) const {
  const Worker& w = *workers_.at(static_cast<size_t>(worker));
  WorkerReport r = w.report;
  r.resent = w.talk.resent();
  return r;
}

shoal_link_counters Coordinator::Work::counters() const {
  return frames_ ? link_.counters() : shoal_link_counters{};
}

}  // namespace shoal
