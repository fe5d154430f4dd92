#include "host/export/layouts.h"

#include <algorithm>

#include "host/base/error.h"

namespace shoal {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace

const std::vector<Ecosystem>& ecosystems() {
  static const std::vector<Ecosystem> all = {
      {"c", "a Makefile", true, lay_out_c},
      {"cmake", "a CMake project", true, lay_out_cmake},
      {"arduino", "an Arduino sketch", false, lay_out_arduino},
      {"platformio", "a PlatformIO project", false, lay_out_platformio},
      {"pico-sdk", "a project of the pico-sdk", false, lay_out_pico_sdk},
      {"esp-idf", "a project of ESP-IDF", false, lay_out_esp_idf},
      {"zephyr", "a Zephyr application", false, lay_out_zephyr},
      {"stm32cube", "a part of a CubeMX project", false, lay_out_stm32cube},
  };
  return all;
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
                  " is not known there",
              "--board with one of: " + joined(boards_of(e.name)));
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
