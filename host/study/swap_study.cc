#include "host/study/swap_study.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/model/zoo/zoo.h"
#include "host/study/swap_asker.h"

namespace shoal {
namespace {

constexpr int64_t kLeastRam = 8 * 1024, kMostRam = int64_t{1} << 30;

template <class Item>
void refuse_twice(std::vector<Item> items, const char* flag) {
  std::sort(items.begin(), items.end());
  const auto twice = std::adjacent_find(items.begin(), items.end());
  if (twice == items.end()) return;
  throw Error(Exit::kUsage,
              fmt::format("{}: '{}' is listed twice", flag, *twice));
}

void refuse_none(bool none, const char* flag) {
  if (none) throw Error(Exit::kUsage, fmt::format("{} is empty", flag));
}

std::vector<Question> ask_all(SwapAsker& asker) {
  using Ask = Question (*)(SwapAsker&);
  std::vector<Ask> asks = {
      fit_question,    slowdown_question,   bytes_question,   wear_question,
      energy_question, encryption_question, roofline_question};
  if (asker.options().runs) asks.push_back(runs_question);
  asks.push_back(concerns_question);
  std::vector<Question> answers;
  for (const Ask ask : asks) answers.push_back(ask(asker));
  return answers;
}

std::vector<std::pair<std::string, std::string>> facts(
    const SwapStudyOptions& options) {
  std::string boards, parts;
  for (const std::string& id : options.boards) {
    const Board& b = find_board(id);
    boards += fmt::format("{}{} ({}, {:g} MHz)", boards.empty() ? "" : "; ", id,
                          b.core, b.clock_hz * 1e-6);
  }
  for (const std::string& name : options.storages) {
    const Storage& p = storage_of_any_board(name);
    parts += fmt::format("{}{} ({}, {:g} MB/s, {:g} us a request)",
                         parts.empty() ? "" : "; ", name, p.title,
                         p.read_bytes_per_s * 1e-6, p.read_latency_us);
  }
  return {
      {"boards", boards},
      {"storage", parts},
      {"RAM",
       "of the arena, which holds everything that the network needs; the "
       "firmware's own memory is beside it"},
      {"weights",
       "all of them stream from storage, none are executed in place; nothing "
       "is written and nothing encrypted, unless a table says so"},
      {"networks",
       "real shapes and sizes, seeded random weights (zoo:NAME): what they "
       "recognize is not asked here"},
      {"modelled",
       "computed by the planner; bytes are exact, times are estimates from "
       "the profiles of boards and parts"},
      {"simulated",
       "the real runtime and the real bytes in virtual time, with the costs "
       "of the profiles; nothing was measured on hardware"},
      {"quoted", "of the paper, not measured here"},
  };
}

}  // namespace

SwapStudyOptions default_swap_study(bool full) {
  SwapStudyOptions options;
  options.networks = {"alexnet",      "vgg16",        "resnet18",
                      "resnet50",     "mobilenet_v1", "mobilenet_v2",
                      "squeezenet1_0"};
  options.boards = {"stm32h743", "stm32f412"};
  if (full) {
    options.boards = {"stm32h743", "teensy41", "stm32f746", "stm32f412",
                      "nrf52840"};
  }
  options.storages = {"sd-spi", "sd-4bit", "qspi-nor"};
  for (int64_t kb = 64; kb <= 1024; kb *= 2) options.rams.push_back(kb * 1024);
  options.full = full;
  return options;
}

void check_swap_study(const SwapStudyOptions& options) {
  refuse_none(options.networks.empty(), "--networks");
  refuse_none(options.boards.empty(), "--board");
  refuse_none(options.storages.empty(), "--storage");
  refuse_none(options.rams.empty(), "--ram");
  refuse_twice(options.networks, "--networks");
  refuse_twice(options.boards, "--board");
  refuse_twice(options.storages, "--storage");
  refuse_twice(options.rams, "--ram");
  for (const std::string& name : options.networks) check_zoo_name(name);
  for (const std::string& name : options.storages) storage_of_any_board(name);
  for (const std::string& name : options.boards) {
    if (!find_board(name).unlimited()) continue;
    throw Error(Exit::kUsage, "--board: " + name + " is not a microcontroller",
                "see `shoal boards`");
  }
  for (const int64_t ram : options.rams) {
    if (ram >= kLeastRam && ram <= kMostRam) continue;
    throw Error(Exit::kUsage, fmt::format("--ram: {} bytes", ram),
                "give 8K to 1024M");
  }
}

StudyResult swap_study(const SwapStudyOptions& options, const SwapPaper& paper,
                       SwapNetworks& networks, SwapPoints& points,
                       const SwapPoints::Progress& progress) {
  return ask_until_made(points, options.threads, progress, [&] {
    SwapAsker asker(options, paper, networks, points);
    std::vector<Question> questions = ask_all(asker);
    return StudyResult{{"swap", "Swap study: networks larger than memory",
                        options.command, facts(options), std::move(questions)},
                       asker.broken()};
  });
}

}  // namespace shoal
