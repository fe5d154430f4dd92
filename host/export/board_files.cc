#include "host/export/board_files.h"

#include <algorithm>

#include "host/base/shell_word.h"

namespace shoal {
namespace {

// The image_section of a board whose code memory is small: memory that the
// emulator fills.
constexpr const char* kExternal = ".external";

// A served frame lies on the stack below the server and its own numbers, which
// firmware that runs one by itself does not have: an attention block of a
// vision transformer takes up to 5,120 B on two Cortex-M33.
constexpr int kServerStackBytes = 2048;

bool is_link_script(const std::string& name, const std::string& folder) {
  return name.starts_with("boards/" + folder + "/") && name.ends_with(".ld");
}

}  // namespace

const BootFacts* boots_in_emulator(const Board& board) {
  return board.emulator ? find_boot_facts(board.name) : nullptr;
}

std::string kind_of(const Board& board) {
  if (boots_in_emulator(board)) return "emulated";
  return board.name == "host" ? "host" : "bare";
}

void add_emulator_values(const Exported& e, const BootFacts& boots,
                         TemplateValues& v) {
  const Emulator& emulator = *e.application.board.emulator;
  v["QEMU_PROGRAM"] = emulator.program;
  v["MACHINE"] = emulator.machine;
  std::string options;
  for (const std::string& option : emulator.options) {
    options += (options.empty() ? "" : " ") + shell_word(option);
  }
  v["QEMU_OPTIONS"] = options;
  v["ICOUNT_SHIFT"] = std::to_string(emulator.icount_shift);
  v["STACK_BYTES"] = std::to_string(boots.stack_bytes + kServerStackBytes);
  v["HANDLER_STACK_BYTES"] = std::to_string(boots.handler_stack_bytes);
}

std::string boot_definitions(const Exported& e, const BootFacts& boots) {
  return boots.definitions + (e.needs.two_cores ? " -DSHOAL_TWO_CORES" : "");
}

std::vector<std::string> add_board(const Exported& e, const BootFacts& boots,
                                   Project& to) {
  std::vector<std::string> sources;
  std::vector<std::string> all = board_sources(boots.id);
  all.insert(all.end(),
             {"boards/firmware/firmware.h", "boards/firmware/options.h"});
  for (const std::string& name : with_headers(all)) {
    if (!name.starts_with("boards/")) continue;  // the library has it
    const std::string path = exported_name(name);
    to.add(path, std::string(embedded(name)));
    if (path.ends_with(".cpp") || path.ends_with(".S")) sources.push_back(path);
  }
  std::vector<std::string> folders = boots.parts;
  if (std::ranges::find(folders, boots.link) == folders.end()) {
    folders.push_back(boots.link);
  }
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string name(file.name);
    for (const std::string& folder : folders) {
      if (is_link_script(name, folder)) to.add(name, std::string(file.bytes));
    }
  }
  TemplateValues v = common_values(e);
  v["LINK"] = boots.link;
  v["EXTERNAL"] = "";
  if (e.facts.image_section == kExternal) {
    const Emulator& emulator = *e.application.board.emulator;
    v["EXTERNAL"] = "MEMORY { EXTERNAL (r) : ORIGIN = " +
                    std::to_string(emulator.storage_at) +
                    ", LENGTH = " + std::to_string(emulator.storage_bytes) +
                    " }\nSECTIONS { " + kExternal + " : { *(" + kExternal +
                    ") } >EXTERNAL }\n";
  }
  to.add("app/link.ld", filled("c/link.ld", v));
  return sources;
}

}  // namespace shoal
