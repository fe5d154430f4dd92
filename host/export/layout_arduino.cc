// --as arduino: a sketch, and the library Shoal as a .zip that the IDE takes.
// The library is the same in all exports of one version of shoal, so that two
// of them can live side by side. --as platformio: the same as a project.
#include "host/base/error.h"
#include "host/export/layouts.h"
#include "host/export/links.h"
#include "host/export/zip.h"

namespace shoal {
void lay_out_arduino(const Exported& e, Project& to) {
  const Application& a = e.application;
  const std::string sketch = a.name + "/";
  add_application(e, ProgramForm::kLiteral, sketch, "main_arduino.cpp",
                  a.name + ".ino", to);
  TemplateValues v = common_values(e);
  v["FQBN"] = e.facts.fact("arduino", "fqbn");
  to.add(sketch + "sketch.yaml", filled("arduino/sketch.yaml", v));
  Project library;
  add_library(e, "Shoal/", true, library);
  to.add("Shoal-" + v.at("VERSION") + ".zip", zip_of(library));
  add_texts(e, "arduino", to);
}

void lay_out_platformio(const Exported& e, Project& to) {
  const std::string framework = e.facts.fact("platformio", "framework");
  add_library(e, "lib/Shoal/", false, to);
  add_application(
      e, ProgramForm::kLiteral, "src/",
      framework == "espidf" ? "main_esp_idf.cpp" : "main_arduino.cpp",
      "main.cpp", to);
  TemplateValues v = common_values(e);
  v["PLATFORM"] = e.facts.fact("platformio", "platform");
  v["BOARD_ID"] = e.facts.fact("platformio", "board");
  v["FRAMEWORK"] = framework;
  add_platform_values(e, v);
  v["MORE"] = e.facts.fact("platformio", "more");
  to.add("platformio.ini", filled("platformio/platformio.ini", v));
  add_texts(e, "platformio", to);
}

}  // namespace shoal
