/// @file
/// A node on a line that several share: it sends only when the coordinator has
/// given it a turn, and only if it knows that the turn is not over.
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/bus_wire.h"

namespace shoal {

/// A station's transport. Addresses are those of bus_address().
class BusStation {
 public:
  /// Makes a transport over `port`, which is copied.
  /// @param port     the line
  /// @param station  this one's number, 1 to kBusStations
  /// @param waiting  room for datagrams that wait for a turn; must outlive this
  ///        object
  /// @param capacity bytes of it, at least kBusFrameBytes
  /// @param timing   of the line
  BusStation(const BusPort& port, uint8_t station, uint8_t* waiting,
             uint32_t capacity, const BusTiming& timing = BusTiming());
  BusStation(const BusStation&) = delete;
  BusStation& operator=(const BusStation&) = delete;

  /// Returns the transport, which is valid as long as this object.
  const shoal_transport& transport() const { return transport_; }
  /// Takes what has come, and the turn if that was a poll. To be called, as the
  /// transport's receive() does, more often than every BusTiming::begin_us: a
  /// poll that may be older is not answered. Returns whether a datagram waits.
  bool look();
  /// Returns the number of polls that came too late to be answered.
  uint32_t missed() const { return missed_; }

 private:
  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  static uint64_t now_us(void* self);
  bool take(uint32_t bytes);
  void take_turn(uint16_t turn);
  void write_all(const uint8_t* burst, uint32_t bytes);

  BusPort port_;
  BusTiming timing_;
  uint8_t station_;
  BusQueue queue_;
  BusReader reader_{port_};
  uint32_t bytes_ = 0;  // of the datagram in the reader's frame
  uint32_t missed_ = 0;
  shoal_transport transport_;
};

}  // namespace shoal
