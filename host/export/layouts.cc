#include "host/export/layouts.h"

#include <algorithm>
#include <cstdint>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/export/board_files.h"

namespace shoal {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace

const std::vector<Ecosystem>& ecosystems() {
  // The assembler copies a file of any size. A string literal is four times as
  // long as what it says. ESP-IDF's partition is as large as it has to be.
  constexpr size_t kAny = SIZE_MAX, kLiteral = 4 << 20;
  static const std::vector<Ecosystem> all = {
      {"c", "a Makefile", true, kAny, lay_out_c},
      {"cmake", "a CMake project", true, kAny, lay_out_cmake},
      {"arduino", "an Arduino sketch", false, kLiteral, lay_out_arduino},
      {"platformio", "a PlatformIO project", false, kLiteral,
       lay_out_platformio},
      {"pico-sdk", "a project of the pico-sdk", false, kAny, lay_out_pico_sdk},
      {"esp-idf", "a project of ESP-IDF", false, kAny, lay_out_esp_idf},
      {"zephyr", "a Zephyr application", false, kAny, lay_out_zephyr},
      {"stm32cube", "a part of a CubeMX project", false, kAny,
       lay_out_stm32cube},
  };
  return all;
}

void check_image(const Ecosystem& e, const Application& a) {
  for (const ExportedNetwork& n : a.networks) {
    if (n.image.size() <= e.most_image_bytes) continue;
    throw Error(Exit::kUnsupported,
                "--as " + std::string(e.name) + ": the program has " +
                    format_bytes(static_cast<int64_t>(n.image.size())) +
                    ", but a constant has at most " +
                    format_bytes(static_cast<int64_t>(e.most_image_bytes)) +
                    ", and there is no storage for larger ones",
                "use --as cmake, or a smaller network");
  }
  // One network that is too large was refused by its plan.
  const int64_t flash = a.board.flash_bytes;
  if (a.networks.size() < 2 || flash == 0 || a.image_bytes() <= flash) return;
  std::string parts;
  for (const ExportedNetwork& n : a.networks) {
    parts += (parts.empty() ? "" : ", ") + n.name + " " +
             format_bytes(static_cast<int64_t>(n.image.size()));
  }
  throw Error(Exit::kDoesNotFit,
              "the programs have " + format_bytes(a.image_bytes()) + " (" +
                  parts + "), " + format_bytes(a.image_bytes() - flash) +
                  " more than the " + format_bytes(flash) + " of flash of " +
                  "board " + a.board.name,
              "leave a network out, use smaller ones, or a board with more "
              "flash");
}

const Ecosystem& find_ecosystem(const std::string& name) {
  std::vector<std::string> names;
  for (const Ecosystem& e : ecosystems()) {
    if (e.name == name) return e;
    names.emplace_back(e.name);
  }
  throw Error(Exit::kUsage, "--as: '" + name + "' is unknown",
              "one of: " + joined(names));
}

void check_board(const Ecosystem& e, const std::string& board) {
  if (e.any_board || board_facts(board).ecosystems.contains(e.name)) return;
  throw Error(Exit::kUsage,
              "--as " + std::string(e.name) + ": board " + board +
                  " is not supported there",
              "use --board with one of: " + joined(boards_of(e.name)));
}

// Zephyr runs one core of these boards.
std::optional<std::string> second_core_start(const std::string& ecosystem,
                                             const Board& board) {
  const std::string start = board_facts(board.name).fact(ecosystem, "cores");
  if (!start.empty()) return "app/second_core_" + start + ".h";
  const bool boots = ecosystem == "c" || ecosystem == "cmake";
  if (boots && boots_in_emulator(board)) return "";
  return std::nullopt;
}

std::optional<std::string> flash_functions(const std::string& ecosystem,
                                           const Board& board) {
  if (ecosystem == "pico-sdk") return "app/flash_pico.h";
  if (ecosystem == "esp-idf") return "app/flash_esp_idf.h";
  if (ecosystem == "zephyr" &&
      !board_facts(board.name).fact(ecosystem, "flash_partition").empty()) {
    return "app/flash_zephyr.h.in";
  }
  if (ecosystem != "c" && ecosystem != "cmake") return std::nullopt;
  const std::string kind = kind_of(board);
  if (kind != "emulated") return "app/flash_" + kind + ".h";
  if (board.emulator->memory_bytes == 0) return std::nullopt;
  return "";
}

void check_slots(const Ecosystem& e, const Application& a) {
  if (a.slot_bytes == 0) return;
  const std::string flag = "--slots " + std::to_string(a.slot_bytes);
  if (!flash_functions(e.name, a.board)) {
    throw Error(Exit::kUnsupported,
                flag + ": --as " + e.name + " writes no flash of board " +
                    a.board.name + " in which programs lie in memory",
                "leave --slots out, and flash each new network");
  }
  constexpr int64_t kBlock = 4096, kLeast = 4 * kBlock;
  if (a.slot_bytes < kLeast || a.slot_bytes % (2 * kBlock) != 0) {
    throw Error(Exit::kUsage,
                flag +
                    ": two slots of whole blocks of 4,096 B are needed, "
                    "each of two blocks or more",
                "--slots " + std::to_string(std::max(
                                 kLeast, (a.slot_bytes + 2 * kBlock - 1) /
                                             (2 * kBlock) * (2 * kBlock))));
  }
  const int64_t flash = a.board.flash_bytes;
  if (flash == 0 || a.image_bytes() + a.slot_bytes <= flash) return;
  throw Error(Exit::kDoesNotFit,
              flag + ": slots and programs have " +
                  format_bytes(a.image_bytes() + a.slot_bytes - flash) +
                  " more than the " + format_bytes(flash) +
                  " of flash of board " + a.board.name,
              "--slots " + std::to_string((flash - a.image_bytes()) /
                                          (2 * kBlock) * (2 * kBlock)));
}

std::vector<std::string> ecosystems_of(const std::string& board) {
  std::vector<std::string> names;
  const BoardFacts facts = board_facts(board);
  for (const Ecosystem& e : ecosystems()) {
    if (e.any_board || facts.ecosystems.contains(e.name)) {
      names.emplace_back(e.name);
    }
  }
  return names;
}

}  // namespace shoal
