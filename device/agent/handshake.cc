// Handshakes with the cluster's key, and the lease that follows any.

#include <cstring>

#include "device/agent/agent.h"
#include "device/base/wipe.h"

namespace shoal {

Mode NodeAgent::mode() const {
  if (config_.identity) return Mode::kIdentity;
  return config_.insecure ? Mode::kInsecure : Mode::kPreShared;
}

void NodeAgent::hello(uint64_t from, uint32_t bytes) {
  HelloHead head;
  if (bytes < sizeof head || bytes > kLeastPayload) {
    ++counters_.strangers;
    return;
  }
  std::memcpy(&head, config_.packets[0], sizeof head);
  if (head.mode != mode()) {
    ++counters_.strangers, ++counters_.other_mode;
    return answer_unsigned(from, bytes, Verdict::kMode);
  }
  if (head.mode == Mode::kIdentity) return key_hello(from, bytes);
  Hello question;
  if (bytes != sizeof question) {
    ++counters_.strangers;
    return;
  }
  std::memcpy(&question, config_.packets[0], sizeof question);
  signed_hello(from, question);
}

// An answer that cannot be signed is the hello, with another head and no mac.
void NodeAgent::answer_unsigned(uint64_t to, uint32_t bytes, Verdict verdict) {
  uint8_t* const packet = config_.packets[0];
  const HelloHead head{Kind::kAnswer, kSessionVersion, mode(), verdict,
                       kArithmetic};
  std::memcpy(packet, &head, sizeof head);
  const shoal_transport& t = *config_.transport;
  // A datagram that cannot be sent counts as lost: the coordinator asks again.
  static_cast<void>(t.send(t.user, to, packet, bytes));
}

void NodeAgent::signed_hello(uint64_t from, Hello& question) {
  if (!signature_fits(config_.key, question)) {
    ++counters_.strangers, ++counters_.forged;
    return answer_unsigned(from, sizeof question, Verdict::kKey);
  }
  ++counters_.hellos;
  const HelloBody body = question.body;
  const Verdict different = compare(question.head, question.body);
  if (different != Verdict::kAccepted) return answer(from, question, different);
  const auto same_nonce = [](const uint8_t* a, const uint8_t* b) {
    return equal_bytes(a, b, kNonceBytes);
  };
  // The session that stands is this hello's: its answer was lost, or it is a
  // late one of those before. Another nonce would make its coordinator a
  // stranger to its own lease.
  uint8_t nonce[kNonceBytes];
  const bool again =
      connected_ && same_nonce(question.coordinator_nonce, accepted_from_);
  if (again) {
    std::memcpy(nonce, accepted_nonce_, kNonceBytes);
  } else {
    node_nonce(question.coordinator_nonce, kNonceBytes, nonce);
  }
  if (!same_nonce(question.node_nonce, nonce)) {
    constexpr uint8_t kNone[kNonceBytes] = {};
    if (!same_nonce(question.node_nonce, kNone)) ++counters_.replayed;
    std::memcpy(question.node_nonce, nonce, kNonceBytes);
    return answer(from, question, Verdict::kChallenge);
  }
  if (again) {
    question.body.detail = lease_ms_;
    return answer(from, question, Verdict::kAccepted);
  }
  const Verdict verdict = judge(body, question.body);
  if (verdict == Verdict::kAccepted && !(body.code & kProbe)) {
    keys_ = session_keys(config_.key, question.coordinator_nonce, nonce);
    accept(from, body, nonce);
    std::memcpy(accepted_from_, question.coordinator_nonce, kNonceBytes);
    question.body.detail = lease_ms_;
  }
  answer(from, question, verdict);
}

// Returns whether both ends can understand each other.
Verdict NodeAgent::compare(const HelloHead& question, HelloBody& answer) const {
  answer = {};
  answer.version = kSessionVersion;
  if (question.version != kSessionVersion) return Verdict::kVersion;
  if (question.arithmetic == kArithmetic) return Verdict::kAccepted;
  answer.value = kArithmetic;
  return Verdict::kArithmetic;
}

// Returns the answer to a genuine hello that is no replay.
Verdict NodeAgent::judge(const HelloBody& question, HelloBody& answer) {
  const bool probe = question.code & kProbe;
  if (probe && connected_ && question.value == keys_.session) {
    return Verdict::kAccepted;
  }
  const uint32_t left = lease_left_ms();
  if (!probe && left == 0) return Verdict::kAccepted;
  const int takes = kept_ ? kTakeOver : kTakeOver | kTakeClaimed;
  if (!probe && (question.code & takes) == takes) {
    ++counters_.taken;
    return Verdict::kAccepted;
  }
  answer.detail = static_cast<uint16_t>(left);
  answer.value = holder_number_;
  std::memcpy(answer.holder, holder_, kHolderBytes);
  if (left == 0) {
    if (!connected_) {
      answer.detail = static_cast<uint16_t>(config_.fell);
      answer.value = config_.fell_at;
    }
    return Verdict::kGone;
  }
  if (!probe) ++counters_.busy;
  return kept_ ? Verdict::kBusy : Verdict::kClaimed;
}

// Depends on nothing that a stranger could change: hellos that come twice get
// the same answer, and there is no table of half-open sessions to fill.
void NodeAgent::node_nonce(const uint8_t* drawn, uint32_t bytes,
                           uint8_t* out) const {
  uint8_t data[kKeyBytes + sizeof nonces_];
  std::memcpy(data, drawn, bytes);
  std::memcpy(data + bytes, &nonces_, sizeof nonces_);
  uint8_t mac[kHmacBytes];
  hmac_sha256(secret_, sizeof secret_, data, bytes + sizeof nonces_, mac);
  std::memcpy(out, mac, kNonceBytes);
}

void NodeAgent::accept(uint64_t from, const HelloBody& hello,
                       const uint8_t* nonce) {
  leave();
  meter_.ask(false);
  ++counters_.sessions;
  ++nonces_;
  connected_ = true;
  coordinator_ = from;
  std::memcpy(accepted_nonce_, nonce, kNonceBytes);
  std::memcpy(holder_, hello.holder, kHolderBytes);
  holder_number_ = hello.value;
  kept_ = false;
  lease_ms_ = lease_ms(hello);
  renew_lease();
  from_coordinator_.begin(keys_.to_node);
  to_coordinator_.begin(keys_.to_coordinator, now_us());
  wipe(keys_.to_node, sizeof keys_.to_node);
  wipe(keys_.to_coordinator, sizeof keys_.to_coordinator);
  barrier_ = 0;
  unsent_bytes_ = 0;
}

uint16_t NodeAgent::lease_ms(const HelloBody& hello) {
  if (hello.detail < kLeastLeaseMs) return kLeastLeaseMs;
  return hello.detail > kMostLeaseMs ? kMostLeaseMs : hello.detail;
}

uint64_t NodeAgent::now_us() const {
  const shoal_transport& t = *config_.transport;
  return t.now_us(t.user);
}

uint32_t NodeAgent::lease_left_ms() const {
  const uint64_t now = now_us();
  if (!connected_ || now >= lease_until_us_) return 0;
  return static_cast<uint32_t>((lease_until_us_ - now + 999) / 1000);
}

void NodeAgent::renew_lease() {
  if (lease_ms_ != 0) lease_until_us_ = now_us() + 1000u * lease_ms_;
}

void NodeAgent::end_lease() { lease_ms_ = 0, lease_until_us_ = 0; }

void NodeAgent::answer(uint64_t to, const Hello& question, Verdict verdict) {
  Hello a = question;
  a.head = {Kind::kAnswer, kSessionVersion, mode(), verdict, kArithmetic};
  a.body.code = static_cast<uint8_t>(verdict);
  sign(config_.key, a);
  const shoal_transport& t = *config_.transport;
  static_cast<void>(t.send(t.user, to, &a, sizeof a));
}

}  // namespace shoal
