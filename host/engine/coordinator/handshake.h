// The coordinator's side of a handshake with one node, until it is accepted or
// refused. It knows nothing of time: its owner calls hello() as often as it
// likes and shows it all answers.
//
// An answer that is not authentic changes nothing; what it claims is a hint.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/agent/keys.h"
#include "device/agent/noise.h"
#include "host/engine/coordinator/coordinator.h"

namespace shoal {

class Handshake {
 public:
  // The hello is that of HelloBody. `identity` is null without identities. The
  // configuration and the identity must outlive this.
  Handshake(const CoordinatorConfig&, const Identity* identity,
            const HelloBody&);

  std::vector<uint8_t> hello();
  // Returns whether the node may have accepted it, though its answer has not
  // come.
  bool may_stand() const { return asked_; }
  // Returns whether an answer claims to be one to this.
  bool owns(std::span<const uint8_t> answer) const;

  struct Heard {
    std::vector<uint8_t> say{};        // at once
    std::optional<Verdict> verdict{};  // authentic, and the last word
    HelloBody body{};
    std::string hint{};   // what an unsigned answer says
    bool is_one = false;  // it is the answer to a hello that was said
  };
  // Hears an answer that it owns.
  Heard hear(std::span<const uint8_t> answer);

  // Returns the keys of the session, once accepted.
  const SessionKeys& keys() const { return keys_; }

 private:
  // With identities there is one for every cookie that came: which of them
  // the node has made does not show.
  struct Attempt {
    KeyHello hello;
    NoiseKk noise;
  };
  static constexpr size_t kMostAttempts = 8;
  // After each hello: so forgers get no more answers than that.
  static constexpr int kMostAnswers = 8;

  Heard hear_signed(const Hello&);
  Heard hear_sealed(const KeyHello&);
  std::vector<uint8_t> answer_challenge(const KeyHello&);

  const CoordinatorConfig& config_;
  const Identity* identity_;
  HelloBody body_;
  Hello hello_{};
  KeyHello key_hello_{};
  std::deque<Attempt> attempts_;
  int answers_ = 0;
  bool asked_ = false;
  SessionKeys keys_{};
};

}  // namespace shoal
