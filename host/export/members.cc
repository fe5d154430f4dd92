#include "host/export/members.h"

#include <algorithm>
#include <cstdio>

#include "device/port/payload.h"
#include "device/transport/udp_address.h"
#include "host/base/error.h"
#include "host/export/board_files.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

struct Platform {
  const char* name;
  // File of device/transport that carries UDP; empty: none does.
  const char* udp;
  bool has_ciphers;  // entropy, and Mbed TLS
  const char* lacks;
};
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

// A library of Arduino's core that has the cipher, and the platform whose
// random numbers the core has.
struct ArduinoCiphers {
  const char* library;
  const char* entropy;
};
constexpr ArduinoCiphers kArduinoCiphers[] = {{"bearssl", "pico"},
                                              {"mbedtls", "esp_idf"}};

const ArduinoCiphers* arduino_ciphers(const std::string& ecosystem,
                                      const Platform& p,
                                      const BoardFacts& facts) {
  if (std::string_view(p.name) != "arduino") return nullptr;
  const std::string library = facts.fact(ecosystem, "ciphers");
  const auto* const found = std::ranges::find_if(
      kArduinoCiphers,
      [&](const ArduinoCiphers& c) { return library == c.library; });
  return found == std::end(kArduinoCiphers) ? nullptr : found;
}

std::string ip_text(uint64_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += (text.empty() ? "" : ".") +
            std::to_string(udp_ip(address) >> shift & 0xFF);
  }
  return text;
}

// The library that gives Arduino its network, of which there are several.
struct ArduinoNetwork {
  const char* header;
  const char* udp;
  const char* start;  // template
  const char* more;   // behind the includes
  const char* readme;
};
ArduinoNetwork arduino_network(const Exported& e) {
  if (network_of(e.ecosystem, e.facts) == "wifi") {
    return {"WiFi.h", "WiFiUDP", "node/arduino_wifi.cpp",
            "node/arduino_secrets.txt",
            "Beside the sketch write\n`arduino_secrets.h` with `#define "
            "SECRET_SSID \"...\"` and `#define SECRET_PASS\n\"...\"`, which "
            "`.gitignore` names; DHCP has to give the node this address."};
  }
  if (e.application.board.name == "teensy41") {
    return {"QNEthernet.h", "qindesign::network::EthernetUDP",
            "node/arduino_qnethernet.cpp", "node/arduino_qnethernet.txt",
            "It takes the library\nQNEthernet."};
  }
  return {"STM32Ethernet.h", "EthernetUDP", "node/arduino_ethernet.cpp", "",
          "It takes the libraries\nSTM32duino STM32Ethernet and LwIP."};
}

std::string byte_list(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02x", static_cast<unsigned>(bytes[i]));
    text += (i % 12 ? ", " : i ? ",\n    " : "\n    ") + std::string(byte);
  }
  return text;
}

std::string network_template(const Application& a, const Platform& p) {
  const std::string name = a.member->station  ? "bus"
                           : a.member->serial ? "serial"
                           : a.member->radio  ? "esp_now"
                                              : p.name;
  return "node/network_" + name + ".cpp";
}

// The UART of a line that several nodes share.
std::string line_template(const Platform& p) {
  return "node/line_" + std::string(p.name) + ".cpp";
}

// Says which UART and pins a platform's line has.
const char* line_readme(const std::string& platform) {
  if (platform == "host") {
    return "`SHOAL_LINE=/dev/ttyUSB0` names its device when the node starts; "
           "the adapter\nturns its driver on and off by itself.\n";
  }
  if (platform == "arduino") {
    return "It is `Serial1`; `SHOAL_DRIVE_PIN` (2) turns the transceiver's "
           "driver on. Give\n`Serial1` a receive buffer of 512 B or more "
           "where the core has a setting for that.\n";
  }
  if (platform == "esp_idf") {
    return "It is UART 1, whose pins `idf.py menuconfig`, Shoal, takes; its "
           "RTS "
           "turns the\ntransceiver's driver on.\n";
  }
  return "Write `board_line_start()`, `_write()`, `_read()` and `_drive()`, "
         "which\n`shoal_line.cpp` declares; received bytes come by interrupt "
         "or "
         "DMA.\n";
}

