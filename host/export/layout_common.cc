#include <algorithm>
#include <cstdio>
#include <cstring>

#include "device/alone/wire.h"
#include "device/program/image.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/export/board_files.h"
#include "host/export/embedded.h"
#include "host/export/layouts.h"
#include "host/export/links.h"
#include "host/export/members.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

// Returns the template of the functions that start the second core by an SDK;
// empty: there are none.
std::string second_core(const Exported& e) {
  if (!e.needs.two_cores) return "";
  return second_core_start(e.ecosystem, e.application.board).value_or("");
}

std::string text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Writes bytes as the inside of a C string literal: octal where a character
// means something else, always three digits.
std::string escaped(std::span<const uint8_t> bytes, size_t line) {
  std::string out;
  size_t in_line = 0;
  for (const uint8_t b : bytes) {
    if (in_line == line) {
      out += "\"\n  \"";
      in_line = 0;
    }
    if (b >= 0x20 && b < 0x7F && b != '"' && b != '\\' && b != '?') {
      out += static_cast<char>(b);
    } else {
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(b));
      out += octal;
    }
    ++in_line;
  }
  return out;
}

// The identity that the board and `shoal send` compare.
std::string program_id(const ExportedNetwork& n) {
  const std::string hash = sha256_hex(n.image);
  std::string list;
  for (uint32_t i = 0; i < alone::kProgramBytes; ++i) {
    list += (i ? ", 0x" : "0x") + hash.substr(2 * i, 2);
  }
  return list;
}

Header header_of(const ExportedNetwork& n) {
  Header h{};
  std::memcpy(&h, n.image.data(), std::min(n.image.size(), sizeof h));
  return h;
}

std::string section_of(const std::string& name) {
  if (name.empty()) return "";
  return "__attribute__((section(\"" + name + "\")))";
}

// Labels, one a line.
std::string label_text(const ExportedNetwork& n) {
  std::string text;
  for (const std::string& label : n.labels) text += printable(label) + "\n";
  return text;
}

std::string scale_text(const ByteScale& q) {
  char scale[32];
  std::snprintf(scale, sizeof scale, "%.9ef", static_cast<double>(q.scale));
  return scale;
}

// The row of a network in the table of shoal_program.h. `kept_at`: where the
// room for its variables begins, which has `kept_bytes`.
std::string network_row(const ExportedNetwork& n, uint32_t kept_at,
                        uint32_t kept_bytes) {
  return filled("app/network_row.h.in",
                {{"NAME", n.name},
                 {"IMAGE_BYTES", std::to_string(n.image.size())},
                 {"PROGRAM_ID", program_id(n)},
                 {"INPUTS", std::to_string(n.inputs)},
                 {"OUTPUTS", std::to_string(n.outputs)},
                 {"CLASSES", n.classes ? "true" : "false"},
                 {"INPUT_SCALE", scale_text(n.first_input)},
                 {"INPUT_ZERO", std::to_string(n.first_input.zero)},
                 {"OUTPUT_SCALE", scale_text(n.first_output)},
                 {"OUTPUT_ZERO", std::to_string(n.first_output.zero)},
                 {"DESCRIPTION_BYTES", std::to_string(n.description.size())},
                 {"LABEL_BYTES", std::to_string(label_text(n).size())},
                 {"KEPT_AT", std::to_string(kept_at)},
                 {"KEPT_SIZE", std::to_string(kept_bytes)}});
}

// Returns assertions that the runtime reads the programs and computes as they
// do.
std::string version_checks(const Application& a) {
  std::set<std::string> checks;
  for (const ExportedNetwork& n : a.networks) {
    const Header h = header_of(n);
    char arithmetic[16];
    std::snprintf(arithmetic, sizeof arithmetic, "0x%08Xu", h.arithmetic);
    checks.insert(filled(
        "app/version_checks.h.in",
        {{"FORMAT", std::to_string(h.version)}, {"ARITHMETIC", arithmetic}}));
  }
  std::string text;
  for (const std::string& check : checks) text += check;
  return text;
}

