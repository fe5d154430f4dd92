// The difference of counts since a moment: what was counted now less what was
// counted then.
#pragma once

#include <array>
#include <cstring>

#include "device/shoal.h"
#include "host/engine/virtual/virtual_storage.h"
#include "host/world/world.h"

namespace shoal {

inline PortTimes since(const PortTimes& now, const PortTimes& start) {
  return {now.slices - start.slices, now.receiving - start.receiving,
          now.sending - start.sending, now.other - start.other};
}

inline EndpointTraffic since(EndpointTraffic t, const EndpointTraffic& start) {
  t.sent -= start.sent, t.received -= start.received;
  t.sent_bytes -= start.sent_bytes, t.received_bytes -= start.received_bytes;
  t.lost -= start.lost, t.duplicated -= start.duplicated;
  t.reordered -= start.reordered;
  t.port_drops -= start.port_drops, t.queue_drops -= start.queue_drops;
  t.up_busy -= start.up_busy, t.down_busy -= start.down_busy;
  return t;
}

inline StorageCounters since(StorageCounters c, const StorageCounters& start) {
  c.reads -= start.reads, c.writes -= start.writes;
  c.erasures -= start.erasures;
  c.read_bytes -= start.read_bytes, c.written_bytes -= start.written_bytes;
  c.busy -= start.busy;
  return c;
}

inline shoal_link_counters since(const shoal_link_counters& now,
                                 const shoal_link_counters& start) {
  // Nothing but counts of 64 bits.
  std::array<uint64_t, sizeof now / 8> a, b;
  std::memcpy(a.data(), &now, sizeof now);
  std::memcpy(b.data(), &start, sizeof start);
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  shoal_link_counters out;
  std::memcpy(&out, a.data(), sizeof out);
  return out;
}

}  // namespace shoal