// Beside the application in `folder`.
void add_platform_files(const Exported& e, const std::string& folder,
                        Project& to) {
  const Application& a = e.application;
  if (!a.member) return;
  const std::string platform = platform_of(e.ecosystem, a.board, e.facts).name;
  if (platform == "esp_idf" && !a.member->radio &&
      (!a.member->serial || a.member->station)) {
    to.add(folder + "Kconfig.projbuild",
           filled(a.member->station ? "node/kconfig_line.projbuild"
                                    : "node/kconfig.projbuild",
                  {}));
  }
  if (platform != "pico") return;
  if (!a.member->serial) {
    to.add(folder + "lwipopts.h", filled("node/lwipopts.h", {}));
  }
  if (!a.member->insecure) {
    to.add(folder + "mbedtls_config.h", filled("node/mbedtls_config.h", {}));
  }
}

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

void check_member(const std::string& ecosystem, const Application& a,
                  const BoardFacts& facts) {
  const Platform& p = platform_of(ecosystem, a.board, facts);
  const std::string node = "node " + a.member->name + ": ";
  const bool is_bare = std::string_view(p.name) != "host";
  if (a.member->radio && !a.board.name.starts_with("esp32")) {
    throw Error(Exit::kUnsupported,
                node + "board " + a.board.name + " has no ESP-NOW",
                "a board with an ESP32, or another address");
  }
  if (!a.member->serial) {
    const std::string fix =
        "address = \"serial:DEVICE\" in the cluster file, "
        "for a cluster of this node alone";
    if (is_bare && network_of(ecosystem, facts).empty()) {
      throw Error(Exit::kUnsupported,
                  node + "board " + a.board.name +
                      " has no network that --as " + ecosystem + " knows of",
                  fix);
    }
    if (!find_embedded("host/export/templates/" + network_template(a, p))) {
      throw Error(Exit::kUnsupported,
                  node + "--as " + ecosystem + " has no network for board " +
                      a.board.name,
                  fix);
    }
  }
  if (a.member->station &&
      !find_embedded("host/export/templates/" + line_template(p))) {
    throw Error(Exit::kUnsupported,
                node + "--as " + ecosystem +
                    " has no line that several nodes share for board " +
                    a.board.name,
                "--as c or cmake, with four functions of yours");
  }
  if (a.member->insecure) return;
  const bool no_entropy = facts.fact(ecosystem, "entropy") == "none";
  const bool has_ciphers =
      p.has_ciphers || arduino_ciphers(ecosystem, p, facts);
  if (!has_ciphers || no_entropy) {
    throw Error(
        Exit::kUnsupported,
        node + (no_entropy ? "board " + a.board.name +
                                 " has no source of entropy, without which a "
                                 "key protects nothing"
                           : p.lacks),
        "add --insecure, on a line or network that nobody else reaches");
  }
}

void set_member_needs(const std::string& ecosystem, const Application& a,
                      const BoardFacts& facts, Needs& needs) {
  const Platform& p = platform_of(ecosystem, a.board, facts);
  needs.transport = a.member->station  ? "bus_station"
                    : a.member->serial ? "serial_line"
                    : a.member->radio  ? "mac_frames"
                                       : p.udp;
  needs.is_member = true;
  needs.ciphers = !a.member->insecure;
  const ArduinoCiphers* const own = arduino_ciphers(ecosystem, p, facts);
  needs.bearssl =
      needs.ciphers && own && std::string_view(own->library) == "bearssl";
}

