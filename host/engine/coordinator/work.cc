#include "host/engine/coordinator/work.h"

#include <algorithm>
#include <cstring>

#include "device/link/wire.h"
#include "host/base/error.h"
#include "host/engine/coordinator/node_name.h"

namespace shoal {
namespace {

constexpr int kDatagramsPerPoll = 256;

}  // namespace

Coordinator::Work::Work(CoordinatorConfig config) : config_(std::move(config)) {
  const shoal_transport* t = config_.transport;
  if (!t || t->max_payload < kLeastPayload || !config_.entropy ||
      config_.timeout_us == 0) {
    throw Error(Exit::kInternal, "the coordinator lacks something");
  }
  if (config_.insecure) config_.key = {};
  own_ = config_.number;
  while (own_ == 0) {
    config_.entropy({reinterpret_cast<uint8_t*>(&own_), sizeof own_});
  }
  datagram_.resize(t->max_payload);
  packet_.resize(t->max_payload);
}

void Coordinator::Work::refuse(const Worker& w, const std::string& why,
                               const std::string& fix) const {
  throw Error(Exit::kNode, "node " + w.talk.name() + ": " + why, fix);
}

void Coordinator::Work::lose(Worker& w, Loss why) {
  loss_ = LostNode{static_cast<int>(w.number), why, {}};
  w.stopped = true;  // it is not waited for
}

uint64_t Coordinator::Work::now() const {
  return config_.transport->now_us(config_.transport->user);
}

void Coordinator::Work::connect(const std::vector<WorkerAddress>& addresses) {
  if (addresses.empty()) {
    throw Error(Exit::kUsage, "the cluster has no workers",
                "give addresses: --workers HOST:PORT, or --cluster FILE");
  }
  std::map<uint64_t, std::string> seen;
  for (const WorkerAddress& a : addresses) {
    const auto [at, fresh] = seen.emplace(a.address, a.label);
    if (!fresh) {
      throw Error(
          Exit::kUsage,
          "two nodes have one address: " + at->second + " and " + a.label,
          "give each node an address of its own");
    }
  }
  phase_ = Phase::kConnecting;
  due_at_ = now();
  for (const WorkerAddress& a : addresses) {
    workers_.push_back(make_worker(workers_.size(), a, addresses.size()));
  }
}

std::unique_ptr<Coordinator::Work::Worker> Coordinator::Work::make_worker(
    size_t number, const WorkerAddress& address, size_t all) {
  auto w = std::make_unique<Worker>(config_, own_, address);
  w->number = number;
  w->talk.share_line(all);
  w->talk.on_pong([this, at = w.get()](const PingAnswer& p) { pong(*at, p); });
  return w;
}

const char* read_identity(std::span<const uint8_t> answer, bool has_key,
                          WorkerIdentity& to) {
  IdentityAnswer& a = to.facts;
  uint32_t bits = 0;
  const bool more = answer.size() == sizeof a + sizeof bits;
  if (answer.size() != sizeof a && !more) return "it does not say what it is";
  std::memcpy(&a, answer.data(), sizeof a);
  if (more) std::memcpy(&bits, answer.data() + sizeof a, sizeof bits);
  to.wants_sealed = bits & kWantsSealed;
  to.one_core = bits & kOneCore;
  const bool is_known = (bits & ~(kWantsSealed | kOneCore)) == 0;
  if (is_known && (!more || bits != 0) && (!to.wants_sealed || has_key)) {
    return nullptr;
  }
  return is_known ? "it wants programs in a form that this shoal does not know"
                  : "it says more of itself than this shoal knows; use one "
                    "version of shoal on both sides";
}

void Coordinator::Work::ask_identity(Worker& w) {
  w.asked = true;
  w.talk.ask(Request::kIdentity, {},
             [this, &w](Reply r, std::span<const uint8_t> data) {
               if (r != Reply::kOk) data = {};
               const bool has_key = !config_.insecure && !config_.identity;
               const char* const why = read_identity(data, has_key, w.identity);
               if (why) refuse(w, why);
             });
}

void Coordinator::Work::ask_names(Worker& w) {
  w.keeps = true;
  w.talk.ask(
      Request::kNames, {}, [this, &w](Reply r, std::span<const uint8_t> data) {
        NamesAnswer a;
        if (r != Reply::kOk || data.size() != sizeof a) {
          refuse(w, "it does not say its name");
        }
        std::memcpy(&a, data.data(), sizeof a);
        const std::string_view name(a.name, sizeof a.name);
        const std::string_view board(a.board, sizeof a.board);
        w.identity.name = name.substr(0, a.name_bytes);
        w.identity.board = board.substr(0, a.board_bytes);
        if (a.name_bytes > kMaxName || a.board_bytes > kMaxName ||
            !is_node_name(w.identity.name) || !is_node_name(w.identity.board)) {
          refuse(w, "its name or its board's name is not valid",
                 "use 1 to " + std::to_string(kMaxName) +
                     " printable characters without blanks");
        }
        w.address.name = w.identity.name;
        w.talk.rename(w.address.text());
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
                  "two nodes are named " + w->identity.name + ": " +
                      at->second->address.label + " and " + w->address.label,
                  "give one of them another name (`shoal worker --name`)");
    }
  }
  phase_ = Phase::kConnected;
}

