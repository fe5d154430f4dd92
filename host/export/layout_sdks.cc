// --as pico-sdk, esp-idf, zephyr, stm32cube: CMake as each of them wants it.
#include "host/export/layouts.h"
#include "host/export/members.h"

namespace shoal {
namespace {

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
  v["PICO_BOARD"] = fact_of(e, "pico-sdk", "board");
  to.add("CMakeLists.txt", filled("pico-sdk/CMakeLists.txt", v));
  add_texts(e, "pico_sdk", to);
}

void lay_out_esp_idf(const Exported& e, Project& to) {
  TemplateValues v = add_sources(e, "components/shoal/", "main/",
                                 "main_esp_idf.cpp", "main/", to);
  v["TARGET"] = fact_of(e, "esp-idf", "target");
  to.add("CMakeLists.txt", filled("esp-idf/CMakeLists.txt", v));
  to.add("main/CMakeLists.txt", filled("esp-idf/main.cmake", v));
  to.add("sdkconfig.defaults", filled("esp-idf/sdkconfig.defaults", v));
  add_texts(e, "esp_idf", to);
}

void lay_out_zephyr(const Exported& e, Project& to) {
  TemplateValues v =
      add_sources(e, "shoal/", "src/", "main_zephyr.cpp", "", to);
  v["ZEPHYR_BOARD"] = fact_of(e, "zephyr", "board");
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
