#include <cstring>

#include "device/agent/agent.h"

namespace shoal {

void NodeAgent::hello(uint64_t from, uint32_t bytes) {
  Hello question;
  if (bytes != sizeof question) {
    ++counters_.strangers;
    return;
  }
  std::memcpy(&question, config_.packets[0], sizeof question);
  if (question.head.mode !=
      (config_.insecure ? Mode::kInsecure : Mode::kPreShared)) {
    ++counters_.strangers, ++counters_.other_mode;
    return answer(from, question, Verdict::kMode);
  }
  signed_hello(from, question);
}

void NodeAgent::signed_hello(uint64_t from, Hello& question) {
  if (!signature_fits(config_.key, question)) {
    ++counters_.strangers, ++counters_.forged;
    return answer(from, question, Verdict::kKey);
  }
  ++counters_.hellos;
  const HelloBody body = question.body;
  const Verdict different = compare(question.head, question.body);
  if (different != Verdict::kAccepted) return answer(from, question, different);
  const auto same_nonce = [](const uint8_t* a, const uint8_t* b) {
    return equal_bytes(a, b, kNonceBytes);
  };
  // Again: the answer was lost.
  if (connected_ && same_nonce(question.node_nonce, accepted_nonce_)) {
    question.body.value = lease_us_ / 1000;
    return answer(from, question, Verdict::kAccepted);
  }
  uint8_t nonce[kNonceBytes];
  node_nonce(question.coordinator_nonce, nonce);
  if (!same_nonce(question.node_nonce, nonce)) {
    constexpr uint8_t kNone[kNonceBytes] = {};
    if (!same_nonce(question.node_nonce, kNone)) ++counters_.replayed;
    std::memcpy(question.node_nonce, nonce, kNonceBytes);
    return answer(from, question, Verdict::kChallenge);
  }
  const Verdict verdict = judge(body, question.body);
  if (verdict == Verdict::kAccepted && !(body.code & kProbe)) {
    keys_ = session_keys(config_.key, question.coordinator_nonce, nonce);
    accept(from, body, nonce);
    question.body.value = lease_us_ / 1000;
  }
  answer(from, question, verdict);
}

// Whether both ends can understand each other.
Verdict NodeAgent::compare(const HelloHead& question, HelloBody& answer) const {
  answer = {};
  answer.version = kSessionVersion;
  if (question.version != kSessionVersion) return Verdict::kVersion;
  if (question.arithmetic == kArithmetic) return Verdict::kAccepted;
  answer.value = kArithmetic;
  return Verdict::kArithmetic;
}

// What to say to a genuine hello that is no replay.
Verdict NodeAgent::judge(const HelloBody& question, HelloBody& answer) {
  const bool probe = question.code & kProbe;
  if (probe && connected_ && question.value == keys_.session) {
    return Verdict::kAccepted;
  }
  answer.value = lease_left_ms();
  if (probe) {
    std::memcpy(answer.holder, holder_, kHolderBytes);
    return answer.value == 0 ? Verdict::kGone : Verdict::kBusy;
  }
  if (answer.value == 0) return Verdict::kAccepted;
  if (question.code & kTakeOver) {
    ++counters_.taken;
    return Verdict::kAccepted;
  }
  ++counters_.busy;
  std::memcpy(answer.holder, holder_, kHolderBytes);
  return Verdict::kBusy;
}

// Depends on nothing that a stranger could change: hellos that come twice get
// the same answer, and there is no table of half-open sessions to fill.
void NodeAgent::node_nonce(const uint8_t* coordinator_nonce,
                           uint8_t* out) const {
  uint8_t data[kNonceBytes + sizeof nonces_];
  std::memcpy(data, coordinator_nonce, kNonceBytes);
  std::memcpy(data + kNonceBytes, &nonces_, sizeof nonces_);
  uint8_t mac[kHmacBytes];
  hmac_sha256(secret_, sizeof secret_, data, sizeof data, mac);
  std::memcpy(out, mac, kNonceBytes);
}

void NodeAgent::accept(uint64_t from, const HelloBody& hello,
                       const uint8_t* nonce) {
  leave();
  ++counters_.sessions;
  ++nonces_;
  connected_ = true;
  coordinator_ = from;
  std::memcpy(accepted_nonce_, nonce, kNonceBytes);
  std::memcpy(holder_, hello.holder, kHolderBytes);
  uint32_t ms = hello.value;
  if (ms < kLeastLeaseMs) ms = kLeastLeaseMs;
  if (ms > kMostLeaseMs) ms = kMostLeaseMs;
  lease_us_ = 1000 * ms;
  renew_lease();
  window_ = {};
  next_packet_ = 0;
  barrier_ = 0;
  unsent_bytes_ = 0;
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
  if (lease_us_ != 0) lease_until_us_ = now_us() + lease_us_;
}

void NodeAgent::end_lease() { lease_us_ = 0, lease_until_us_ = 0; }

void NodeAgent::answer(uint64_t to, const Hello& question, Verdict verdict) {
  Hello a = question;
  a.head = {Kind::kAnswer, kSessionVersion,
            config_.insecure ? Mode::kInsecure : Mode::kPreShared, verdict,
            kArithmetic};
  if (verdict == Verdict::kKey || verdict == Verdict::kMode) {
    std::memset(a.mac, 0, sizeof a.mac);
  } else {
    sign(config_.key, a);
  }
  const shoal_transport& t = *config_.transport;
  // What cannot be sent counts as lost: the coordinator asks again.
  static_cast<void>(t.send(t.user, to, &a, sizeof a));
}

}  // namespace shoal
