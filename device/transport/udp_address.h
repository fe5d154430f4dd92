/// @file
/// Addresses of UDP over IPv4 as one number: ip << 16 | port. Both are in the
/// host's byte order: 127.0.0.1 is 0x7F000001.
#pragma once

#include <cstdint>

#include "device/port/payload.h"

namespace shoal {

/// Makes an address.
constexpr uint64_t udp_address(uint32_t ip, uint16_t port) {
  return static_cast<uint64_t>(ip) << 16 | port;
}
/// Returns the IPv4 address.
constexpr uint32_t udp_ip(uint64_t address) {
  return static_cast<uint32_t>(address >> 16);
}
/// Returns the port.
constexpr uint16_t udp_port(uint64_t address) {
  return static_cast<uint16_t>(address);
}

}  // namespace shoal
