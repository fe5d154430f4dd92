#include "host/export/links.h"

#include "device/port/payload.h"
#include "device/transport/udp_address.h"
#include "host/base/error.h"
#include "host/export/embedded.h"
#include "host/export/platforms.h"

namespace shoal {
namespace {

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
            "`.gitignore` names; DHCP has to give the board this address."};
  }
  if (e.application.board.name == "teensy41") {
    return {"QNEthernet.h", "qindesign::network::EthernetUDP",
            "node/arduino_qnethernet.cpp", "node/arduino_qnethernet.txt",
            "It takes the library\nQNEthernet."};
  }
  return {"STM32Ethernet.h", "EthernetUDP", "node/arduino_ethernet.cpp", "",
          "It takes the libraries\nSTM32duino STM32Ethernet and LwIP."};
}

bool has_radio(const Application& a) { return a.member && a.member->radio; }
bool has_shared_line(const Application& a) {
  return a.member && a.member->station;
}

// Returns the middle of the names of templates.
std::string link_name(const Application& a, const std::string& platform) {
  return a.listen             ? platform
         : has_shared_line(a) ? "bus"
         : has_radio(a)       ? "esp_now"
                              : "serial";
}

std::string network_template(const Application& a,
                             const std::string& platform) {
  return "node/network_" + link_name(a, platform) + ".cpp";
}

// The UART of a line that several nodes share.
std::string line_template(const std::string& platform) {
  return "node/line_" + platform + ".cpp";
}

bool has_template(const std::string& name) {
  return find_embedded("host/export/templates/" + name) != nullptr;
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

// The files of the SDK's own settings, in `folder`.
void add_settings(const Exported& e, const std::string& platform,
                  const std::string& folder, Project& to) {
  const Application& a = e.application;
  if (platform == "esp_idf" && (a.listen || has_shared_line(a))) {
    to.add(folder + "Kconfig.projbuild",
           filled(has_shared_line(a) ? "node/kconfig_line.projbuild"
                                     : "node/kconfig.projbuild",
                  {}));
  }
  if (platform == "pico" && a.listen) {
    to.add(folder + "lwipopts.h", filled("node/lwipopts.h", {}));
  }
}

}  // namespace

void check_link(const std::string& ecosystem, const Application& a,
                const BoardFacts& facts, const std::string& who,
                const std::string& fix) {
  const std::string platform = platform_name(ecosystem, a.board, facts);
  if (has_radio(a) && !a.board.name.starts_with("esp32")) {
    throw Error(Exit::kUnsupported,
                who + "board " + a.board.name + " has no ESP-NOW",
                "a board with an ESP32, or another address");
  }
  if ((a.listen || has_radio(a)) && platform != "host" &&
      network_of(ecosystem, facts).empty()) {
    throw Error(Exit::kUnsupported,
                who + "board " + a.board.name + " has no network that --as " +
                    ecosystem + " knows of",
                fix);
  }
  if (!has_template(network_template(a, platform))) {
    throw Error(
        Exit::kUnsupported,
        who + "--as " + ecosystem + " has no network for board " + a.board.name,
        fix);
  }
  if (has_shared_line(a) && !has_template(line_template(platform))) {
    throw Error(Exit::kUnsupported,
                who + "--as " + ecosystem +
                    " has no line that several nodes share for board " +
                    a.board.name,
                "--as c or cmake, with four functions of yours");
  }
}

std::string link_transport(const std::string& ecosystem, const Application& a,
                           const BoardFacts& facts) {
  return a.listen             ? platform_of(ecosystem, a.board, facts).udp
         : has_shared_line(a) ? "bus_station"
         : has_radio(a)       ? "mac_frames"
                              : "serial_line";
}

std::vector<std::string> add_link(const Exported& e, const std::string& folder,
                                  Project& to) {
  const Application& a = e.application;
  const std::string platform = platform_name(e.ecosystem, a.board, e.facts);
  TemplateValues v = common_values(e);
  std::vector<std::string> sources;
  const auto add = [&](const std::string& file, const std::string& from) {
    to.add(folder + file, filled(from, v));
    if (file.ends_with(".cpp")) sources.push_back(folder + file);
  };
  if (a.listen && platform == "arduino") {
    const ArduinoNetwork n = arduino_network(e);
    v["NETWORK_HEADER"] = n.header;
    v["NETWORK_CLASS"] = n.udp;
    v["NETWORK_START"] = filled(n.start, {});
    v["NETWORK_MORE"] = *n.more ? filled(n.more, {}) : "";
  }
  add("shoal_network.h", "node/shoal_network.h");
  add("shoal_network.cpp", network_template(a, platform));
  if (has_shared_line(a)) {
    add("shoal_line.h", "node/shoal_line.h");
    add("shoal_line.cpp", line_template(platform));
  }
  add_settings(e, platform, folder, to);
  return sources;
}