void add_network_values(const Application& a, TemplateValues& v) {
  std::string list, symbols, rows;
  uint32_t kept_at = 0;
  // A sent network may have more than those of the export.
  constexpr size_t kSentEnds = 16;
  size_t most_ends = a.slot_bytes > 0 ? kSentEnds : 0;
  for (const ExportedNetwork& n : a.networks) {
    list += (list.empty() ? "" : ", ") + ("SHOAL_NETWORK_" + n.name);
    symbols += filled("app/network_symbols.h.in", {{"NAME", n.name}});
    const uint32_t kept = a.kept_bytes() > 0 ? n.variable_bytes : 0;
    rows += network_row(n, kept_at, kept);
    kept_at += kept;
    most_ends = std::max(most_ends, n.inputs + n.outputs);
  }
  v["NETWORKS"] = list;
  v["NETWORK_COUNT"] = std::to_string(a.networks.size());
  v["SYMBOLS"] = symbols;
  v["ROWS"] = rows;
  v["MOST_ENDS"] = std::to_string(most_ends);
  v["TIMED_LAYERS"] = std::to_string(a.timed_layers());
  v["KEPT_BYTES"] = std::to_string(kept_at);
  v["SLOT_BYTES"] = std::to_string(a.slot_bytes);
  v["SEALED"] = a.slot_key ? "1" : "0";
}

std::string program_header(const Exported& e) {
  const Application& a = e.application;
  TemplateValues v = common_values(e);
  v["CHECKS"] = version_checks(a);
  v["IMAGE_BYTES"] = std::to_string(a.networks[0].image.size());
  v["ARENA_BYTES"] = std::to_string(a.arena_bytes());
  v["ARENA_PLACE"] = section_of(e.facts.arena_section);
  add_link_values(a, v);
  v["CORES"] = "";
  if (!second_core(e).empty()) {
    v["CORES"] =
        "// What the second core may take for a half, in microseconds, and the "
        "work\n// that is worth its help.\n"
        "#define SHOAL_SECOND_CORE_US 60000000u\n"
        "#define SHOAL_LEAST_PRODUCTS " +
        std::to_string(a.board.costs.second.least_products) +
        "u\n// The speed of that core, in 256ths of the first one's.\n"
        "#define SHOAL_SECOND_CORE_SPEED " +
        std::to_string(a.board.costs.second.speed_parts()) + "u\n";
  }
  if (a.member) {
    add_member_values(a, v);
    return filled("node/shoal_program.h.in", v);
  }
  v["INSTRUCTION"] = "";
  // Only where this project starts QEMU, and its clock counts instructions.
  if (a.board.emulator && (e.ecosystem == "c" || e.ecosystem == "cmake")) {
    v["INSTRUCTION"] =
        "// QEMU lets an instruction take so long.\n"
        "#define SHOAL_INSTRUCTION_NS " +
        std::to_string(1 << a.board.emulator->icount_shift) + "\n";
  }
  add_network_values(a, v);
  return filled("app/shoal_program.h.in", v);
}

struct Constant {
  std::string symbol;
  std::string file;
  std::vector<uint8_t> bytes;
};

std::vector<Constant> constants_of(const Application& a) {
  if (a.member) {
    return {{"shoal_program_image", "program", a.networks[0].image}};
  }
  std::vector<Constant> all;
  for (const ExportedNetwork& n : a.networks) {
    const std::string end = a.networks.size() > 1 ? "_" + n.name : "";
    const std::string text = n.description + label_text(n);
    all.push_back({"shoal_image_" + n.name, "program" + end, n.image});
    all.push_back(
        {"shoal_test_input_" + n.name, "test_input" + end, n.test_input});
    all.push_back(
        {"shoal_test_output_" + n.name, "test_output" + end, n.test_output});
    all.push_back(
        {"shoal_texts_" + n.name, "texts" + end, {text.begin(), text.end()}});
  }
  return all;
}

// The assembler does not follow a .bin that changes, so its name has a piece
// of its hash.
void add_incbin(const Exported& e, const std::string& folder, Project& to) {
  std::string lines;
  for (const Constant& c : constants_of(e.application)) {
    const std::string file =
        c.file + "_" + sha256_hex(c.bytes).substr(0, 8) + ".bin";
    to.add(folder + file, text_of(c.bytes));
    lines += "\n  .balign 16\n  .globl " + c.symbol + "\n" + c.symbol +
             ":\n  .incbin \"" + file + "\"\n";
  }
  TemplateValues v = common_values(e);
  v["CONSTANTS"] = lines;
  v["SECTION"] =
      e.facts.image_section.empty() ? ".rodata" : e.facts.image_section;
  to.add(folder + "program.S", filled("app/program.S", v));
}

