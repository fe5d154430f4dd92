// --as c: a Makefile. For boards emulated by QEMU with all that makes them
// boot, for this computer as a program, for others as a library.
#include "host/export/board_files.h"

namespace shoal {
namespace {

// Writes a text as the value of a make variable.
std::string make_list(const std::vector<std::string>& names,
                      const std::string& folder) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "  " : " \\\n  ") + folder + name;
  }
  return text;
}

}  // namespace

void lay_out_c(const Exported& e, Project& to) {
  const Application& a = e.application;
  const BootFacts* const boots = boots_in_emulator(a.board);
  const std::string kind = kind_of(a.board);
  const bool host = kind == "host";
  const std::vector<std::string> library = add_library(e, "shoal/", false, to);
  std::vector<std::string> sources = add_application(
      e, ProgramForm::kIncbin, "app/", "main_" + kind + ".cpp", "main.cpp", to);
  TemplateValues v = common_values(e);
  v["DEFINITIONS"] = "";
  std::string toolchain = host ? "host" : "arm-none-eabi";
  if (boots) {
    const auto more = add_board(e, *boots, to);
    sources.insert(sources.end(), more.begin(), more.end());
    toolchain = boots->toolchain;
    v["DEFINITIONS"] = "-DBOARD_NAME='\"" + a.board.name + "\"' " +
                       boot_definitions(e, *boots);
    add_emulator_values(e, *boots, v);
  }
  v["CIPHER"] = boots && e.needs.ciphers ? filled("c/mbedtls.mk", v) : "";
  v["CRYPTO"] = e.needs.ciphers ? " -lmbedcrypto" : "";
  v["TOOLS"] =
      "CPU = " + e.facts.cpu_flags + "\n" + filled("c/" + toolchain + ".mk", v);
  v["RUN"] = filled("c/run_" + kind + ".mk", v);
  v["ENDING"] = boots ? ".elf" : host ? "" : ".a";
  v["RUN_SAYS"] =
      (boots  ? "boots it in QEMU; "
       : host ? "runs it; "
              : "says what is left to do") +
      (boots || host ? "Error 5: " + v["DIFFERS"] + ", 6: refused" : "");
  v["LIBRARY"] = make_list(library, "shoal/");
  v["SOURCES"] = make_list(sources, "");
  to.add("Makefile", filled("c/Makefile", v));
  add_texts(e, "c_" + kind, to);
}

}  // namespace shoal
