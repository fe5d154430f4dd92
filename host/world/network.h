// The path of a datagram between two endpoints: serialization on links of a
// given rate, latency, bounded queues, and whatever bad luck is asked for.
// Datagrams are copied; no endpoint sees another's memory.
//
//   switch  every endpoint has a full-duplex link to one store-and-forward
//           switch: a datagram is serialized up, takes the latency, waits for
//           the receiver's port (bounded, drops when full), is serialized down
//   radio   one half-duplex channel for all: a datagram waits until it is
//           free, without collisions, and is serialized once
//
// An endpoint's address is its number plus one. Time goes on in the
// EventQueue, whose owner hands events of datagrams to handle().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "host/world/events.h"

namespace shoal {

enum class Medium : uint8_t { kSwitch, kRadio };

struct NetworkOptions {
  Medium medium = Medium::kSwitch;
  Nanos jitter = 0;  // up to so much more latency, evenly spread
  double loss = 0, duplicate = 0, reorder = 0;  // probabilities
  Nanos reorder_delay = kMillisecond;  // up to so much later if reordered
  uint64_t seed = 1;
  uint32_t port_bytes = 65536;  // of the switch, waiting for one endpoint
};

// An endpoint's link.
struct LinkModel {
  double bits_per_s = 0;  // 0: unlimited
  Nanos latency = 0;      // one way; between two endpoints the longer one
  uint32_t framing_bytes = 0;
  // Datagrams. At 1.5 KB each they are about the 16 KB that a node's fixed
  // bytes are estimated at.
  uint32_t send_queue = 4;     // more are not taken
  uint32_t receive_queue = 8;  // more are dropped
};

struct Datagram {
  std::vector<uint8_t> bytes;
  uint32_t number = 0;  // its place in the pool
  uint32_t from = 0, to = 0;
  uint64_t serial = 0;  // number of the send
  Nanos asked = 0;      // when the endpoint sent it
  Nanos left = 0;       // when its last bit was on the wire
  Nanos arrived = 0;
};

struct EndpointTraffic {
  uint64_t sent = 0, received = 0;              // datagrams
  uint64_t sent_bytes = 0, received_bytes = 0;  // of payload
  uint64_t lost = 0, duplicated = 0, reordered = 0;
  uint64_t port_drops = 0;   // the switch's queue to it was full
  uint64_t queue_drops = 0;  // its own receive queue was full
  Nanos up_busy = 0, down_busy = 0;
};

class Network {
 public:
  Network(const NetworkOptions&, EventQueue&);
  uint32_t add(const LinkModel&);
  static uint64_t address(uint32_t endpoint) { return endpoint + 1ull; }

  // Takes a copy at time `now` of the sender; false: its queue is full, and
  // sendable() says when there is room.
  bool send(uint32_t from, uint64_t to, const uint8_t* bytes, uint32_t count,
            Nanos now);
  // Returns whether the last send() of this endpoint was refused and there has
  // been no room since.
  bool blocked(uint32_t endpoint) const { return ends_[endpoint].blocked; }

  // A kTransmit, kSent, kForward or kArrive event. Returns the endpoint that
  // has got a datagram or room to send, else kNobody.
  static constexpr uint32_t kNobody = UINT32_MAX;
  uint32_t handle(const Event&);

  // The oldest datagram that has arrived, null if none; release() it after
  // use.
  const Datagram* take(uint32_t endpoint);
  void release(const Datagram*);
  bool waiting(uint32_t endpoint) const {
    return !ends_[endpoint].arrived.empty();
  }

  // An endpoint whose power is off: what it has not sent yet is gone, what
  // comes is dropped.
  void switch_off(uint32_t endpoint);
  void switch_on(uint32_t endpoint) { ends_[endpoint].off = false; }
  // Nothing gets through between two endpoints, in both directions, until it is
  // mended as often as it was cut.
  void cut(uint32_t a, uint32_t b);
  void mend(uint32_t a, uint32_t b);

  uint32_t endpoints() const { return static_cast<uint32_t>(ends_.size()); }
  const LinkModel& link(uint32_t endpoint) const {
    return ends_[endpoint].link;
  }
  const EndpointTraffic& traffic(uint32_t endpoint) const {
    return ends_[endpoint].traffic;
  }
  // Returns the number of the next datagram that is sent.
  uint64_t serial() const { return serial_; }
  // Returns the time of a datagram's bits on the link.
  static Nanos airtime(const LinkModel&, size_t bytes);

 private:
  struct End {
    LinkModel link;
    EndpointTraffic traffic;
    Nanos up_free = 0, down_free = 0;
    uint32_t leaving = 0;     // datagrams taken, not yet on the wire
    uint32_t port_bytes = 0;  // at the switch, for this endpoint
    bool blocked = false, off = false;
    std::deque<uint32_t> arrived;
  };

  uint32_t copy(const uint8_t* bytes, uint32_t count);
  void drop(uint32_t datagram);
  bool is_cut(uint32_t a, uint32_t b) const;
  void travel(uint32_t datagram);
  Nanos delay(const Datagram&);
  uint32_t forward(uint32_t datagram, Nanos now);
  uint32_t arrive(uint32_t datagram, Nanos now);
  bool chance(double p);
  uint64_t random();

  NetworkOptions options_;
  EventQueue& events_;
  std::vector<End> ends_;
  std::vector<std::unique_ptr<Datagram>> pool_;
  std::vector<uint32_t> free_;
  std::multiset<std::pair<uint32_t, uint32_t>> cuts_;  // the lower one first
  Nanos channel_free_ = 0;
  uint64_t state_, serial_ = 0;
};

}  // namespace shoal