void add_literals(const Exported& e, const std::string& folder, Project& to) {
  std::string text, declared;
  for (const Constant& c : constants_of(e.application)) {
    declared += (declared.empty() ? "" : ",\n    ") + c.symbol + "[]";
    text += "\nSHOAL_CONSTANT const unsigned char " + c.symbol + "[" +
            std::to_string(c.bytes.size()) + "] =\n  \"" +
            escaped(c.bytes, 64) + "\";\n";
  }
  TemplateValues v = common_values(e);
  v["DECLARED"] = declared;
  v["CONSTANTS"] = text;
  v["SECTION"] = section_of(e.facts.image_section);
  to.add(folder + "program.c", filled("app/program.c", v));
}

// Some ecosystems give a library no way to set a macro: those that stand for
// the portable SHA-256, for no ciphers, and for two cores are in the files
// themselves.
std::string library_file(const Exported& e, const std::string& name,
                         bool full) {
  std::string text(embedded(name));
  const auto define = [&](const std::string& macro) {
    text.insert(0, "#ifndef " + macro + "\n#define " + macro + "\n#endif\n");
  };
  const std::string cores = "SHOAL_TWO_CORES";
  if (text.find(cores) != text.npos) {
    if (full) {
      // Other boards of Arduino's have no code of two cores.
      text.insert(0, filled("arduino/two_cores.h", {}));
    } else if (e.needs.two_cores) {
      define(cores);
    }
  }
  if (e.needs.ciphers && !e.needs.bearssl) return text;
  if (name == "device/program/sha256.h") define("SHOAL_WITHOUT_MBEDTLS");
  if (name == "device/agent/noise.cc") define("SHOAL_WITHOUT_CIPHERS");
  return text;
}

// Returns whether an emulator keeps the board's flash in a file, with the
// memory of which it is a part.
bool kept_memory(const Application& a) {
  return a.slot_bytes > 0 && a.board.emulator.has_value();
}

constexpr const char* kOpenNetwork =
    "Frames are not encrypted: keep the network to yourself.";

constexpr const char* kDevice =
    "\nDEVICE is the board's serial line, such as `/dev/ttyACM0`. One program "
    "at "
    "a time\ncan have it: close the serial monitor first.\n";
constexpr const char* kServed =
    "\nThat is while `serve` runs (see above), in this folder.\n";

// Returns further commands for a board with several networks, or with slots.
std::string more_to_send(const Application& a, const std::string& to) {
  const std::string command = "    shoal send " + to + " ";
  const std::string network =
      a.networks.size() > 1 ? " --network " + a.networks[1].name : "";
  std::string lines;
  if (!network.empty()) lines += command + "picture.png" + network + "\n";
  if (a.slot_bytes > 0) {
    lines += command + "--program other.tflite" + network +
             (a.slot_key ? " --key FILE" : "") + "   # replaces it\n";
  }
  return lines;
}

// Returns whether the project itself starts the board, in QEMU or as a process.
bool starts_here(const Exported& e) {
  return (e.ecosystem == "c" || e.ecosystem == "cmake") &&
         kind_of(e.application.board) != "bare";
}

// Returns Debian's packages that build a project for an emulated board and run
// it.
std::string packages(const Board& board) {
  if (!board.emulator) return "";
  return board.emulator->program == "qemu-system-arm"
             ? "gcc-arm-none-eabi libnewlib-arm-none-eabi "
               "libstdc++-arm-none-eabi-newlib qemu-system-arm"
             : "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf "
               "qemu-system-misc";
}

// Returns where a project that runs on this computer answers `shoal send`.
std::string sent_to(const Application& a) {
  return a.listen ? listen_text(*a.listen) : "build/serial";
}

std::string memory_options(const Application& a) {
  if (!kept_memory(a)) return "";
  return " -object memory-backend-file,id=memory,size=" +
         std::to_string(a.board.emulator->memory_bytes >> 20) +
         "M,mem-path=build/flash,share=on";
}

}  // namespace

