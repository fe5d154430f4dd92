// Handshakes with identities.

#include <cstring>

#include "device/agent/agent.h"
#include "device/base/wipe.h"

namespace shoal {

#ifdef SHOAL_WITHOUT_IDENTITIES
void NodeAgent::key_hello(uint64_t, uint32_t) {}
#else
namespace {

// Datagrams that do not open get one part in this many of the node's time.
constexpr uint64_t kPatience = 8;

}  // namespace

void NodeAgent::key_hello(uint64_t from, uint32_t bytes) {
  KeyHello question{};
  if (bytes != kOpenHelloBytes && bytes != sizeof question) {
    ++counters_.strangers;
    return;
  }
  std::memcpy(&question, config_.packets[0], bytes);
  const bool sealed = bytes == sizeof question;
  // Both nonces of this hello. Those of the session that stands stay: the
  // answer may have been lost.
  uint8_t nonces[kNonceBytes];
  std::memcpy(nonces, accepted_nonce_, kNonceBytes);
  const bool again =
      connected_ && equal_bytes(question.coordinator_nonce, nonces,
                                sizeof question.coordinator_nonce);
  if (!again) {
    std::memcpy(nonces, question.coordinator_nonce, kNonceBytes / 2);
    uint8_t cookie[kNonceBytes];
    node_nonce(nonces, kNonceBytes / 2, cookie);
    std::memcpy(nonces + kNonceBytes / 2, cookie, kNonceBytes / 2);
  }
  if (!sealed ||
      !equal_bytes(question.coordinator_nonce, nonces, kNonceBytes)) {
    if (sealed) ++counters_.replayed;
    std::memcpy(config_.packets[0] + sizeof(HelloHead), nonces, kNonceBytes);
    return answer_unsigned(from, kOpenHelloBytes, Verdict::kChallenge);
  }
  if (again) {
    const shoal_transport& t = *config_.transport;
    static_cast<void>(
        t.send(t.user, from, accepted_answer_, sizeof accepted_answer_));
    return;
  }
  const uint64_t begin = now_us();
  if (begin < handshakes_at_us_) return;
  const uint32_t sessions = counters_.sessions;
  sealed_hello(from, question);
  const uint64_t end = now_us();
  if (counters_.sessions == sessions) {
    handshakes_at_us_ = end + (kPatience - 1) * (end - begin);
  }
}

// With a cookie of now, so that it is no recorded one.
void NodeAgent::sealed_hello(uint64_t from, const KeyHello& question) {
  uint8_t prologue[kPrologueBytes];
  session_prologue(question, prologue);
  NoiseKk noise(*config_.dh, *config_.identity, false, prologue,
                sizeof prologue);
  HelloBody said, answer;
  uint8_t body[sizeof said], drawn[kDhBytes];
  if (!noise.read_first(question.key, body, sizeof body)) {
    ++counters_.strangers, ++counters_.forged;
    return answer_unsigned(from, kOpenHelloBytes, Verdict::kKey);
  }
  std::memcpy(&said, body, sizeof said);
  ++counters_.hellos;
  Verdict verdict = compare(question.head, answer);
  if (verdict == Verdict::kAccepted) verdict = judge(said, answer);
  const bool taken = verdict == Verdict::kAccepted && !(said.code & kProbe);
  if (taken) answer.detail = lease_ms(said);
  answer.code = static_cast<uint8_t>(verdict);
  std::memcpy(body, &answer, sizeof body);

  KeyHello a = question;
  a.head = {Kind::kAnswer, kSessionVersion, mode(), Verdict::kSealed,
            kArithmetic};
  const bool written =
      config_.entropy(config_.entropy_user, drawn, sizeof drawn) == 0 &&
      noise.write_second(drawn, body, sizeof body, a.key);
  wipe(drawn, sizeof drawn);
  if (!written) return;
  if (taken) {
    noise.split(keys_.to_node, keys_.to_coordinator);
    std::memcpy(&keys_.session, noise.hash(), sizeof keys_.session);
    accept(from, said, question.coordinator_nonce);
    std::memcpy(accepted_answer_, &a, sizeof a);
  }
  const shoal_transport& t = *config_.transport;
  static_cast<void>(t.send(t.user, from, &a, sizeof a));
}

#endif

}  // namespace shoal
