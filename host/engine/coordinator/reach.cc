// Finds out whether nodes reach each other: asks others about a node that is
// silent, and heeds those that complain when nothing moves.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/coordinator/complaints.h"
#include "host/engine/coordinator/work.h"

namespace shoal {
namespace {

constexpr uint64_t kAskOthersUs = 100'000;
constexpr size_t kMostRelays = 2;
constexpr uint64_t kMostReachUs = 1'000'000;  // for an answer through others
// A run that stands still waits for this many silences where a false alarm
// costs little more than the repetition of a frame.
constexpr uint64_t kSilences = 2;
// Single losses do not make this many time-outs in a row.
constexpr uint8_t kManyTimeouts = 3;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : " and ") + n;
  return text;
}

}  // namespace

std::string Coordinator::Work::name_of(size_t worker) const {
  const WorkerAddress& a = workers_[worker]->address;
  return a.name.empty() ? a.label : a.name;
}

bool Coordinator::Work::relay(Worker& by, Conversation& to, uint64_t address) {
  const std::vector<uint8_t> hello = to.hello_by_others();
  const RelayRequest where{address};
  std::vector<uint8_t> data(sizeof where + hello.size());
  std::memcpy(data.data(), &where, sizeof where);
  std::ranges::copy(hello, data.begin() + sizeof where);
  const size_t all =
      sizeof(SessionHead) + sizeof(RequestHead) + data.size() + kTagBytes;
  if (all > config_.transport->max_payload) return false;
  by.talk.ask_beside(Request::kRelay, std::move(data),
                     [](Reply, std::span<const uint8_t>) {});
  return true;
}

void Coordinator::Work::write_logs(const std::string& text) {
  constexpr size_t kAround =
      sizeof(SessionHead) + sizeof(RequestHead) + kTagBytes;
  for (const auto& w : workers_) {
    if (!w->talk.open() || w->gone) continue;
    const uint32_t takes = std::min<uint32_t>(config_.transport->max_payload,
                                              w->identity.facts.max_payload);
    const size_t most = std::max(kLeastPayload, takes) - kAround;
    w->talk.ask_beside(
        Request::kTell,
        {text.begin(),
         text.begin() + static_cast<ptrdiff_t>(std::min(most, text.size()))},
        [](Reply, std::span<const uint8_t>) {});
  }
}

// The answer to any of several hellos will do: single ones are lost.
std::optional<bool> Coordinator::Work::reaches(size_t worker,
                                               const WorkerAddress& outsider) {
  const uint64_t time = now();
  if (!outsider_ || outsider_->worker != worker ||
      outsider_->address != outsider.address) {
    outsider_.reset(new Outsider{
        worker, outsider.address, time, {config_, own_, outsider}});
  }
  const bool answers = outsider_->answers;
  if (answers || time >= outsider_->asked_at + kMostReachUs) {
    outsider_.reset();
    return answers;
  }
  Worker& by = *workers_.at(worker);
  if (!by.talk.open() || !relay(by, outsider_->talk, outsider.address)) {
    return true;  // it cannot be asked
  }
  return std::nullopt;
}

void Coordinator::Work::ask_others_for(Worker& w, uint64_t now) {
  if (!w.talk.is_in_question()) {
    w.relays.clear();
    return;
  }
  if (now < w.relay_at) return;
  w.relay_at = now + kAskOthersUs;
  size_t asked = 0;
  for (const auto& other : workers_) {
    if (other->number == w.number || !other->talk.open() ||
        other->talk.is_in_question() || !other->used ||
        other->talk.is_asked(Request::kRelay)) {
      continue;
    }
    if (!relay(*other, w.talk, w.address.address)) return;
    if (std::ranges::count(w.relays, other->number) == 0) {
      w.relays.push_back(other->number);
    }
    if (++asked == kMostRelays) return;
  }
}

// A sequence that nobody mirrors would end with this run.
bool Coordinator::Work::goes_on_without(Worker& w, const Error& why) {
  if (phase_ != Phase::kRunning || w.used || sequence_.every > 0 ||
      prepared_->net.variables.empty()) {
    return false;
  }
  w.gone = true;
  hint("warning: " + std::string(why.what()) +
       "; it has no part in the run, which goes on");
  return true;
}

// Throws what the silence of a node means.
void Coordinator::Work::give_up(Worker& w, const Error& silence) {
  lose(w, Loss::kDead);
  const std::string said = silence.what();
  const uint64_t from = w.talk.reached_from();
  for (const auto& other : workers_) {
    if (from == 0 || other->talk.address() != from) continue;
    loss_->why = Loss::kUnreachable;
    throw Error(Exit::kNode,
                said + "; node " + name_of(other->number) + " reaches it",
                silence.fix());
  }
  std::vector<std::string> names;
  for (const size_t r : w.relays) names.push_back(name_of(r));
  if (names.empty()) throw Error(silence);
  throw Error(Exit::kNode,
              fmt::format("{}; {} {} no answer from it either", said,
                          joined(names), names.size() == 1 ? "gets" : "get"),
              silence.fix());
}

// All nodes answer, and nothing moves: a node waits for what another one never
// gets, or never does.
void Coordinator::Work::watch_links(uint64_t now) {
  uint64_t limit = 0;
  std::vector<Complaint> complaints;
  for (const auto& w : workers_) {
    if (!w->used) continue;
    limit = std::max(limit, w->talk.silence_us());
    const PingAnswer& last = w->report.last;
    const size_t about = last.fault_index;
    if (last.unanswered < kManyTimeouts || about >= workers_.size()) continue;
    complaints.push_back({w->number, about});
  }
  // Where it hears nothing of any of them, the reason is at its own end.
  size_t unheard = 0;
  for (uint16_t i = 0; i < links_.peers.size(); ++i) {
    if (link_.unheard(i) < kManyTimeouts) continue;
    complaints.push_back({Complaint::kFromCoordinator, links_.peers[i].node});
    ++unheard;
  }
  if (unheard > 0 && unheard == links_.peers.size()) return;
  if (config_.derives_silence) limit *= kSilences;
  if (complaints.empty() || now < progress_at_ + limit) return;
  const Blame blame = blame_for(complaints);
  loss_ = LostNode{static_cast<int>(blame.node), Loss::kHung, {}};
  const double stood = static_cast<double>(now - progress_at_) * 1e-6;
  if (!blame.other) {
    throw Error(
        Exit::kNode,
        fmt::format("node {}: it answers, but its program stands: other nodes "
                    "get nothing of it, for {:.1f} s",
                    workers_[blame.node]->talk.name(), stood));
  }
  loss_->why = Loss::kCut;
  loss_->other = static_cast<int>(*blame.other);
  throw Error(Exit::kNode,
              fmt::format("nodes {} and {} do not reach each other, for {:.1f} "
                          "s; both answer the coordinator",
                          name_of(*blame.other), name_of(blame.node), stood),
              "mend the network between them, or leave out one of them");
}

}  // namespace shoal