TemplateValues common_values(const Exported& e) {
  const Application& a = e.application;
  std::string options;
  for (const auto& [flag, value] : a.options) {
    options += (options.empty() ? "" : " ") + flag +
               (value.empty() ? "" : " " + value);
  }
  const std::string uart = e.facts.fact("stm32cube", "uart");
  const Bank* bank = nullptr;
  for (const Bank& b : a.board.banks) {
    if (!bank || b.bytes - b.fixed_bytes > bank->bytes - bank->fixed_bytes) {
      bank = &b;
    }
  }
  const std::string to = a.listen || starts_here(e) ? sent_to(a) : "DEVICE";
  return {{"NAME", a.name},
          {"BOARD", a.board.name},
          {"BOARD_TITLE", a.board.title},
          {"CORE", a.board.core},
          {"MODEL", printable(a.model_names())},
          {"VERSION", SHOAL_VERSION},
          {"OPTIONS", options},
          {"ARENA", format_bytes(a.arena_bytes())},
          {"IMAGE", format_bytes(a.image_bytes())},
          {"BANK", bank ? bank->name : "memory"},
          {"CPU_FLAGS", e.facts.cpu_flags},
          {"UART", uart.empty() ? "huart3" : uart},
          {"NODE", a.member ? a.member->name : ""},
          {"DIFFERS", a.member ? "the program differs" : "the output differs"},
          {"SERVE_SAYS", a.member ? "goes on as a node of the cluster"
                                  : "goes on, and answers `shoal send " +
                                        sent_to(a) + " INPUT`"},
          {"SERVE_PATH", a.member || a.listen ? "" : "build/serial"},
          {"SEND_TO", to},
          {"SEND_MORE", more_to_send(a, to)},
          {"SEND_NOTE", a.listen         ? ""
                        : starts_here(e) ? kServed
                                         : kDevice},
          {"PACKAGES", packages(a.board)},
          {"FLASH_PARTITION", e.facts.fact("zephyr", "flash_partition")},
          {"FLASH_ERASE_BYTES", e.facts.fact("zephyr", "flash_erase_bytes")},
          {"SERVE_MACHINE", kept_memory(a) ? ",memory-backend=memory" : ""},
          {"SERVE_MEMORY", memory_options(a)},
          {"SERVE_LINE",
           a.member ? "-serial stdio"
                    : "-chardev socket,id=line,path=build/serial,server=on,"
                      "wait=off -serial chardev:line"},
          {"ENTROPY", a.member && !a.member->insecure
                          ? "`shoal_entropy.cpp`\n  where its random numbers "
                            "come from, "
                          : ""},
          {"STATION", std::to_string(a.member ? a.member->station : 0)},
          {"CIPHER",
           e.needs.bearssl ? "chacha20_poly1305_bearssl" : "chacha20_poly1305"},
          {"TRANSPORT", !a.member           ? ""
                        : a.member->station ? "on a shared line"
                        : a.member->radio   ? "ESP-NOW"
                        : a.member->serial  ? "on the serial line"
                                            : "UDP"}};
}

