// --as pico-sdk, esp-idf, zephyr, stm32cube: CMake as each of them wants it.
#include <cstdio>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/export/layouts.h"
#include "host/export/links.h"

namespace shoal {
namespace {

// Boot loader, partition table, NVS and calibration of the radio lie before
// the application, whose partition is mapped in pages of 64 KB.
constexpr int64_t kEspPage = 64 << 10;
constexpr int64_t kEspApplicationAt = kEspPage;
// Runtime, IDF and drivers; Wi-Fi with lwIP besides.
constexpr int64_t kEspCode = 512 << 10, kEspWifi = 1 << 20;

// The runtime and the application into their folders; the values of templates
// with the application's sources, as seen from `seen_from`.
TemplateValues add_sources(const Exported& e, const std::string& library,
                           const std::string& app, const char* main,
                           const std::string& seen_from, Project& to) {
  add_library(e, library, false, to);
  TemplateValues v = common_values(e);
  v["SOURCES"] = cmake_list(
      add_application(e, ProgramForm::kIncbin, app, main, "main.cpp", to),
      seen_from.size());
  add_platform_values(e, v);
  return v;
}

}  // namespace

void lay_out_pico_sdk(const Exported& e, Project& to) {
  TemplateValues v = add_sources(e, "shoal/", "app/", "main_pico.cpp", "", to);
  v["PICO_BOARD"] = e.facts.fact("pico-sdk", "board");
  v["CORES_LIBRARY"] = "";
  const bool slots = e.application.slot_bytes > 0;
  if (e.needs.two_cores) v["CORES_LIBRARY"] = " pico_multicore";
  if (slots) v["CORES_LIBRARY"] += " pico_flash";
  to.add("CMakeLists.txt", filled("pico-sdk/CMakeLists.txt", v));
  add_texts(e, "pico_sdk", to);
}

EspPartitions esp_partitions(const Application& a) {
  const bool wifi = a.listen || (a.member && a.member->radio);
  const int64_t least =
      a.image_bytes() + kEspCode + (wifi ? kEspWifi : int64_t{0});
  EspPartitions p;
  p.app_bytes = (least + kEspPage - 1) / kEspPage * kEspPage;
  p.flash_bytes = int64_t{4} << 20;
  while (p.flash_bytes < kEspApplicationAt + p.app_bytes + a.slot_bytes) {
    p.flash_bytes *= 2;
  }
  if (a.board.flash_bytes > 0 && p.flash_bytes > a.board.flash_bytes) {
    throw Error(
        Exit::kUnsupported,
        "--as esp-idf: the application's partition takes " +
            format_bytes(p.app_bytes) + ", " + format_bytes(a.image_bytes()) +
            " of them the program" + (a.networks.size() > 1 ? "s" : "") +
            ", and board " + a.board.name + " has " +
            format_bytes(a.board.flash_bytes) + " of flash",
        "a smaller network, or a board with " + format_bytes(p.flash_bytes));
  }
  return p;
}

void lay_out_esp_idf(const Exported& e, Project& to) {
  TemplateValues v = add_sources(e, "components/shoal/", "main/",
                                 "main_esp_idf.cpp", "main/", to);
  v["TARGET"] = e.facts.fact("esp-idf", "target");
  const EspPartitions p = esp_partitions(e.application);
  char app[24];
  std::snprintf(app, sizeof app, "0x%llX",
                static_cast<unsigned long long>(p.app_bytes));
  v["APP_BYTES"] = app;
  v["FLASH_MB"] = std::to_string(p.flash_bytes >> 20);
  v["SLOTS_PARTITION"] = "";
  if (const int64_t bytes = e.application.slot_bytes; bytes > 0) {
    v["SLOTS_PARTITION"] =
        "slots, data, undefined, , " + std::to_string(bytes) + "\n";
    v["REQUIRES_IDF_MAIN"] += " esp_partition";
  }
  to.add("partitions.csv", filled("esp-idf/partitions.csv", v));
  to.add("CMakeLists.txt", filled("esp-idf/CMakeLists.txt", v));
  to.add("main/CMakeLists.txt", filled("esp-idf/main.cmake", v));
  to.add("sdkconfig.defaults", filled("esp-idf/sdkconfig.defaults", v));
  add_texts(e, "esp_idf", to);
}

void lay_out_zephyr(const Exported& e, Project& to) {
  TemplateValues v =
      add_sources(e, "shoal/", "src/", "main_zephyr.cpp", "", to);
  v["ZEPHYR_BOARD"] = e.facts.fact("zephyr", "board");
  if (e.application.slot_bytes > 0) {
    v["ZEPHYR_CONF"] +=
        "CONFIG_FLASH=y\nCONFIG_FLASH_MAP=y\nCONFIG_MPU_ALLOW_FLASH_WRITE=y\n";
  }
  to.add("CMakeLists.txt", filled("zephyr/CMakeLists.txt", v));
  to.add("prj.conf", filled("zephyr/prj.conf", v));
  to.add("sample.yaml", filled("zephyr/sample.yaml", v));
  add_texts(e, "zephyr", to);
}

void lay_out_stm32cube(const Exported& e, Project& to) {
  const TemplateValues v =
      add_sources(e, "shoal/", "app/", "main_stm32.cpp", "", to);
  to.add("CMakeLists.txt", filled("stm32cube/CMakeLists.txt", v));
  add_texts(e, "stm32cube", to);
}

}  // namespace shoal
