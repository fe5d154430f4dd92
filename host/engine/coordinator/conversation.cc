#include "host/engine/coordinator/conversation.h"

#include <algorithm>
#include <cstdio>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr uint64_t kFirstHelloGapUs = 50'000, kLastHelloGapUs = 500'000;
// Coordinators that connect their nodes at the same time agree within some
// round trips. One that takes longer waits for a node that does not answer.
constexpr uint64_t kMostClaimUs = 10'000'000;
// Time limits that one request may take of a node that answers others: so long
// no luck with lost datagrams lasts.
constexpr uint64_t kDeaf = 4;
// Heartbeats take at most one part in kLineShare of the time of a line, but at
// least kHeartbeats are sent within the silence of a node that is given up.
constexpr uint64_t kLineShare = 2, kHeartbeats = 4;
// A node is not given up before this number of questions is unanswered when the
// next one goes: fewer are lost by chance where a fifth of the datagrams is.
constexpr int kQuestions = 8;

std::string seconds(uint64_t us) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(us) / 1e6);
  return text;
}

// At most `ms`, and never 0.0 s.
std::string seconds_left(uint32_t ms) { return seconds(ms * 1000ull + 50'000); }

std::string holder_of(const HelloBody& b) {
  const std::string_view name(b.holder, sizeof b.holder);
  const auto plain = [](char c) { return c > ' ' && c < 0x7F; };
  const std::string_view cut = name.substr(0, name.find('\0'));
  return !cut.empty() && std::ranges::all_of(cut, plain) ? std::string(cut)
                                                         : "another";
}

// A later version may know more of them.
std::string fall_text(const HelloBody& b) {
  static const char* const kFalls[] = {"", "a fault of its CPU",
                                       "its stack ran over", "a bus fault",
                                       "a memory fault"};
  const size_t fall = b.detail;
  if (fall == 0) return "";
  std::string text =
      std::string(": ") +
      (fall < std::size(kFalls) ? kFalls[fall] : "for a reason of its own");
  if (b.value == 0) return text;
  char at[32];
  std::snprintf(at, sizeof at, " at pc 0x%08x", b.value);
  return text + at;
}

HelloBody wanted(const CoordinatorConfig& config, uint32_t own) {
  HelloBody b{};
  if (config.take_over) b.code = kTakeOver;
  b.version = kSessionVersion;
  b.detail = static_cast<uint16_t>(
      std::min<uint64_t>(config.timeout_us / 1000, kMostLeaseMs));
  b.value = own;
  config.name.copy(b.holder, sizeof b.holder);
  return b;
}

Identity identity_of(const CoordinatorConfig& config,
                     const WorkerAddress& worker) {
  Identity i{};
  if (config.identity &&
      !make_identity(x25519_mbedtls(), config.identity->data(),
                     worker.public_key.data(), i)) {
    throw Error(
        Exit::kUsage,
        "node " + worker.label +
            ": its public_key is not a key, or is the coordinator's own",
        "run `shoal keygen --public FILE` on the node, and copy what it "
        "prints");
  }
  return i;
}

std::string hex(uint32_t v) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", v);
  return text;
}

}  // namespace

Conversation::Conversation(const CoordinatorConfig& config, uint32_t own,
                           const WorkerAddress& worker)
    : config_(config),
      own_(own),
      name_(worker.text()),
      address_(worker.address),
      home_(worker.address),
      identity_(identity_of(config, worker)) {
  handshake_.emplace(config, identity(), wanted(config, own));
  resume(now());
}

void Conversation::resume(uint64_t now) {
  heard_at_ = hello_at_ = now;
  hello_gap_us_ = kFirstHelloGapUs;
}

void Conversation::give_back(std::function<void()> then) {
  clear();
  given_back_ = std::move(then);
  ask(Request::kStop, {},
      [this](Reply, std::span<const uint8_t>) { given_back_(); });
}

void Conversation::end() {
  clear();
  ending_ = true;
}

const shoal_cipher& Conversation::cipher() const {
  return config_.insecure ? checksum_only() : chacha20_poly1305();
}

uint64_t Conversation::now() const {
  return config_.transport->now_us(config_.transport->user);
}

uint32_t Conversation::write_bytes(uint32_t node_payload) const {
  const uint32_t payload =
      std::min(node_payload, config_.transport->max_payload);
  return payload -
         static_cast<uint32_t>(sizeof(SessionHead) + sizeof(RequestHead) + 4) -
         cipher().tag_bytes;
}