std::vector<std::string> add_application(const Exported& e, ProgramForm form,
                                         const std::string& folder,
                                         const std::string& main_template,
                                         const std::string& main_name,
                                         Project& to) {
  const TemplateValues v = common_values(e);
  const bool is_member = e.application.member.has_value();
  std::vector<std::string> sources;
  if (is_member) {
    sources = add_member(e, folder, to);
  } else {
    const ExportedNetwork& first = e.application.networks[0];
    HeadFiles head{"app/app.cpp", {}, {}};
    if (first.head.any()) {
      head = head_files(first.head, first.model);
      to.add(folder + head.header_name, head.header);
    }
    to.add(folder + "app.cpp", filled(head.application, v));
    sources.push_back(folder + "app.cpp");
    for (const char* name :
         {"shoal_app.cpp", "shoal_frame.cpp", "shoal_serve.cpp"}) {
      to.add(folder + name, filled(std::string("app/") + name, v));
      sources.push_back(folder + name);
    }
    for (const char* name : {"shoal_app.h", "shoal_frame.h"}) {
      to.add(folder + name, filled(std::string("app/") + name, v));
    }
    if (const auto name =
            e.application.slot_bytes > 0
                ? flash_functions(e.ecosystem, e.application.board)
                : std::nullopt;
        name && !name->empty()) {
      to.add(folder + "flash.h", filled(*name, v));
      to.add(folder + "shoal_flash.h", filled("app/shoal_flash.h", v));
    }
    if (e.application.slot_key) {
      add_slot_key(e, folder, to);
    }
  }
  const std::vector<std::string> link = add_link(e, folder, to);
  sources.insert(sources.end(), link.begin(), link.end());
  to.add(folder + "shoal_port.h", filled("app/shoal_port.h", v));
  if (const std::string name = second_core(e); !name.empty()) {
    to.add(folder + "second_core.h", filled(name, v));
  }
  to.add(folder + "shoal_program.h", program_header(e));
  const auto list = [](const std::set<OpCode>& all) {
    std::string kinds;
    for (const OpCode kind : all) {
      kinds += (kinds.empty() ? "" : ",\n    ") +
               ("shoal::OpCode::" + kind_name(kind));
    }
    return kinds;
  };
  TemplateValues parts = v;
  const bool wide = !e.needs.wide.empty();
  parts["KINDS"] = list(e.needs.kinds);
  // Programs that come from outside are checked on the board.
  const bool built_in = !is_member && !e.needs.slots;
  parts["TABLE"] =
      std::string(built_in ? "shoal::built_in(" : "") +
      (wide ? "shoal::with_wide<" + list(e.needs.wide) + ">(" : "") +
      (e.needs.int4 ? "shoal::with_int4(" : "");
  parts["END"] = std::string(built_in ? ")" : "") + (wide ? ")" : "") +
                 (e.needs.int4 ? ")" : "");
  to.add(folder + "shoal_modules.cpp",
         filled((is_member ? "node/" : "app/") +
                    std::string("shoal_modules.cpp.in"),
                parts));
  sources.push_back(folder + "shoal_modules.cpp");
  to.add(folder + main_name, filled("app/" + main_template, v));
  sources.push_back(folder + main_name);
  if (form == ProgramForm::kIncbin) {
    add_incbin(e, folder, to);
    sources.push_back(folder + "program.S");
  } else {
    add_literals(e, folder, to);
    sources.push_back(folder + "program.c");
  }
  return sources;
}

std::vector<std::string> add_library(const Exported& e,
                                     const std::string& folder, bool full,
                                     Project& to) {
  const std::vector<std::string> all =
      full ? all_runtime_sources() : runtime_sources(e.needs);
  std::vector<std::string> headers = all;
  headers.insert(headers.end(), {"device/shoal.h", "device/port/port.h",
                                 "device/port/console.h"});
  if (full || !e.needs.is_member) {
    headers.push_back("device/alone/top_classes.h");
  }
  if (full || e.application.listen) {
    headers.push_back("device/transport/udp_address.h");
  }
  std::vector<std::string> sources;
  for (const std::string& name : with_headers(headers)) {
    const std::string path = "src/" + exported_name(name);
    to.add(folder + path, library_file(e, name, full));
    if (path.ends_with(".cpp")) sources.push_back(path);
  }
  TemplateValues v = common_values(e);
  v["SOURCES"] = cmake_list(sources);
  add_platform_values(e, v);
  const bool pico =
      (e.application.member || e.application.listen || e.needs.ciphers) &&
      e.ecosystem == "pico-sdk";
  to.add(
      folder + "CMakeLists.txt",
      filled(pico ? "node/library_pico.cmake" : "library/CMakeLists.txt", v));
  for (const char* name :
       {"README.md", "idf_component.yml", "library.json", "library.properties",
        "zephyr/CMakeLists.txt", "zephyr/Kconfig", "zephyr/module.yml"}) {
    to.add(folder + name, filled(std::string("library/") + name, v));
  }
  to.add(folder + "src/shoal.h", filled("library/shoal.h", v));
  to.add(folder + "LICENSE", std::string(embedded("LICENSE")));
  return sources;
}

std::string cmake_list(const std::vector<std::string>& names, size_t skip) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "  " : "\n  ") + name.substr(skip);
  }
  return text;
}

void add_texts(const Exported& e, const std::string& section, Project& to) {
  TemplateValues v = common_values(e);
  v["SECTION"] = filled("readme/" + section + ".md", v);
  v["NETWORK"] = e.application.member   ? member_text(e)
                 : e.application.listen ? link_text(e, kOpenNetwork) + "\n"
                                        : "";
  to.add(
      "README.md",
      filled(e.application.member ? "node/README.md" : "readme/README.md", v));
  to.add("LICENSE", std::string(embedded("LICENSE")));
  to.add(".gitignore", filled("readme/gitignore", v));
}

}  // namespace shoal
