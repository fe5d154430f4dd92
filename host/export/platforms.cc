#include "host/export/platforms.h"

#include "host/base/error.h"
#include "host/export/board_files.h"

namespace shoal {
namespace {

constexpr Platform kPlatforms[] = {
    {"host", "udp_sockets", true, ""},
    {"bare", "lwip_udp", true, ""},
    {"emulated", "", false,
     "an emulated board has no source of entropy, without which a key protects "
     "nothing"},
    {"esp_idf", "udp_sockets", true, ""},
    {"zephyr", "udp_sockets", true, ""},
    {"pico", "lwip_udp", true, ""},
    {"stm32", "lwip_udp", true, ""},
    {"arduino", "", false,
     "Arduino's core for this board brings no Mbed TLS or BearSSL for "
     "encryption"},
};

}  // namespace

std::string platform_name(const std::string& ecosystem, const Board& board,
                          const BoardFacts& facts) {
  if (ecosystem == "c" || ecosystem == "cmake") return kind_of(board);
  if (ecosystem == "pico-sdk") return "pico";
  if (ecosystem == "esp-idf") return "esp_idf";
  if (ecosystem == "stm32cube") return "stm32";
  if (ecosystem == "zephyr") return "zephyr";
  const bool idf = facts.fact(ecosystem, "framework") == "espidf";
  return idf ? "esp_idf" : "arduino";
}

const Platform& platform_of(const std::string& ecosystem, const Board& board,
                            const BoardFacts& facts) {
  const std::string name = platform_name(ecosystem, board, facts);
  for (const Platform& p : kPlatforms) {
    if (name == p.name) return p;
  }
  throw Error(Exit::kInternal, name + " is no platform of exports");
}

// A board of Zephyr's has Wi-Fi only with drivers that come from elsewhere.
std::string network_of(const std::string& ecosystem, const BoardFacts& facts) {
  const auto words = facts.ecosystems.find(ecosystem);
  if (words != facts.ecosystems.end() && words->second.contains("network")) {
    return words->second.at("network");
  }
  return ecosystem == "zephyr" && facts.network == "wifi" ? "" : facts.network;
}

}  // namespace shoal
