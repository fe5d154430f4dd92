#include "host/cluster/handshake.h"

#include <algorithm>
#include <cstring>

namespace shoal {

Handshake::Handshake(const CoordinatorConfig& config, const HelloBody& body)
    : config_(config) {
  hello_.head = {Kind::kHello, kSessionVersion,
                 config.insecure ? Mode::kInsecure : Mode::kPreShared,
                 Verdict::kChallenge, kArithmetic};
  hello_.body = body;
  config.entropy(hello_.coordinator_nonce);
}

std::vector<uint8_t> Handshake::hello() const {
  Hello h = hello_;
  sign(config_.key.data(), h);
  const auto* const at = reinterpret_cast<const uint8_t*>(&h);
  return {at, at + sizeof h};
}

bool Handshake::owns(std::span<const uint8_t> datagram) const {
  Hello answer;
  if (datagram.size() != sizeof answer) return false;
  std::memcpy(&answer, datagram.data(), sizeof answer);
  return answer.head.kind == Kind::kAnswer &&
         equal_bytes(answer.coordinator_nonce, hello_.coordinator_nonce,
                     kNonceBytes);
}

Handshake::Heard Handshake::hear(std::span<const uint8_t> datagram) {
  Hello answer;
  std::memcpy(&answer, datagram.data(), sizeof answer);
  Heard heard;
  const Verdict verdict = answer.head.verdict;
  // These two cannot be signed.
  if (verdict == Verdict::kKey) heard.hint = "does not know this key";
  if (verdict == Verdict::kMode) {
    const bool open = answer.head.mode == Mode::kInsecure;
    heard.hint = open ? "runs --insecure" : "takes only encrypted sessions";
  }
  if (!heard.hint.empty() || !signature_fits(config_.key.data(), answer)) {
    return heard;
  }
  const bool mine =
      equal_bytes(answer.node_nonce, hello_.node_nonce, kNonceBytes);
  heard.body = answer.body;
  if (verdict == Verdict::kChallenge) {
    heard.again = !mine;
    std::memcpy(hello_.node_nonce, answer.node_nonce, kNonceBytes);
    asked_ = true;
  } else if (mine) {
    heard.verdict = verdict;
    keys_ = session_keys(config_.key.data(), hello_.coordinator_nonce,
                         hello_.node_nonce);
  }
  return heard;
}

}  // namespace shoal