void Conversation::ask(Request request, std::vector<uint8_t> data,
                       Answer answer) {
  queue_.push_back({request, std::move(data), std::move(answer)});
  fill(now());
}

void Conversation::ask_beside(Request request, std::vector<uint8_t> data,
                              Answer answer) {
  flights_.push_front({request, std::move(data), std::move(answer)});
  flights_.front().beside = true;
  send(flights_.front(), now());
}

// Several of these may be under way at once, in any order.
bool Conversation::are_pieces(Request first, Request next) {
  return first == next &&
         (next == Request::kWrite || next == Request::kVariable);
}

bool Conversation::write_room() const {
  return open_ && queue_.empty() && flights_.size() < writes_ &&
         (has_turn() || flights_.back().request == Request::kWrite);
}

void Conversation::clear() {
  queue_.clear();
  flights_.clear();
}

void Conversation::excuse(uint64_t us) {
  heard_at_ += us;
  if (rival_) rival_->since += us;
  for (Flight& f : flights_) f.first_at += us;
}

SilenceLimits Conversation::silence() const {
  if (!open_) return {std::min(config_.timeout_us, config_.answer_us), 0, 0};
  const bool is_known = runs_ || (deploys_ && !is_busy());
  if (!config_.derives_silence || !is_known || round_trip_us_ == 0) {
    return on_its_line({config_.timeout_us, ping_us_, ping_us_});
  }
  SilenceLimits s = silence_of(least_trip_us_,
                               round_trip_us_ + 4 * deviation_us_, longest_us_);
  s.limit_us = std::min(s.limit_us, config_.timeout_us);
  s.heartbeat_us = std::min(s.heartbeat_us, ping_us_);
  s.again_us = std::min(s.again_us, s.heartbeat_us);
  return on_its_line(s);
}

// On a slow line the heartbeats of many nodes would leave no room for rows: a
// heartbeat and its answer take at most the least round trip of it. One that
// waits behind rows is not lost, and asking again would only make it later.
SilenceLimits Conversation::on_its_line(SilenceLimits s) const {
  if (round_trip_us_ == 0) return s;
  const uint64_t most = s.limit_us / kHeartbeats;
  const uint64_t share = kLineShare * line_nodes_ * least_trip_us_;
  const uint64_t trip = round_trip_us_ + 4 * deviation_us_;
  s.heartbeat_us = std::max(s.heartbeat_us, std::min(share, most));
  s.again_us = std::max(s.again_us, std::min(std::max(share, trip), most));
  return s;
}

// It hashes or checks a whole program: how long that takes is not known.
bool Conversation::is_busy() const {
  const auto takes_long = [](const Flight& f) {
    return f.request == Request::kBegin || f.request == Request::kEnd ||
           f.request == Request::kStart;
  };
  return std::ranges::any_of(flights_, takes_long);
}

void Conversation::deploys() {
  deploys_ = true;
  ping_at_ = std::min(ping_at_, now() + silence().heartbeat_us);
}

void Conversation::runs(uint64_t longest_slice_us) {
  runs_ = true;
  longest_us_ = std::max(longest_us_, longest_slice_us);
  ping_at_ = std::min(ping_at_, now() + silence().heartbeat_us);
}

void Conversation::heard() {
  heard_at_ = now();
  if (unanswered_ == 0) return;
  unanswered_ = 0;
  reached_from_ = 0;
  ping_at_ = std::max(ping_at_, ping_.sent_at + silence().heartbeat_us);
}

void Conversation::say(const std::vector<uint8_t>& hello) const {
  const shoal_transport& t = *config_.transport;
  t.send(t.user, destination(), hello.data(),
         static_cast<uint32_t>(hello.size()));
}

void Conversation::say_hello(uint64_t now) {
  say(handshake_->hello());
  ++unheard_;
  has_verdict_ = false;
  hello_at_ = now + hello_gap_us_;
  hello_gap_us_ = std::min(2 * hello_gap_us_, kLastHelloGapUs);
}

bool Conversation::owns(std::span<const uint8_t> datagram) const {
  SessionHead head;
  switch (static_cast<Kind>(datagram[0])) {
    case Kind::kAnswer:
      if (open_) return probe_ && probe_->owns(datagram);
      return handshake_->owns(datagram);
    case Kind::kSession:
      if (!open_ || datagram.size() < sizeof head) return false;
      std::memcpy(&head, datagram.data(), sizeof head);
      return head.session == session_;
    default:
      return false;
  }
}

