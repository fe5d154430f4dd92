#include "device/link/phase.h"

#include <cstring>

#include "device/keys/hmac.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

// shoal_peer::phases.
constexpr uint8_t kSend = 1, kReceive = 2;  // the keys' bits
constexpr uint8_t kUnconfirmed = 4;

constexpr uint64_t kPackets = uint64_t{1} << 32;
constexpr uint64_t kDayUs = uint64_t{86'400} * 1'000'000;

void next_data_key(const uint8_t key[kHmacBytes], uint8_t next[kHmacBytes]) {
  constexpr uint8_t kLabel[] = {'s', 'h', 'o', 'a', 'l',
                                ' ', 'n', 'e', 'x', 't'};
  hmac_sha256(key, kHmacBytes, kLabel, sizeof kLabel, next);
}

}  // namespace

void begin_phases(shoal_peer& peer, uint64_t now_us) {
  peer.phase_packet = peer.receive_from = 0;
  peer.phase_us = now_us;
  peer.phases = 0;
}

uint8_t send_phase(shoal_peer& peer, const shoal_link& link, uint64_t number,
                   uint64_t now_us) {
  const uint64_t packets = link.key_packets ? link.key_packets : kPackets;
  const uint64_t us = link.key_us ? link.key_us : kDayUs;
  const bool over =
      number - peer.phase_packet >= packets || now_us - peer.phase_us >= us;
  if (over && !(peer.phases & kUnconfirmed)) {
    uint8_t next[kHmacBytes];
    next_data_key(peer.send_key, next);
    std::memcpy(peer.send_key, next, sizeof next);
    peer.phases = static_cast<uint8_t>((peer.phases ^ kSend) | kUnconfirmed);
    peer.phase_packet = number;
    peer.phase_us = now_us;
  }
  uint8_t flags = peer.phases & kSend ? kFlagPhase : uint8_t{0};
  if (peer.phases & kUnconfirmed) flags |= kFlagProbe;
  return flags;
}

void confirm_phase(shoal_peer& peer, uint64_t number) {
  if (number < peer.phase_packet) return;
  peer.phases = static_cast<uint8_t>(peer.phases & ~kUnconfirmed);
}

Status open_phase(shoal_peer& peer, const shoal_cipher& cipher, uint8_t flags,
                  uint64_t number, uint8_t* datagram, uint8_t* items,
                  uint32_t bytes) {
  const bool other =
      ((flags & kFlagPhase) != 0) != ((peer.phases & kReceive) != 0);
  // Datagrams under the next key came later.
  if (other && number < peer.receive_from) return Status::kStale;
  uint8_t next[kHmacBytes];
  const uint8_t* key = peer.receive_key;
  if (other) {
    next_data_key(peer.receive_key, next);
    key = next;
  }
  if (cipher.open(key, number, datagram, kDataHeadBytes, items, bytes) != 0) {
    return Status::kBadTag;
  }
  if (other) {
    std::memcpy(peer.receive_key, next, sizeof next);
    peer.phases = static_cast<uint8_t>(peer.phases ^ kReceive);
    peer.receive_from = number;
  }
  return Status::kOk;
}

}  // namespace shoal
