// Keys between two nodes over time. When one has sealed its number of
// datagrams, or is a day old, its sender goes on with the next one, HMAC-SHA256
// (key, "shoal next"), and says so by a bit in the head that changes with each
// key; the receiver follows when a datagram opens with it. What comes under an
// older key then is dropped, and sent again. Packet numbers go on, so that none
// is used twice whatever becomes of keys.
//
// A sender takes no further key before it knows that the receiver has followed:
// until then its datagrams ask for an answer.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/shoal.h"

namespace shoal {

// Called when the link is opened.
void begin_phases(shoal_peer&, uint64_t now_us);
// Called before a datagram with this number is sent; returns flags of its head.
uint8_t send_phase(shoal_peer&, const shoal_link&, uint64_t number,
                   uint64_t now_us);
// The peer has acknowledged the datagram with this number.
void confirm_phase(shoal_peer&, uint64_t number);
// Opens a datagram with the key that its head names. kBadTag: it is not
// genuine; kStale: of a key that is over.
Status open_phase(shoal_peer&, const shoal_cipher&, uint8_t flags,
                  uint64_t number, uint8_t* datagram, uint8_t* items,
                  uint32_t bytes);

}  // namespace shoal
