// The platforms of exports: which network and which keys each of them has.
#pragma once

#include <string>

#include "host/board/board.h"
#include "host/export/board_facts.h"

namespace shoal {

// Returns the main program of an ecosystem for a board: "main_NAME.cpp", with
// "network_NAME.cpp" and "entropy_NAME.cpp".
std::string platform_name(const std::string& ecosystem, const Board&,
                          const BoardFacts&);

struct Platform {
  const char* name;
  // File of device/transport that carries UDP; empty: none does.
  const char* udp;
  bool has_ciphers;  // entropy, and Mbed TLS
  const char* lacks;
};
const Platform& platform_of(const std::string& ecosystem, const Board&,
                            const BoardFacts&);

// Returns "ethernet" or "wifi"; empty: the ecosystem knows of no network.
std::string network_of(const std::string& ecosystem, const BoardFacts&);

}  // namespace shoal
