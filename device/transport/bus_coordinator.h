/// @file
/// The coordinator of a line that several nodes share: it sends when nobody
/// else may, and gives each station that it has ever sent to its turns.
#pragma once

#include <cstdint>

#include "device/shoal.h"
#include "device/transport/bus_wire.h"

namespace shoal {

/// A coordinator's transport. Addresses are those of bus_address().
class BusCoordinator {
 public:
  /// Makes a transport over `port`, which is copied.
  /// @param port     the line
  /// @param waiting  room for datagrams that wait; must outlive this object
  /// @param capacity bytes of it, at least kBusFrameBytes
  /// @param timing   of the line
  BusCoordinator(const BusPort& port, uint8_t* waiting, uint32_t capacity,
                 const BusTiming& timing = BusTiming());
  BusCoordinator(const BusCoordinator&) = delete;
  BusCoordinator& operator=(const BusCoordinator&) = delete;

  /// Returns the transport, which is valid as long as this object.
  const shoal_transport& transport() const { return transport_; }
  /// Takes what has come and does what is due, as the transport's receive()
  /// does. Returns whether a datagram waits.
  bool look();
  /// Returns when look() has to be called again though nothing comes; 0: now.
  uint64_t next_timer_us() const;
  /// Returns the number of turns that were given.
  uint32_t polls() const { return polls_; }
  /// Returns the number of those turns that were not answered.
  uint32_t unanswered() const { return unanswered_; }

 private:
  struct Station {
    bool is_known = false;
    bool has_sent = false;  // in the turn under way
    uint16_t misses = 0;    // turns without an answer, in a row
    uint32_t pause_us = 0;  // until its next turn
    uint64_t due_us = 0;
  };
  enum class Phase : uint8_t { kFree, kWriting, kPolled };

  static int send(void* self, uint64_t to, const void* datagram,
                  uint32_t bytes);
  static uint32_t receive(void* self, uint64_t* from, void* datagram,
                          uint32_t capacity);
  static uint64_t now_us(void* self);
  void advance();
  void begin_burst(uint64_t now);
  void go_on_writing();
  void end_turn(bool is_answered, uint64_t now);
  void hurry(uint32_t station, uint64_t now);
  uint32_t due_station() const;
  bool take(uint32_t bytes);
  uint64_t longest_turn_us() const;
  uint64_t burst_us(uint32_t bytes) const;

  BusPort port_;
  BusTiming timing_;
  BusQueue queue_;
  BusReader reader_{port_};
  Station stations_[kBusStations + 1];
  Phase phase_ = Phase::kFree;
  uint32_t polled_ = 0;  // 0: the burst has no poll
  uint16_t turn_ = 0;
  uint64_t free_us_ = 0;  // kFree: from then on; kPolled: at the latest
  uint8_t burst_[kBusTurnBytes + hdlc_bound(kBusControl)];
  uint32_t burst_bytes_ = 0, written_ = 0;
  uint32_t bytes_ = 0;  // of the datagram in the reader's frame
  uint32_t polls_ = 0, unanswered_ = 0;
  shoal_transport transport_;
};

}  // namespace shoal
