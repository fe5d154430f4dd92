// Addresses of nodes that a computer reaches by ESP-NOW, through a board at the
// end of a serial line: espnow:DEVICE#24:6f:28:00:00:01.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace shoal {

inline constexpr const char* kRadioPrefix = "espnow:";
bool is_radio(const std::string& address);

struct RadioAddress {
  std::string device;
  uint64_t mac = 0;  // as device/transport/mac_frames.h has it
};
// Returns nothing for what is no such address of one board.
std::optional<RadioAddress> parse_radio(const std::string& address);

}  // namespace shoal