void Conversation::receive(uint64_t from, std::span<uint8_t> datagram) {
  const auto bytes = static_cast<uint32_t>(datagram.size());
  if (datagram[0] == static_cast<uint8_t>(Kind::kAnswer)) {
    return open_ ? hear_probe(from, datagram) : hear(datagram);
  }
  SessionHead head;
  ReplyHead answer;
  const uint32_t tag = cipher().tag_bytes;
  if (bytes < sizeof head + sizeof answer + tag) return;
  std::memcpy(&head, datagram.data(), sizeof head);
  uint8_t* const body = datagram.data() + sizeof head;
  const uint32_t body_bytes = bytes - static_cast<uint32_t>(sizeof head) - tag;
  if (head.version != kSessionVersion ||
      from_node_.open(cipher(), head, datagram.data(), body_bytes) !=
          ReceivePhases::Opened::kOk) {
    return;
  }
  if (from_node_.newest(head)) address_ = from;
  heard();
  std::memcpy(&answer, body, sizeof answer);
  reply(answer, {body + sizeof answer, body_bytes - sizeof answer});
}

void Conversation::refused(const std::string& why, const std::string& fix,
                           Exit code) {
  refused_ = true;
  throw Error(code, "node " + name_ + ": " + why, fix);
}

// This is not a fact: every host that can send datagrams can say it.
void Conversation::hint(const std::string& what) {
  if (what == hint_) return;
  hint_ = what;
  if (config_.hint) {
    config_.hint("node " + name_ + ": an unsigned answer says that it " + what +
                 "; going on until " + seconds(config_.timeout_us) +
                 " have passed");
  }
}

bool Conversation::is_mine(const HelloBody& b) const { return b.value == own_; }

bool Conversation::follows(const HelloBody& b) {
  if (follows_ || std::ranges::count(config_.follows, b.value) == 0) {
    return false;
  }
  follows_ = true;
  ask_for_held();
  return true;
}

void Conversation::ask_for_held() {
  HelloBody all = wanted(config_, own_);
  all.code |= kTakeOver | kTakeClaimed;
  handshake_.emplace(config_, identity(), all);
  resume(now());
}

void Conversation::busy(const HelloBody& b) {
  const std::string who = holder_of(b);
  if (is_mine(b)) {
    refused(
        "it has a session with this coordinator already: two addresses lead to "
        "it",
        "give each node one address");
  }
  refused("busy: " + who + " has it, for " + seconds_left(b.detail) +
              " at most unless it goes on",
          config_.busy_fix, Exit::kBusy);
}

void Conversation::hear(std::span<const uint8_t> answer) {
  const Handshake::Heard heard = handshake_->hear(answer);
  if (!heard.hint.empty()) hint(heard.hint);
  if (heard.is_one && unheard_ > 0) --unheard_;
  if (!heard.say.empty()) {
    say(heard.say);
    ++unheard_;
    has_verdict_ = false;
    hello_at_ = now() + kFirstHelloGapUs;
    hello_gap_us_ = 2 * kFirstHelloGapUs;
  }
  if (!heard.verdict) return;
  if (heard.verdict == Verdict::kAccepted) {
    return accepted(heard.body.detail);
  }
  has_verdict_ = true;
  if (ending_) return;
  const bool is_held =
      heard.verdict == Verdict::kBusy || heard.verdict == Verdict::kClaimed;
  if (is_held && follows(heard.body)) return;
  switch (*heard.verdict) {
    case Verdict::kVersion:
      return refused("it speaks session version " +
                         std::to_string(heard.body.version) + ", this shoal " +
                         std::to_string(kSessionVersion),
                     "use the same version of shoal on both sides");
    case Verdict::kArithmetic:
      return refused("its arithmetic is " + hex(heard.body.value) +
                         ", this shoal's " + hex(kArithmetic),
                     "use the same version of shoal on both sides");
    case Verdict::kBusy:
      return busy(heard.body);
    case Verdict::kClaimed:
      return claimed(heard.body);
    default:
      return;
  }
}

