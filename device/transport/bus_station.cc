#include "device/transport/bus_station.h"

#include <cstring>

namespace shoal {

BusStation::BusStation(const BusPort& port, uint8_t station, uint8_t* waiting,
                       uint32_t capacity, const BusTiming& timing)
    : port_(port),
      timing_(timing),
      station_(station),
      queue_(waiting, capacity),
      transport_{this, kSerialPayload, send, receive, now_us} {}

uint64_t BusStation::now_us(void* self) {
  const auto& s = *static_cast<const BusStation*>(self);
  return s.port_.now_us(s.port_.user);
}

int BusStation::send(void* self, uint64_t to, const void* datagram,
                     uint32_t bytes) {
  auto& s = *static_cast<BusStation*>(self);
  s.look();
  return s.queue_.add(static_cast<uint8_t>(to), s.station_, datagram, bytes)
             ? 0
             : 1;
}

uint32_t BusStation::receive(void* self, uint64_t* from, void* datagram,
                             uint32_t capacity) {
  auto& s = *static_cast<BusStation*>(self);
  if (!s.look()) return 0;
  const uint32_t bytes = s.bytes_ < capacity ? s.bytes_ : capacity;
  *from = bus_address(s.reader_.frame()[1]);
  std::memcpy(datagram, s.reader_.frame() + kBusHead, bytes);
  s.bytes_ = 0;
  return bytes;
}

bool BusStation::look() {
  // Noise cannot keep the node here.
  for (int piece = 0; piece < 4 && bytes_ == 0 && reader_.fetch(); ++piece) {
    while (const uint32_t n = reader_.next()) {
      if (take(n)) break;
    }
  }
  return bytes_ != 0;
}

bool BusStation::take(uint32_t bytes) {
  const uint8_t* const frame = reader_.frame();
  BusControl control;
  if (read_bus_control(frame, bytes, control)) {
    if (control.kind == BusControl::kPoll && control.station == station_) {
      take_turn(control.turn);
    }
    return false;
  }
  // A line that echoes gives this one its own frames, too.
  if (bytes <= kBusHead || frame[0] != station_ || frame[1] == station_ ||
      frame[1] > kBusStations) {
    return false;
  }
  bytes_ = bytes - kBusHead;
  return true;
}

void BusStation::take_turn(uint16_t turn) {
  uint64_t now = now_us(this);
  const uint64_t silent_until = now + timing_.gap_us;
  // When the poll came is not known, only that it was not before.
  if (reader_.has_more() ||
      silent_until - reader_.came_after_us() > timing_.begin_us) {
    ++missed_;
    return;
  }
  constexpr uint32_t kEndBytes = hdlc_bound(kBusControl);
  uint8_t burst[kBusTurnBytes];
  uint32_t bytes = queue_.take(burst, kBusTurnBytes - kEndBytes);
  uint8_t end[kBusControl];
  write_bus_control({BusControl::kEnd, station_, turn}, end);
  bytes += hdlc_encode(end, kBusControl, burst + bytes);
  while (now < silent_until) now = now_us(this);
  // Something else may have taken the processor in the meantime.
  if (now - reader_.came_after_us() > timing_.begin_us) {
    ++missed_;
    return;  // the datagrams are lost, which links are used to
  }
  write_all(burst, bytes);
}

void BusStation::write_all(const uint8_t* burst, uint32_t bytes) {
  if (port_.drive) port_.drive(port_.user, true);
  const uint64_t until = now_us(this) + timing_.turn_us;
  // A line that stands still does not keep the driver on.
  while (bytes != 0) {
    const uint32_t n = port_.write(port_.user, burst, bytes);
    if (n > bytes) break;
    burst += n;
    bytes -= n;
    if (bytes != 0 && now_us(this) >= until) break;
  }
  if (port_.drive) port_.drive(port_.user, false);
}

}  // namespace shoal
