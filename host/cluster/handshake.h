// The coordinator's side of a handshake with one node, until it is accepted or
// refused. It knows nothing of time: whoever has it says hello() as often as
// it likes and shows it all answers.
//
// An answer that is not authentic changes nothing; what it claims is a hint.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/agent/keys.h"
#include "host/cluster/coordinator.h"

namespace shoal {

class Handshake {
 public:
  // What is said: see HelloBody. The configuration must outlive this.
  Handshake(const CoordinatorConfig&, const HelloBody&);

  std::vector<uint8_t> hello() const;
  // Whether the node may have accepted it, though nobody has heard so.
  bool may_stand() const { return asked_; }
  // Whether an answer claims to be one to this.
  bool owns(std::span<const uint8_t> answer) const;

  struct Heard {
    bool again = false;                // say hello at once
    std::optional<Verdict> verdict{};  // authentic, and none but the last word
    HelloBody body{};
    std::string hint{};  // what an unsigned answer says
  };
  // Of an answer that it owns.
  Heard hear(std::span<const uint8_t> answer);

  // Of the session, once accepted.
  const SessionKeys& keys() const { return keys_; }

 private:
  const CoordinatorConfig& config_;
  Hello hello_{};
  bool asked_ = false;
  SessionKeys keys_{};
};

}  // namespace shoal
