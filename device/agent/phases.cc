#include "device/agent/phases.h"

#include <cstring>

#include "device/agent/noise.h"
#include "device/base/wipe.h"

namespace shoal {
namespace {

constexpr uint16_t kLastPhase = 0xFFFF;

}  // namespace

void SendPhases::begin(const uint8_t key[kKeyBytes], uint64_t now_us,
                       uint16_t phase) {
  std::memcpy(key_, key, kKeyBytes);
  phase_ = phase;
  packet_ = 0;
  since_us_ = now_us;
}

bool SendPhases::next(const KeyLimits& limits, uint64_t now_us, uint16_t& phase,
                      uint32_t& packet) {
  const bool used_up = packet_ >= limits.packets;
  const bool old = now_us - since_us_ >= limits.us && packet_ > 0;
  if ((used_up || old) && phase_ != kLastPhase) {
    next_key(key_);
    ++phase_;
    packet_ = 0;
    since_us_ = now_us;
  } else if (used_up) {
    return false;
  }
  phase = phase_;
  packet = packet_++;
  return true;
}

void ReceivePhases::begin(const uint8_t key[kKeyBytes]) {
  std::memcpy(key_, key, kKeyBytes);
  phase_ = 0;
  window_ = {};
}

ReceivePhases::Opened ReceivePhases::open(const shoal_cipher& cipher,
                                          const SessionHead& head,
                                          uint8_t* datagram,
                                          uint32_t body_bytes) {
  const bool later = head.phase == phase_ + 1;
  if (head.phase != phase_ && !later) return Opened::kReplayed;
  if (!later && !window_.fresh(head.packet)) return Opened::kReplayed;
  uint8_t key[kKeyBytes];
  std::memcpy(key, key_, kKeyBytes);
  if (later) next_key(key);
  const bool genuine =
      cipher.open(key, session_nonce(head.packet), datagram, sizeof head,
                  datagram + sizeof head, body_bytes) == 0;
  if (genuine) {
    if (later) {
      std::memcpy(key_, key, kKeyBytes);
      phase_ = head.phase;
      window_ = {};
    }
    window_.note(head.packet);
  }
  wipe(key, sizeof key);
  return genuine ? Opened::kOk : Opened::kForged;
}

}  // namespace shoal
