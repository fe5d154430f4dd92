#include "host/engine/coordinator/handshake.h"

#include <algorithm>
#include <cstring>

#include "host/base/error.h"

namespace shoal {
namespace {

template <class T>
std::vector<uint8_t> bytes_of(const T& value, size_t bytes = sizeof(T)) {
  const auto* const at = reinterpret_cast<const uint8_t*>(&value);
  return {at, at + bytes};
}

const char* mode_text(Mode node, Mode own) {
  if (node == Mode::kInsecure) return "runs --insecure";
  if (node == Mode::kIdentity) return "takes only coordinators with --identity";
  return own == Mode::kInsecure ? "takes only encrypted sessions"
                                : "takes only a key that all share (--key)";
}

}  // namespace

Handshake::Handshake(const CoordinatorConfig& config, const Identity* identity,
                     const HelloBody& body)
    : config_(config), identity_(identity), body_(body) {
  const Mode mode = identity          ? Mode::kIdentity
                    : config.insecure ? Mode::kInsecure
                                      : Mode::kPreShared;
  const HelloHead head{Kind::kHello, kSessionVersion, mode, Verdict::kChallenge,
                       kArithmetic};
  hello_.head = key_hello_.head = head;
  hello_.body = body;
  config.entropy(hello_.coordinator_nonce);
  config.entropy(key_hello_.coordinator_nonce);
}

std::vector<uint8_t> Handshake::hello() {
  answers_ = 0;
  if (identity_) return bytes_of(key_hello_, kOpenHelloBytes);
  Hello h = hello_;
  sign(config_.key.data(), h);
  return bytes_of(h);
}

bool Handshake::owns(std::span<const uint8_t> datagram) const {
  const size_t bytes = datagram.size();
  const bool fits = identity_
                        ? bytes == kOpenHelloBytes || bytes == sizeof key_hello_
                        : bytes == sizeof hello_;
  const uint8_t* const nonce = datagram.data() + sizeof(HelloHead);
  return fits &&
         (identity_ ? equal_bytes(nonce, key_hello_.coordinator_nonce, 8)
                    : equal_bytes(nonce, hello_.coordinator_nonce, 16));
}

Handshake::Heard Handshake::hear(std::span<const uint8_t> datagram) {
  HelloHead head;
  std::memcpy(&head, datagram.data(), sizeof head);
  Heard heard;
  if (head.verdict == Verdict::kKey) heard.hint = "does not know this key";
  if (head.verdict == Verdict::kMode) {
    heard.hint = mode_text(head.mode, hello_.head.mode);
  }
  if (!heard.hint.empty()) return heard;
  if (!identity_) {
    Hello answer;
    std::memcpy(&answer, datagram.data(), sizeof answer);
    return hear_signed(answer);
  }
  KeyHello answer{};
  std::memcpy(&answer, datagram.data(), datagram.size());
  if (datagram.size() == sizeof answer) return hear_sealed(answer);
  if (head.verdict == Verdict::kChallenge) {
    heard.is_one = true;
    heard.say = answer_challenge(answer);
  }
  return heard;
}

Handshake::Heard Handshake::hear_signed(const Hello& answer) {
  Heard heard;
  if (!signature_fits(config_.key.data(), answer)) return heard;
  heard.is_one = true;
  const bool mine =
      equal_bytes(answer.node_nonce, hello_.node_nonce, kNonceBytes);
  heard.body = answer.body;
  if (answer.head.verdict == Verdict::kChallenge) {
    std::memcpy(hello_.node_nonce, answer.node_nonce, kNonceBytes);
    asked_ = true;
    if (!mine) heard.say = hello();
  } else if (mine) {
    heard.verdict = answer.head.verdict;
    keys_ = session_keys(config_.key.data(), hello_.coordinator_nonce,
                         hello_.node_nonce);
  }
  return heard;
}

// Nobody has signed it. Every cookie gets a key of its own, because it is part
// of what Noise seals; the one that the node has made will be answered.
std::vector<uint8_t> Handshake::answer_challenge(const KeyHello& challenge) {
  if (++answers_ > kMostAnswers) return {};
  const auto same = [&](const Attempt& a) {
    return equal_bytes(a.hello.cookie, challenge.cookie,
                       sizeof challenge.cookie);
  };
  const auto at = std::ranges::find_if(attempts_, same);
  if (at != attempts_.end()) return bytes_of(at->hello);
  KeyHello hello = key_hello_;
  std::memcpy(hello.cookie, challenge.cookie, sizeof hello.cookie);
  uint8_t prologue[kPrologueBytes];
  session_prologue(hello, prologue);
  NoiseKk noise(x25519_mbedtls(), *identity_, true, prologue, sizeof prologue);
  SecretKey drawn;
  config_.entropy(drawn);
  const bool written =
      noise.write_first(drawn.data(), reinterpret_cast<uint8_t*>(&body_),
                        sizeof body_, hello.key);
  drawn.fill(0);
  if (!written) throw Error(Exit::kInternal, "a hello cannot be sealed");
  if (attempts_.size() == kMostAttempts) attempts_.pop_front();
  attempts_.push_back({hello, noise});
  asked_ = true;
  return bytes_of(hello);
}

Handshake::Heard Handshake::hear_sealed(const KeyHello& answer) {
  Heard heard;
  for (Attempt& a : attempts_) {
    if (!equal_bytes(a.hello.cookie, answer.cookie, sizeof answer.cookie)) {
      continue;
    }
    NoiseKk noise = a.noise;
    if (!noise.read_second(answer.key, reinterpret_cast<uint8_t*>(&heard.body),
                           sizeof heard.body)) {
      continue;
    }
    heard.verdict = static_cast<Verdict>(heard.body.code);
    heard.is_one = true;
    noise.split(keys_.to_node, keys_.to_coordinator);
    std::memcpy(&keys_.session, noise.hash(), sizeof keys_.session);
    return heard;
  }
  return heard;
}

}  // namespace shoal
