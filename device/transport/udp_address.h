// Addresses of UDP over IPv4 as transports hand them about: ip << 16 | port,
// both as people write them.
#pragma once

#include <cstdint>

#include "device/port/payload.h"

namespace shoal {

constexpr uint64_t udp_address(uint32_t ip, uint16_t port) {
  return static_cast<uint64_t>(ip) << 16 | port;
}
constexpr uint32_t udp_ip(uint64_t address) {
  return static_cast<uint32_t>(address >> 16);
}
constexpr uint16_t udp_port(uint64_t address) {
  return static_cast<uint16_t>(address);
}

}  // namespace shoal
