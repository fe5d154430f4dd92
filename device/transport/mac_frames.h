/// @file
/// Datagrams in frames of a radio that carries at most kRadioPayload bytes from
/// one board to another (ESP-NOW). An address is the board's MAC as a number:
/// 24:6f:28:00:00:01 is 0x246F28000001. What comes is put into a ring by the
/// radio's task, which may run on another core; the node takes it from there.
#pragma once

#include <cstdint>

#include "device/port/payload.h"
#include "device/shoal.h"

namespace shoal {

/// Bytes of a MAC.
inline constexpr uint32_t kRadioMacBytes = 6;

/// Returns the address of a MAC.
constexpr uint64_t mac_address(const uint8_t* mac) {
  uint64_t address = 0;
  for (uint32_t i = 0; i < kRadioMacBytes; ++i) address = address << 8 | mac[i];
  return address;
}
/// Writes the MAC of an address.
constexpr void write_mac(uint64_t address, uint8_t* mac) {
  for (uint32_t i = kRadioMacBytes; i-- > 0; address >>= 8) {
    mac[i] = static_cast<uint8_t>(address);
  }
}

/// The platform's functions for the radio.
struct MacPort {
  /// First argument of all functions.
  void* user;
  /// Sends a frame to this board; returns whether the radio took it.
  bool (*send)(void* user, const uint8_t* mac, const void* data,
               uint32_t bytes);
  /// Returns the time in microseconds, as in shoal_transport.
  uint64_t (*now_us)(void* user);
};

/// A radio as a transport.
class MacFrames {
 public:
  /// Makes a transport over `port`, which is copied.
  explicit MacFrames(const MacPort& port);
  MacFrames(const MacFrames&) = delete;
  MacFrames& operator=(const MacFrames&) = delete;

  /// Returns the transport, which is valid as long as this object.
  const shoal_transport& transport() const { return transport_; }
  /// Takes a frame that has come, or drops it if the ring is full. Only one
  /// task calls it at a time.
  void came(const uint8_t* mac, const uint8_t* data, uint32_t bytes);
  /// Returns whether a frame waits.
  bool has_some() const { return taken_ != load(came_); }
  /// Returns the number of frames that came when the ring was full.
  uint32_t dropped() const { return load(dropped_); }

 private:
  struct Frame {
    uint64_t from;
    uint32_t bytes;
    uint8_t data[kRadioPayload];
  };
  static constexpr uint32_t kFrames = 16;

  static uint32_t load(const uint32_t& word) {
    return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
  }
  static void store(uint32_t& word, uint32_t value) {
    __atomic_store_n(&word, value, __ATOMIC_RELEASE);
  }
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  static uint64_t now_us(void* self);

  MacPort port_;
  Frame ring_[kFrames];
  // Each is written by one side. They count on; places are mod kFrames.
  uint32_t came_ = 0, freed_ = 0;
  uint32_t taken_ = 0;
  uint32_t dropped_ = 0;
  shoal_transport transport_;
};

}  // namespace shoal
