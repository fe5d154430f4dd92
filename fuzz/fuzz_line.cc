// Any bytes on a line that several nodes share, or between a computer and the
// bridge to a radio: what comes out are datagrams of possible sizes and
// addresses, a station sends only in a turn that was its own, no longer than a
// turn is, and all that it writes can be read.
//
// The input is one byte, modulo 33 the end of the line (0: the coordinator,
// then the stations, 32: the bridge), then a sequence of commands: one byte
// (which, modulo 4) and what belongs to it.
//   0     raw bytes come: length, bytes
//   1     a frame comes: length, bytes
//   2     a poll or the end of a turn comes: kind, station, turn
//   3     time passes (units of 100 us), then a datagram is sent: time,
//         receiver, length - 1
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "device/transport/bus_coordinator.h"
#include "device/transport/bus_station.h"
#include "device/transport/mac_bridge.h"

namespace {

using namespace shoal;
using Bytes = std::vector<uint8_t>;

constexpr uint32_t kEnds = kBusStations + 2;
constexpr uint32_t kBridge = kBusStations + 1;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : next_(data), end_(data + size) {}
  bool empty() const { return next_ == end_; }
  uint8_t byte() { return empty() ? uint8_t{0} : *next_++; }
  Bytes bytes() {
    const size_t count = byte(), left = static_cast<size_t>(end_ - next_);
    const uint8_t* const from = next_;
    next_ += count < left ? count : left;
    return {from, next_};
  }

 private:
  const uint8_t *next_, *end_;
};

Bytes frame_of(const Bytes& content) {
  Bytes all(hdlc_bound(static_cast<uint32_t>(content.size())));
  all.resize(hdlc_encode(content.data(), static_cast<uint32_t>(content.size()),
                         all.data()));
  return all;
}

// Decodes by itself what goes over the line.
class Reader {
 public:
  template <class Take>
  void read(const uint8_t* bytes, size_t count, const Take& take) {
    for (size_t i = 0; i < count; ++i) {
      if (const uint32_t n = decoder_.push(bytes[i])) take(frame_, n);
    }
  }

 private:
  uint8_t frame_[1024];
  HdlcDecoder decoder_{frame_, sizeof frame_};
};

class Line {
 public:
  explicit Line(uint32_t end) : end_(end) {}

  void come(const Bytes& bytes) {
    coming_.insert(coming_.end(), bytes.begin(), bytes.end());
    came_.read(bytes.data(), bytes.size(), [&](const uint8_t* f, uint32_t n) {
      BusControl control;
      if (read_bus_control(f, n, control) &&
          control.kind == BusControl::kPoll && control.station == end_) {
        ++turns_;
      }
    });
  }
  void pass(uint32_t us) { now_us_ += us; }
  uint64_t now() { return ++now_us_; }
  uint32_t read(uint8_t* to, uint32_t capacity) {
    uint32_t n = 0;
    for (; n < capacity && !coming_.empty(); coming_.pop_front()) {
      to[n++] = coming_.front();
    }
    return n;
  }
  // A station's bytes belong to the last turn that it was given.
  uint32_t write(const uint8_t* from, uint32_t bytes) {
    if (end_ != kBridge) {
      expect(driven_);
      written_ += bytes;
      expect(end_ == 0 || written_ <= kBusTurnBytes);
    }
    left_.read(from, bytes, [&](const uint8_t* f, uint32_t n) {
      BusControl control;
      if (end_ == kBridge) {
        expect(n > kRadioMacBytes);
      } else if (read_bus_control(f, n, control)) {
        expect(end_ == 0 || control.station == end_);
      } else {
        expect(n >= kBusHead && f[1] == end_);
      }
    });
    return bytes;
  }
  void drive(bool on) {
    expect(on != driven_);
    driven_ = on;
    written_ = 0;
    if (on && end_ != 0) expect(drives_++ < turns_);
  }

 private:
  const uint32_t end_;
  std::deque<uint8_t> coming_;
  Reader came_, left_;
  uint64_t now_us_ = 1;
  uint32_t turns_ = 0, drives_ = 0, written_ = 0;
  bool driven_ = false;
};