std::vector<std::string> add_member(const Exported& e,
                                    const std::string& folder, Project& to) {
  const Application& a = e.application;
  const Platform& p = platform_of(e.ecosystem, a.board, e.facts);
  TemplateValues v = common_values(e);
  std::vector<std::string> sources;
  const auto add = [&](const std::string& file, const std::string& from) {
    to.add(folder + file, filled(from, v));
    if (file.ends_with(".cpp")) sources.push_back(folder + file);
  };
  add("shoal_app.h", "node/shoal_app.h");
  add("shoal_port.h", "app/shoal_port.h");
  add("shoal_network.h", "node/shoal_network.h");
  add("shoal_node.cpp", "node/shoal_node.cpp");
  if (!a.member->serial && !a.member->radio &&
      std::string_view(p.name) == "arduino") {
    const ArduinoNetwork n = arduino_network(e);
    v["NETWORK_HEADER"] = n.header;
    v["NETWORK_CLASS"] = n.udp;
    v["NETWORK_START"] = filled(n.start, {});
    v["NETWORK_MORE"] = *n.more ? filled(n.more, {}) : "";
  }
  add("shoal_network.cpp", network_template(a, p));
  if (a.member->station) {
    add("shoal_line.h", "node/shoal_line.h");
    add("shoal_line.cpp", line_template(p));
  }
  add_platform_files(e, folder, to);
  if (a.member->insecure) return sources;
  const ArduinoCiphers* const own = arduino_ciphers(e.ecosystem, p, e.facts);
  add("shoal_entropy.cpp",
      "node/entropy_" + std::string(own ? own->entropy : p.name) + ".cpp");
  v["KEY"] = byte_list(a.member->key);
  to.add_secret(folder + "shoal_key.h", filled("node/shoal_key.h.in", v));
  return sources;
}

void add_slot_key(const Exported& e, const std::string& folder, Project& to) {
  const Application& a = e.application;
  const std::string platform = platform_of(e.ecosystem, a.board, e.facts).name;
  to.add_secret(
      folder + "shoal_key.h",
      filled("app/shoal_key.h.in", {{"KEY", byte_list(*a.slot_key)}}));
  // The SDK's, and that of an emulated board, are compiled with the project.
  if (platform == "pico" || platform == "emulated") {
    to.add(folder + "mbedtls_config.h", filled("node/mbedtls_config.h", {}));
  }
}

