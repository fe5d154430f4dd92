// The clock of a simulation: what will happen, in order of time. Events of
// one time happen in the order in which they were planned, so a run is a
// function of its inputs and its seed.
#pragma once

#include <cstddef>
#include <cstdint>
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
    const Event e{at, next_++, kind, endpoint, what};
    heap_.push_back(e);
    rise(heap_.size() - 1, e);
  }
  bool empty() const { return heap_.empty(); }
  // Returns when the next one is; kNever: there is none.
  Nanos next() const { return heap_.empty() ? kNever : heap_.front().at; }
  Event pop() {
    const Event e = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) rise(sink_hole(), last);
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
  // Returns a hash of all events so far: two runs of one seed have the same.
  uint64_t hash() const { return hash_; }

 private:
  // Nothing can be foretold of the order, so nothing branches on it.
  static bool before(const Event& a, const Event& b) {
    return bool(int{a.at < b.at} |
                (int{a.at == b.at} & int{a.order < b.order}));
  }
  // Into the hole at `i`, or above it.
  void rise(size_t i, const Event& e) {
    while (i > 0) {
      const size_t above = (i - 1) / 2;
      if (!before(e, heap_[above])) break;
      heap_[i] = heap_[above];
      i = above;
    }
    heap_[i] = e;
  }
  // Moves the hole from the first place down to the last row and returns where
  // it is then.
  size_t sink_hole() {
    const size_t size = heap_.size();
    size_t i = 0;
    for (size_t next = 1; next < size; next = 2 * i + 1) {
      const size_t other = next + (next + 1 < size);
      next += size_t{before(heap_[other], heap_[next])};
      heap_[i] = heap_[next];
      i = next;
    }
    return i;
  }

  std::vector<Event> heap_;  // none is earlier than the one above it
  uint64_t next_ = 0, count_ = 0;
  uint64_t hash_ = 0x51AFD7ED558CCD25;
};

}  // namespace shoal