void add_platform_values(const Exported& e, TemplateValues& v) {
  for (const char* key :
       {"REQUIRES_IDF", "REQUIRES_IDF_MAIN", "LIBRARIES_CMAKE",
        "LIBRARIES_PICO", "LIBRARIES_ZEPHYR", "LIBRARIES_ZEPHYR_APP",
        "PICO_DEFINITIONS", "ZEPHYR_CONF", "ESP_CONFIG", "NETWORK_LIBRARIES"}) {
    v[key] = "";
  }
  const Application& a = e.application;
  const bool key = e.needs.ciphers, udp = a.listen.has_value();
  if (!a.member && !key && !udp) return;
  // A node waits for no longer than a turn may begin late.
  if (has_radio(a) || has_shared_line(a)) {
    v["ESP_CONFIG"] = "CONFIG_FREERTOS_HZ=1000\n";
  }
  const std::string platform = platform_name(e.ecosystem, a.board, e.facts);
  if (udp || key) {
    v["REQUIRES_IDF"] = std::string(" REQUIRES") + (udp ? " lwip" : "") +
                        (key ? " mbedtls" : "");
  }
  if (udp || has_radio(a))
    v["REQUIRES_IDF_MAIN"] = " esp_wifi esp_netif esp_event nvs_flash";
  const bool draws = key && a.member;
  v["LIBRARIES_PICO"] = std::string(udp ? " pico_cyw43_arch_lwip_poll" : "") +
                        (key ? " pico_mbedtls" : "") +
                        (draws ? " pico_rand" : "");
  if (udp) {
    v["PICO_DEFINITIONS"] =
        "\n  WIFI_SSID=\"${WIFI_SSID}\" "
        "WIFI_PASSWORD=\"${WIFI_PASSWORD}\"";
    TemplateValues conf = {{"IP", ip_text(*a.listen)}};
    v["ZEPHYR_CONF"] += filled("node/zephyr_udp.conf", conf);
    if (!draws) v["ZEPHYR_CONF"] += filled("node/zephyr_insecure.conf", {});
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
  } else if (platform == "emulated" && key) {
    v["LIBRARIES_CMAKE"] = filled("cmake/mbedtls.cmake", {});
  } else if (platform == "bare") {
    v["LIBRARIES_CMAKE"] =
        "  target_include_directories(shoal PUBLIC ${LWIP} ${MBEDTLS})\n";
  }
}

std::string listen_text(uint64_t address) {
  return ip_text(address) + ":" + std::to_string(udp_port(address));
}

void add_link_values(const Application& a, TemplateValues& v) {
  const uint32_t payload = a.listen       ? kUdpPayload
                           : has_radio(a) ? kRadioPayload
                                          : kSerialPayload;
  std::string lines = "#define SHOAL_PAYLOAD " + std::to_string(payload) +
                      "  // bytes of a datagram\n";
  if (a.listen) {
    lines += "#define SHOAL_LISTEN_IP " + std::to_string(udp_ip(*a.listen)) +
             "u  // " + ip_text(*a.listen) + "\n#define SHOAL_LISTEN_PORT " +
             std::to_string(udp_port(*a.listen)) + "\n";
  }
  v["LISTEN"] = lines;
}

std::string link_text(const Exported& e, const std::string& key) {
  const Application& a = e.application;
  const std::string platform = platform_name(e.ecosystem, a.board, e.facts);
  TemplateValues v = common_values(e);
  v["KEY_README"] = key;
  const bool has_key = a.member && !a.member->insecure;
  v["KEY_NEEDS"] = has_key ? "It needs libmbedtls-dev. " : "";
  if (a.listen) {
    v["IP"] = ip_text(*a.listen);
    v["PORT"] = std::to_string(udp_port(*a.listen));
    if (platform == "arduino") v["NETWORK_README"] = arduino_network(e).readme;
  }
  v["LINE_README"] = line_readme(platform);
  return filled("node/readme_" + link_name(a, platform) + ".md", v);
}

}  // namespace shoal
