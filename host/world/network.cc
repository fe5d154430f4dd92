#include "host/world/network.h"

#include <algorithm>

#include "host/base/rounded.h"
#include "host/base/split_mix.h"

namespace shoal {

Network::Network(const NetworkOptions& options, EventQueue& events)
    : options_(options), events_(events), state_(options.seed) {}

uint32_t Network::add(const LinkModel& link) {
  ends_.emplace_back();
  ends_.back().link = link;
  return endpoints() - 1;
}

Nanos Network::airtime(const LinkModel& link, size_t bytes) {
  if (link.bits_per_s <= 0) return 0;
  const double bits = 8.0 * static_cast<double>(bytes + link.framing_bytes);
  return rounded(bits / link.bits_per_s * 1e9);
}

uint64_t Network::random() { return split_mix64(state_); }

bool Network::chance(double p) {
  return p > 0 && static_cast<double>(random() >> 11) * 0x1p-53 < p;
}

uint32_t Network::copy(const uint8_t* bytes, uint32_t count) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(pool_.size()));
    pool_.push_back(std::make_unique<Datagram>());
    pool_.back()->number = free_.back();
  }
  const uint32_t number = free_.back();
  free_.pop_back();
  pool_[number]->bytes.assign(bytes, bytes + count);
  return number;
}

void Network::drop(uint32_t datagram) { free_.push_back(datagram); }

bool Network::send(uint32_t from, uint64_t to, const uint8_t* bytes,
                   uint32_t count, Nanos now) {
  End& end = ends_[from];
  if (end.off) return true;
  if (end.leaving >= end.link.send_queue) {
    end.blocked = true;
    return false;
  }
  ++end.traffic.sent;
  end.traffic.sent_bytes += count;
  if (to == 0 || to > ends_.size()) return true;  // to nobody
  const uint32_t number = copy(bytes, count);
  Datagram& d = *pool_[number];
  d.from = from;
  d.to = static_cast<uint32_t>(to - 1);
  d.serial = serial_++;
  d.asked = now;
  if (options_.medium == Medium::kRadio) {
    ++end.leaving;
    events_.push(now, EventKind::kTransmit, from, number);
    return true;
  }
  const Nanos air = airtime(end.link, count);
  end.up_free = std::max(end.up_free, now) + air;
  end.traffic.up_busy += air;
  d.left = end.up_free;
  if (air == 0) {
    travel(number);
    return true;
  }
  ++end.leaving;
  events_.push(d.left, EventKind::kSent, from, number);
  return true;
}

Nanos Network::delay(const Datagram& d) {
  Nanos sum = std::max(ends_[d.from].link.latency, ends_[d.to].link.latency);
  if (options_.jitter > 0) {
    sum += static_cast<Nanos>(random() %
                              (static_cast<uint64_t>(options_.jitter) + 1));
  }
  if (options_.reorder_delay > 0 && chance(options_.reorder)) {
    ++ends_[d.from].traffic.reordered;
    sum += static_cast<Nanos>(
        random() % (static_cast<uint64_t>(options_.reorder_delay) + 1));
  }
  return sum;
}

// From the wire of the sender on.
void Network::travel(uint32_t number) {
  const Datagram& d = *pool_[number];
  EndpointTraffic& traffic = ends_[d.from].traffic;
  const EventKind next = options_.medium == Medium::kRadio
                             ? EventKind::kArrive
                             : EventKind::kForward;
  if (chance(options_.duplicate)) {
    const uint32_t twin =
        copy(d.bytes.data(), static_cast<uint32_t>(d.bytes.size()));
    Datagram& other = *pool_[twin];
    other.from = d.from, other.to = d.to, other.serial = d.serial;
    other.asked = d.asked, other.left = d.left;
    ++traffic.duplicated;
    events_.push(other.left + delay(other), next, other.to, twin);
  }
  if (chance(options_.loss) || is_cut(d.from, d.to)) {
    ++traffic.lost;
    drop(number);
    return;
  }
  events_.push(d.left + delay(d), next, d.to, number);
}

uint32_t Network::forward(uint32_t number, Nanos now) {
  const Datagram& d = *pool_[number];
  End& end = ends_[d.to];
  const auto bytes = static_cast<uint32_t>(d.bytes.size());
  if (end.port_bytes + bytes > options_.port_bytes) {
    ++end.traffic.port_drops;
    drop(number);
    return kNobody;
  }
  end.port_bytes += bytes;
  const Nanos air = airtime(end.link, bytes);
  if (air == 0) return arrive(number, now);
  end.down_free = std::max(end.down_free, now) + air;
  end.traffic.down_busy += air;
  events_.push(end.down_free, EventKind::kArrive, d.to, number);
  return kNobody;
}

uint32_t Network::arrive(uint32_t number, Nanos now) {
  Datagram& d = *pool_[number];
  End& end = ends_[d.to];
  const auto bytes = static_cast<uint32_t>(d.bytes.size());
  if (options_.medium == Medium::kSwitch) end.port_bytes -= bytes;
  if (end.off || end.arrived.size() >= end.link.receive_queue) {
    end.traffic.queue_drops += !end.off;
    drop(number);
    return kNobody;
  }
  d.arrived = now;
  ++end.traffic.received;
  end.traffic.received_bytes += bytes;
  end.arrived.push_back(number);
  return d.to;
}

uint32_t Network::handle(const Event& e) {
  const auto number = static_cast<uint32_t>(e.what);
  switch (e.kind) {
    case EventKind::kTransmit: {
      Datagram& d = *pool_[number];
      End& end = ends_[d.from];
      const Nanos air = airtime(end.link, d.bytes.size());
      channel_free_ = std::max(channel_free_, e.at) + air;
      end.traffic.up_busy += air;
      ends_[d.to].traffic.down_busy += air;
      d.left = channel_free_;
      events_.push(d.left, EventKind::kSent, d.from, number);
      return kNobody;
    }
    case EventKind::kSent: {
      End& end = ends_[e.endpoint];
      --end.leaving;
      if (end.off) {
        drop(number);
        return kNobody;
      }
      travel(number);
      const bool was = end.blocked;
      end.blocked = false;
      return was ? e.endpoint : kNobody;
    }
    case EventKind::kForward:
      return forward(number, e.at);
    case EventKind::kArrive:
      return arrive(number, e.at);
    default:
      return kNobody;
  }
}

const Datagram* Network::take(uint32_t endpoint) {
  std::deque<uint32_t>& arrived = ends_[endpoint].arrived;
  if (arrived.empty()) return nullptr;
  const uint32_t number = arrived.front();
  arrived.pop_front();
  return pool_[number].get();
}

void Network::release(const Datagram* d) { drop(d->number); }

void Network::cut(uint32_t a, uint32_t b) { cuts_.insert(std::minmax(a, b)); }

void Network::mend(uint32_t a, uint32_t b) {
  const auto at = cuts_.find(std::minmax(a, b));
  if (at != cuts_.end()) cuts_.erase(at);
}

bool Network::is_cut(uint32_t a, uint32_t b) const {
  return !cuts_.empty() && cuts_.contains(std::minmax(a, b));
}

void Network::switch_off(uint32_t endpoint) {
  End& end = ends_[endpoint];
  end.off = true;
  for (const uint32_t number : end.arrived) drop(number);
  end.arrived.clear();
}

}  // namespace shoal
