/// @file
/// Between a computer's serial line and a radio: each frame of the line
/// (hdlc.h) is the MAC of a board, six bytes, and a datagram to it or from it.
/// A board with nothing but this is how a computer without such a radio reaches
/// the nodes; it needs no key, since it sees only sealed datagrams.
#pragma once

#include <cstdint>

#include "device/transport/hdlc.h"
#include "device/transport/mac_frames.h"

namespace shoal {

/// The most bytes of a frame on the line, before its escapes.
inline constexpr uint32_t kBridgeFrame = kRadioMacBytes + kRadioPayload;

/// The platform's functions for the line. None of them blocks for long.
struct BridgePort {
  /// First argument of all functions.
  void* user;
  /// Writes as many of the bytes as the line takes now; returns how many.
  uint32_t (*write)(void* user, const void* data, uint32_t bytes);
  /// Reads bytes that have come, at most `capacity`; returns how many.
  uint32_t (*read)(void* user, void* to, uint32_t capacity);
};

/// One end of the bridge's line.
class BridgeLine {
 public:
  /// Makes an end over `port`, which is copied.
  explicit BridgeLine(const BridgePort& port) : port_(port) {}
  BridgeLine(const BridgeLine&) = delete;
  BridgeLine& operator=(const BridgeLine&) = delete;

  /// Writes a datagram and the board's address; returns whether there was room.
  bool send(uint64_t address, const void* datagram, uint32_t bytes);
  /// Takes the next datagram; returns its bytes, or 0 if none is complete.
  uint32_t receive(uint64_t* address, void* datagram, uint32_t capacity);
  /// Writes more of what waits.
  void flush();
  /// Returns whether bytes wait for the line.
  bool has_more_to_send() const { return waiting_bytes_ != 0; }
  /// Returns whether bytes were read that are not decoded yet.
  bool has_fetched() const { return next_ != came_bytes_; }

 private:
  static constexpr uint32_t kFrames = 8;

  BridgePort port_;
  uint8_t waiting_[kFrames * hdlc_bound(kBridgeFrame)];
  uint32_t waiting_bytes_ = 0;
  uint8_t came_[256];
  uint32_t came_bytes_ = 0, next_ = 0;
  uint8_t frame_[kBridgeFrame + kHdlcCheckBytes];
  HdlcDecoder decoder_{frame_, sizeof frame_};
};

/// Passes on what has come from either side, a few datagrams at a time; to be
/// called again and again. Returns whether there was something.
bool pass_on(BridgeLine& line, const shoal_transport& radio);

}  // namespace shoal
