/// @file
/// Sizes of datagrams, in bytes of payload.
#pragma once

#include <cstdint>

/// The runtime and its transports.
namespace shoal {

/// The least that every transport must carry.
inline constexpr uint32_t kLeastPayload = 96;
/// The most that a serial line carries.
inline constexpr uint32_t kSerialPayload = 128;
/// The most that a frame of ESP-NOW carries.
inline constexpr uint32_t kRadioPayload = 250;
/// The most that UDP carries in one Ethernet frame.
inline constexpr uint32_t kUdpPayload = 1472;

}  // namespace shoal