// Coordinators that want the same nodes at the same time may each get some of
// them. Of two that meet so the one with the greater number keeps what it has
// and waits for the rest; the other one gives its nodes back, asks first for
// the node that it was refused, and for the others when it has that one. Who
// waits while it has nodes so waits for a smaller number only, of which there
// is no circle: one of them gets all that it wants. Then it keeps them
// (Request::kNames), and only then are the others refused.
void Coordinator::Work::give_way(uint64_t time) {
  if (!first_) {
    const auto at = std::ranges::find_if(
        workers_, [](const auto& w) { return w->talk.is_outranked(); });
    if (at != workers_.end()) first_ = (*at)->number;
  }
  if (first_ && workers_[*first_]->talk.open()) first_.reset();
  for (auto& w : workers_) {
    if (w->left) w = make_worker(w->number, w->address, workers_.size());
    const bool others = first_ && w->number != *first_;
    if (others && w->talk.open() && !w->leaving) {
      w->leaving = true;
      w->talk.give_back([at = w.get()] { at->left = true; });
    }
    const bool waits = others && !w->leaving && !w->talk.is_in_doubt();
    if (w->waits && !waits) w->talk.resume(time);
    w->waits = waits;
  }
}

void Coordinator::Work::keep_all() {
  const bool all = std::ranges::all_of(
      workers_, [](const auto& w) { return w->talk.open() && !w->leaving; });
  if (!all) return;
  for (const auto& w : workers_) {
    if (!w->keeps) ask_names(*w);
  }
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
      const bool is_open = frames_ && phase_ <= Phase::kRunning;
      if (is_open && link_.receive(from, datagram.data(), bytes) == Status::kOk)
        workers_[get_head(datagram.data()).node]->talk.heard();
    } else if (Worker* const w = find(datagram)) {
      if (w->gone) continue;
      try {
        w->talk.receive(from, datagram);
      } catch (const Error& e) {
        if (goes_on_without(*w, e)) continue;
        if (w->talk.was_restarted()) lose(*w, Loss::kRestarted);
        throw;
      }
    } else if (outsider_ && outsider_->talk.owns(datagram)) {
      outsider_->answers = true;
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
  if (phase_ == Phase::kConnecting) give_way(time);
  for (const auto& w : workers_) {
    if (w->waits || w->gone) continue;
    try {
      w->talk.poll(time);
    } catch (const Error& e) {
      if (goes_on_without(*w, e)) continue;
      if (e.code() == Exit::kNode) give_up(*w, e);
      throw;
    }
    if (phase_ == Phase::kRunning) ask_others_for(*w, time);
    if (w->talk.open() && !w->asked && !w->leaving) ask_identity(*w);
  }
  if (phase_ == Phase::kConnecting) keep_all();
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
    if (phase_ == Phase::kStopping ? w->stopped : w->waits || w->gone) continue;
    at = std::min(at, w->talk.next_timer_us());
  }
  if (phase_ == Phase::kRunning) at = std::min(at, link_.next_timer_us());
  return at;
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
  r.round_trip_us = w.talk.round_trip_us();
  return r;
}

shoal_link_counters Coordinator::Work::counters() const {
  return frames_ ? link_.counters() : shoal_link_counters{};
}

}  // namespace shoal