BusPort port_of(Line& line) {
  return {&line,
          [](void* l, const void* data, uint32_t bytes) {
            return static_cast<Line*>(l)->write(
                static_cast<const uint8_t*>(data), bytes);
          },
          [](void* l, void* to, uint32_t capacity) {
            return static_cast<Line*>(l)->read(static_cast<uint8_t*>(to),
                                               capacity);
          },
          [](void* l, bool on) { static_cast<Line*>(l)->drive(on); },
          [](void* l) { return static_cast<Line*>(l)->now(); }};
}

// Feeds an end by the commands. `send` and `look` are its sides.
template <class Send, class Look>
void feed(Input& in, Line& line, const Send& send, const Look& look) {
  while (!in.empty()) {
    switch (in.byte() % 4) {
      case 0:
        line.come(in.bytes());
        break;
      case 1:
        line.come(frame_of(in.bytes()));
        break;
      case 2: {
        BusControl control{};
        control.kind = in.byte() & 1 ? BusControl::kEnd : BusControl::kPoll;
        control.station = in.byte();
        control.turn = in.byte();
        Bytes content(kBusControl);
        write_bus_control(control, content.data());
        line.come(frame_of(content));
        break;
      }
      default: {
        line.pass(in.byte() * 100u);
        const uint8_t to = in.byte();
        send(to, Bytes(1u + in.byte(), 0x7E));
      }
    }
    for (int i = 0; i < 4; ++i) look();
  }
}

void talk(Input& in, Line& line, uint32_t own, const shoal_transport& t) {
  feed(
      in, line,
      [&](uint8_t to, const Bytes& datagram) {
        static_cast<void>(t.send(t.user, bus_address(to % (kBusStations + 1)),
                                 datagram.data(),
                                 static_cast<uint32_t>(datagram.size())));
      },
      [&] {
        uint8_t datagram[kSerialPayload];
        uint64_t from = 0;
        const uint32_t n = t.receive(t.user, &from, datagram, sizeof datagram);
        if (n == 0) return;
        expect(n <= sizeof datagram && from != bus_address(own));
        expect(from >= bus_address(0) && from <= bus_address(kBusStations));
      });
}

void bridge(Input& in, Line& line) {
  const BusPort port = port_of(line);
  BridgeLine computer({port.user, port.write, port.read});
  std::deque<Bytes> air;
  const shoal_transport radio = {
      &air, kRadioPayload,
      [](void*, uint64_t to, const void*, uint32_t bytes) {
        expect(bytes > 0 && bytes <= kRadioPayload && to >> 48 == 0);
        return 0;
      },
      [](void* waiting, uint64_t* from, void* to, uint32_t capacity) {
        auto& all = *static_cast<std::deque<Bytes>*>(waiting);
        if (all.empty()) return 0u;
        const Bytes next = all.front();
        all.pop_front();
        const auto n = static_cast<uint32_t>(next.size());
        expect(n <= capacity);
        std::memcpy(to, next.data(), n);
        *from = 0x246F28000001;
        return n;
      },
      [](void*) { return uint64_t{0}; }};
  feed(
      in, line,
      [&](uint8_t, Bytes datagram) {
        if (datagram.size() > kRadioPayload) datagram.resize(kRadioPayload);
        if (!datagram.empty()) air.push_back(datagram);
      },
      [&] { pass_on(computer, radio); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in(data, size);
  const uint32_t end = in.byte() % kEnds;
  Line line(end);
  uint8_t waiting[4 * kBusFrameBytes];
  if (end == kBridge) {
    bridge(in, line);
  } else if (end == 0) {
    BusCoordinator coordinator(port_of(line), waiting, sizeof waiting);
    talk(in, line, end, coordinator.transport());
  } else {
    BusStation station(port_of(line), static_cast<uint8_t>(end), waiting,
                       sizeof waiting);
    talk(in, line, end, station.transport());
  }
  return 0;
}
