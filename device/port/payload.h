// How many bytes a datagram may carry, whatever is in it.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kLeastPayload = 96;    // of any transport
inline constexpr uint32_t kSerialPayload = 128;  // of a serial line
inline constexpr uint32_t kUdpPayload = 1472;    // of an Ethernet frame

}  // namespace shoal
