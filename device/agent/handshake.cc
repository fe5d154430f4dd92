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
  if (question.insecure != (config_.insecure ? 1 : 0)) {
    return answer(from, question, Verdict::kMode);
  }
  if (!signature_fits(config_.key, question)) {
    ++counters_.strangers;
    return answer(from, question, Verdict::kKey);
  }
  ++counters_.hellos;
  if (question.version != kSessionVersion) {
    return answer(from, question, Verdict::kVersion);
  }
  if (question.arithmetic != kArithmetic) {
    return answer(from, question, Verdict::kArithmetic);
  }
  const auto same_nonce = [](const uint8_t* a, const uint8_t* b) {
    return equal_bytes(a, b, kNonceBytes);
  };
  // Again, or to ask whether the session still stands.
  if (connected_ && same_nonce(question.node_nonce, accepted_nonce_)) {
    return answer(from, question, Verdict::kAccepted);
  }
  uint8_t nonce[kNonceBytes];
  node_nonce(question.coordinator_nonce, nonce);
  if (!same_nonce(question.node_nonce, nonce)) {
    std::memcpy(question.node_nonce, nonce, kNonceBytes);
    return answer(from, question, Verdict::kChallenge);
  }
  accept(from, question);
  answer(from, question, Verdict::kAccepted);
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

void NodeAgent::accept(uint64_t from, const Hello& question) {
  leave();
  ++counters_.sessions;
  ++nonces_;
  connected_ = true;
  coordinator_ = from;
  std::memcpy(accepted_nonce_, question.node_nonce, kNonceBytes);
  keys_ = session_keys(config_.key, question.coordinator_nonce,
                       question.node_nonce);
  window_ = {};
  next_packet_ = 0;
  barrier_ = 0;
}

void NodeAgent::answer(uint64_t to, const Hello& question, Verdict verdict) {
  Hello a = question;
  a.kind = Kind::kAnswer;
  a.version = kSessionVersion;
  a.insecure = config_.insecure ? 1 : 0;
  a.verdict = static_cast<uint8_t>(verdict);
  a.arithmetic = kArithmetic;
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
