// A session's keys over time. Each direction has *phases*: when a key has
// sealed its number of datagrams, or is a day old, its successor (Noise's
// rekey) takes its place and packet numbers begin again at 0. A number is never
// used twice under one key; behind the last phase nothing is sent any more.
//
// The sender goes on by itself, the receiver follows when a datagram of the
// next phase opens. What is of an older one then is dropped, and asked again.
#pragma once

#include <cstdint>

#include "device/agent/keys.h"

namespace shoal {

// So long a key lasts.
struct KeyLimits {
  uint32_t packets = 0xFFFFFFFF;
  uint64_t us = uint64_t{86'400} * 1'000'000;
};

// Returns the number of a phase and a packet.
constexpr uint64_t session_number(uint16_t phase, uint32_t packet) {
  return uint64_t{phase} << 32 | packet;
}

class SendPhases {
 public:
  void begin(const uint8_t key[kKeyBytes], uint64_t now_us, uint16_t phase = 0);
  // Gives the number of the next datagram; false: there is none left.
  bool next(const KeyLimits&, uint64_t now_us, uint16_t& phase,
            uint32_t& packet);
  const uint8_t* key() const { return key_; }

 private:
  uint8_t key_[kKeyBytes] = {};
  uint16_t phase_ = 0;
  uint32_t packet_ = 0;
  uint64_t since_us_ = 0;
};

class ReceivePhases {
 public:
  enum class Opened : uint8_t { kOk, kReplayed, kForged };

  void begin(const uint8_t key[kKeyBytes]);
  // Opens the body behind a head in place; nothing has changed if it does not.
  Opened open(const shoal_cipher&, const SessionHead&, uint8_t* datagram,
              uint32_t body_bytes);
  // Returns whether none with a larger number has come.
  bool newest(const SessionHead& h) const { return window_.newest(h.packet); }
  uint16_t phase() const { return phase_; }

 private:
  uint8_t key_[kKeyBytes] = {};
  uint16_t phase_ = 0;
  ReplayWindow window_;
};

}  // namespace shoal
