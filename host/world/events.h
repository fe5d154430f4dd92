// The clock of a simulation: what will happen, in order of time. Events of
// one time happen in the order in which they were planned, so a run is a
// function of its inputs and its seed.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

namespace shoal {

using Nanos = int64_t;
inline constexpr Nanos kMicrosecond = 1000;
inline constexpr Nanos kMillisecond = 1000 * kMicrosecond;
inline constexpr Nanos kSecond = 1000 * kMillisecond;
inline constexpr Nanos kNever = INT64_MAX;

enum class EventKind : uint8_t {
  kWake,      // an endpoint steps
  kTransmit,  // a datagram asks for the radio channel
  kSent,      // a datagram has left its endpoint
  kForward,   // a datagram has come to the switch
  kArrive,    // a datagram has come to its endpoint
};

struct Event {
  Nanos at = 0;
  uint64_t order = 0;
  EventKind kind{};
  uint32_t endpoint = 0;
  uint64_t what = 0;  // datagram, or the wake's number
};

class EventQueue {
 public:
  void push(Nanos at, EventKind kind, uint32_t endpoint, uint64_t what) {
    queue_.push({at, next_++, kind, endpoint, what});
  }
  bool empty() const { return queue_.empty(); }
  Event pop() {
    const Event e = queue_.top();
    queue_.pop();
    ++count_;
    for (const uint64_t word :
         {static_cast<uint64_t>(e.at), static_cast<uint64_t>(e.kind),
          uint64_t{e.endpoint}, e.what}) {
      hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15;
      hash_ ^= hash_ >> 29;
    }
    return e;
  }
  uint64_t count() const { return count_; }
  // Of all events so far: two runs of one seed have the same.
  uint64_t hash() const { return hash_; }

 private:
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  uint64_t next_ = 0, count_ = 0;
  uint64_t hash_ = 0x51AFD7ED558CCD25;
};

}  // namespace shoal