void add_platform_values(const Exported& e, TemplateValues& v) {
  for (const char* key :
       {"REQUIRES_IDF", "REQUIRES_IDF_MAIN", "LIBRARIES_CMAKE",
        "LIBRARIES_PICO", "LIBRARIES_ZEPHYR", "LIBRARIES_ZEPHYR_APP",
        "PICO_DEFINITIONS", "ZEPHYR_CONF", "ESP_CONFIG", "NETWORK_LIBRARIES"}) {
    v[key] = "";
  }
  const Application& a = e.application;
  const bool key = e.needs.ciphers;
  if (!a.member && !key) return;
  const bool radio = a.member && a.member->radio;
  const bool udp = a.member && !a.member->serial && !radio;
  // A node waits for no longer than a turn may begin late.
  if (radio || (a.member && a.member->station)) {
    v["ESP_CONFIG"] = "CONFIG_FREERTOS_HZ=1000\n";
  }
  const std::string platform = platform_of(e.ecosystem, a.board, e.facts).name;
  if (udp || key) {
    v["REQUIRES_IDF"] = std::string(" REQUIRES") + (udp ? " lwip" : "") +
                        (key ? " mbedtls" : "");
  }
  if (udp || radio)
    v["REQUIRES_IDF_MAIN"] = " esp_wifi esp_netif esp_event nvs_flash";
  v["LIBRARIES_PICO"] = std::string(udp ? " pico_cyw43_arch_lwip_poll" : "") +
                        (key ? " pico_mbedtls" : "") +
                        (key && a.member ? " pico_rand" : "");
  if (udp) {
    v["PICO_DEFINITIONS"] =
        "\n  WIFI_SSID=\"${WIFI_SSID}\" "
        "WIFI_PASSWORD=\"${WIFI_PASSWORD}\"";
    TemplateValues conf = {{"IP", ip_text(a.member->address)}};
    v["ZEPHYR_CONF"] += filled("node/zephyr_udp.conf", conf);
    if (!key) v["ZEPHYR_CONF"] += filled("node/zephyr_insecure.conf", {});
    const std::string board = e.facts.fact("zephyr", "network_conf");
    if (!board.empty()) v["ZEPHYR_CONF"] += board + "\n";
    v["NETWORK_LIBRARIES"] =
        e.facts.fact("platformio", "network_libraries") + "\n";
  }
  if (key) {
    v["ZEPHYR_CONF"] += a.member ? filled("node/zephyr_key.conf", {})
                                 : "CONFIG_SHOAL_CIPHERS=y\n";
    v["LIBRARIES_ZEPHYR"] = "  zephyr_library_link_libraries(mbedTLS)\n";
    v["LIBRARIES_ZEPHYR_APP"] = "target_link_libraries(app PRIVATE mbedTLS)\n";
  }
  const char* const linked = "  target_link_libraries(shoal PUBLIC ";
  if (platform == "host" && key) {
    v["LIBRARIES_CMAKE"] = std::string(linked) + "mbedcrypto)\n";
  } else if (platform == "stm32") {
    v["LIBRARIES_CMAKE"] = std::string(linked) + "stm32cubemx)\n";
  } else if (platform == "emulated") {
    v["LIBRARIES_CMAKE"] = filled("cmake/mbedtls.cmake", {});
  } else if (platform == "bare") {
    v["LIBRARIES_CMAKE"] =
        "  target_include_directories(shoal PUBLIC ${LWIP} ${MBEDTLS})\n";
  }
}

std::string member_text(const Exported& e) {
  const Application& a = e.application;
  const std::string platform = platform_of(e.ecosystem, a.board, e.facts).name;
  TemplateValues v = common_values(e);
  v["KEY_README"] =
      a.member->insecure ? "Without encryption: keep the network to yourself."
      : e.needs.bearssl
          ? "Encrypted by BearSSL, which Arduino's core for this board has."
          : "Encrypted by Mbed TLS, which Arduino's core for this board has.";
  if (platform == "arduino") v["NETWORK_README"] = arduino_network(e).readme;
  v["LINE_README"] = line_readme(platform);
  const std::string name = a.member->station  ? "bus"
                           : a.member->serial ? "serial"
                           : a.member->radio  ? "esp_now"
                                              : platform;
  std::string text = filled("node/readme_" + name + ".md", v);
  if (platform == "bare" && !a.member->insecure) {
    text += filled("node/readme_bare_key.md", v);
  }
  return text;
}

void add_member_values(const Application& a, TemplateValues& v) {
  const ClusterMember& m = *a.member;
  const std::string hash = sha256_hex(a.networks[0].image);
  std::vector<uint8_t> digest;
  for (size_t i = 0; i < hash.size(); i += 2) {
    digest.push_back(
        static_cast<uint8_t>(std::stoi(hash.substr(i, 2), nullptr, 16)));
  }
  v["PEERS"] = std::to_string(std::max<size_t>(m.peers, 1));
  v["PAYLOAD"] = std::to_string(m.serial  ? kSerialPayload
                                : m.radio ? kRadioPayload
                                          : kUdpPayload);
  v["LISTEN_IP"] = std::to_string(udp_ip(m.address)) + "u";
  v["LISTEN_PORT"] = std::to_string(udp_port(m.address));
  v["ENCRYPTED"] = m.insecure ? "0" : "1";
  v["IMAGE_HASH"] = byte_list(digest);
}

}  // namespace shoal
