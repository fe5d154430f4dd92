/// @file
/// What several nodes on one pair of wires say (RS-485, half duplex): frames of
/// hdlc.h, of which one station sends at a time. spec/datagrams.md has the
/// rules ("Several nodes on a line").
#pragma once

#include <cstdint>

#include "device/port/payload.h"
#include "device/transport/hdlc.h"

namespace shoal {

/// The largest number of a station. Number 0 is the coordinator's.
inline constexpr uint32_t kBusStations = 31;
/// Bytes before the datagram: the receiver's number and the sender's.
inline constexpr uint32_t kBusHead = 2;
/// Bytes of a frame that gives a turn, or ends it.
inline constexpr uint32_t kBusControl = 8;
/// The most bytes that a station sends in a turn, on the wire.
inline constexpr uint32_t kBusTurnBytes = 512;
/// The most bytes that a datagram takes on the wire.
inline constexpr uint32_t kBusFrameBytes =
    hdlc_bound(kBusHead + kSerialPayload);

/// Returns the transport's address of a station.
constexpr uint64_t bus_address(uint32_t station) { return 0x100 + station; }

/// The times of a line, in microseconds. All stations have the same ones,
/// except for the guard, which is the coordinator's alone.
struct BusTiming {
  /// The time that a byte takes, in nanoseconds: ten bits.
  uint32_t byte_ns = 10'000;
  /// Longest time from the end of a poll to the first byte of its answer.
  uint32_t begin_us = 3'000;
  /// Longest time from there to the last byte.
  uint32_t turn_us = 6'000;
  /// Shortest time between the bytes of two senders, in which the first one
  /// turns its driver off.
  uint32_t gap_us = 100;
  /// The most that clocks, drivers and buffers of the platforms add.
  uint32_t guard_us = 20'000;
};

/// The platform's functions for the line.
struct BusPort {
  /// First argument of all functions.
  void* user;
  /// Writes as many of the bytes as the line takes now; returns how many.
  uint32_t (*write)(void* user, const void* data, uint32_t bytes);
  /// Reads bytes that have come, at most `capacity`; returns how many. If there
  /// are fewer, these were all that had come.
  uint32_t (*read)(void* user, void* to, uint32_t capacity);
  /// Turns the driver on or off. Off: it first waits until all bytes have left
  /// the UART. May be null if the hardware does that.
  void (*drive)(void* user, bool on);
  /// Returns the time in microseconds, as in shoal_transport.
  uint64_t (*now_us)(void* user);
};

/// A frame without a datagram.
struct BusControl {
  /// The first byte of the frame.
  enum Kind : uint8_t {
    kPoll = 0xF0,  ///< The station may send.
    kEnd = 0xF1,   ///< The station has sent all that it will.
  };
  /// The meaning of the frame.
  Kind kind;
  /// Whose turn it is.
  uint8_t station;
  /// Number of the turn, which the end repeats.
  uint16_t turn;
};
/// Writes its kBusControl bytes.
void write_bus_control(const BusControl& control, uint8_t* out);
/// Returns whether the frame is one; its own CRC-32C keeps noise from giving
/// two stations a turn.
bool read_bus_control(const uint8_t* frame, uint32_t bytes,
                      BusControl& control);

/// Frames that wait for a turn, in the caller's memory.
class BusQueue {
 public:
  /// Makes a queue of `capacity` bytes, at least kBusFrameBytes.
  BusQueue(uint8_t* waiting, uint32_t capacity)
      : waiting_(waiting), capacity_(capacity) {}
  /// Returns whether the datagram was taken: there may be no room.
  bool add(uint8_t to, uint8_t from, const void* datagram, uint32_t bytes);
  /// Moves whole frames to `out` as long as they take at most `most` bytes;
  /// returns how many bytes they take.
  uint32_t take(uint8_t* out, uint32_t most);
  /// Returns whether nothing waits.
  bool empty() const { return bytes_ == 0; }

 private:
  uint8_t* waiting_;
  uint32_t capacity_, bytes_ = 0;
};

/// Frames that have come, byte by byte.
class BusReader {
 public:
  /// Makes a reader of this line, which must outlive it.
  explicit BusReader(const BusPort& port) : port_(port) {}
  BusReader(const BusReader&) = delete;
  BusReader& operator=(const BusReader&) = delete;

  /// Reads more bytes if all before are decoded; returns whether there are
  /// some.
  bool fetch();
  /// Returns the bytes of the next frame among those that were read; 0: none is
  /// complete.
  uint32_t next();
  /// Returns the frame that next() has found.
  const uint8_t* frame() const { return frame_; }
  /// Returns whether bytes came behind the frame. Then another one has begun.
  bool has_more() const { return next_ != came_bytes_; }
  /// Returns a time after which all bytes came that were read last.
  uint64_t came_after_us() const { return came_after_us_; }

 private:
  const BusPort& port_;
  uint64_t came_after_us_ = 0, drained_us_ = 0;
  uint8_t came_[256];  // read, not yet decoded
  uint32_t came_bytes_ = 0, next_ = 0;
  uint8_t frame_[kBusHead + kSerialPayload + kHdlcCheckBytes];
  HdlcDecoder decoder_{frame_, sizeof frame_};
};

}  // namespace shoal