// It may become free: its holder may have to give way (Work::give_way), or
// fail.
void Conversation::claimed(const HelloBody& b) {
  if (is_mine(b)) return busy(b);
  const uint64_t at = now();
  heard_at_ = at;
  if (!rival_ || rival_->number != b.value) {
    rival_ = Rival{b.value, at};
    hello_gap_us_ = kFirstHelloGapUs;
    hello_at_ = at + hello_gap_us_;
  }
  if (at - rival_->since < std::min(config_.timeout_us, kMostClaimUs)) return;
  if (!config_.take_over || insists_) return busy(b);
  insists_ = true;
  rival_.reset();
  ask_for_held();
}

void Conversation::accepted(uint32_t lease_ms) {
  const SessionKeys& keys = handshake_->keys();
  session_ = keys.session;
  from_node_.begin(keys.to_coordinator);
  to_node_.begin(keys.to_node, now());
  open_ = true;
  refused_ = false;
  rival_.reset();
  HelloBody ask = wanted(config_, own_);
  ask.code = kProbe;
  ask.value = session_;
  probe_.emplace(config_, identity(), ask);
  heard_at_ = now();
  // Some of them may be lost before the lease is.
  ping_us_ = std::min(
      {config_.timeout_us / 10, uint64_t{200} * lease_ms, config_.ping_us});
  ping_at_ = heard_at_ + ping_us_;
  fill(heard_at_);
}

void Conversation::hear_probe(uint64_t from, std::span<const uint8_t> answer) {
  const Handshake::Heard heard = probe_->hear(answer);
  const bool is_answer = heard.verdict || !heard.say.empty();
  if (is_answer && from != address_ && from != home_) reached_from_ = from;
  if (!heard.say.empty()) say(heard.say);
  if (heard.verdict != Verdict::kGone && heard.verdict != Verdict::kBusy &&
      heard.verdict != Verdict::kClaimed) {
    return;
  }
  if (given_back_) return given_back_();
  // It may be another node that says so: one to which we were led.
  if (address_ != home_) {
    address_ = home_;
    return;
  }
  if (heard.verdict == Verdict::kGone && heard.body.holder[0] == 0) {
    was_restarted_ = true;
    refused("it was restarted" + fall_text(heard.body), "");
  }
  if (is_mine(heard.body)) return busy(heard.body);
  refused(holder_of(heard.body) + " has taken it over", "", Exit::kBusy);
}

void Conversation::heartbeat(uint64_t now) {
  if (now < ping_at_) return;
  ++unanswered_;
  // One that the node does not know any more is not answered, a hello is.
  if (unanswered_ > 2) say(probe_->hello());
  ping_.request = Request::kPing;
  if (ping_.packets.size() > 8) ping_.packets.erase(ping_.packets.begin());
  ping_.tries = 0;
  send(ping_, now);
  if (ping_.refused) --unanswered_;
  const SilenceLimits s = silence();
  // Its answer moves the next one to the next heartbeat (heard()).
  ping_at_ = now + (ping_.refused ? kRetryUs : s.again_us);
}

void Conversation::poll(uint64_t now) {
  if (now > heard_at_ && now - heard_at_ >= silence().limit_us &&
      (!open_ || unanswered_ > kQuestions)) {
    throw Error(Exit::kNode,
                "node " + name_ +
                    (open_ ? ": silent for " : ": no answer within ") +
                    seconds(now - heard_at_) +
                    (open_ || hint_.empty()
                         ? ""
                         : "; an unsigned answer said that it " + hint_),
                open_           ? ""
                : hint_.empty() ? "start it, or give it " + more_time(config_)
                                : "use the key and the mode (--key, "
                                  "--identity, --insecure) that the node was "
                                  "started with");
  }
  if (!open_) {
    if (now >= hello_at_ && !is_refused()) say_hello(now);
    return;
  }
  for (Flight& f : flights_) {
    if (f.tries > 0 && now > f.first_at &&
        now - f.first_at >= kDeaf * config_.timeout_us) {
      refused("it answers, but not the request to " + purpose(f.request),
              "use the same version of shoal on both sides");
    }
    if (now < due(f)) continue;
    if (given_back_ && f.tries > 0) say(probe_->hello());
    send(f, now);
  }
  heartbeat(now);
  fill(now);
}

uint64_t Conversation::next_timer_us() const {
  uint64_t at = open_ ? ping_at_ : is_refused() ? UINT64_MAX : hello_at_;
  if (!open_ || unanswered_ > kQuestions) {
    at = std::min(at, heard_at_ + silence().limit_us);
  }
  for (const Flight& f : flights_) {
    at = std::min(at, due(f));
  }
  return at;
}

}  // namespace shoal
