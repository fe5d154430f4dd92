#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/parallel.h"
#include "host/base/shell_word.h"
#include "host/cli/common.h"
#include "host/cli/study_output.h"
#include "host/model/graph/require_int8.h"
#include "host/model/import/import.h"
#include "host/plan/cuts/cuts.h"
#include "host/study/split_study.h"

namespace shoal {
namespace {

constexpr int kMaxNodes = 256, kMaxSide = 4096;

std::string board_of(const StudyFlags& flags) {
  if (flags.boards.empty()) return "teensy41";
  if (flags.boards.size() == 1) return flags.boards.front();
  throw Error(Exit::kUsage, "--board: a split study has one board",
              "give one board");
}

// The line that makes the same study again.
std::string command_line(const StudyFlags& flags) {
  std::string line = fmt::format(
      "shoal study {} {} --nodes {} --board {} --strategies {} --sizes {}",
      flags.study, shell_word(flags.model), shell_word(flags.nodes),
      board_of(flags), fmt::join(flags.strategies, ","),
      shell_word(flags.sizes));
  for (const std::string& file : flags.cuts)
    line += " --cuts " + shell_word(file);
  if (!flags.folder.empty()) line += " -o " + shell_word(flags.folder);
  return line;
}

SplitStudyOptions study_options(const StudyFlags& flags) {
  SplitStudyOptions options;
  options.nodes = parse_numbers(flags.nodes, "--nodes", kMaxNodes);
  options.strategies = flags.strategies;
  options.sizes.clear();
  if (!flags.sizes.empty()) {
    options.sizes = parse_numbers(flags.sizes, "--sizes", kMaxSide);
  }
  for (const std::string& path : flags.cuts) {
    const std::vector<uint8_t> bytes = read_file(path, files::kToml);
    options.cuts.push_back({std::filesystem::path(path).filename().string(),
                            std::string(bytes.begin(), bytes.end())});
  }
  options.board = &find_board(board_of(flags));
  options.command = command_line(flags);
  options.threads = core_count();
  return options;
}

void check_strategies(const SplitStudyOptions& options) {
  std::vector<std::string> names = options.strategies;
  for (const std::string& name : names) {
    if (std::ranges::count(strategy_names(), name) == 0) {
      throw Error(Exit::kUsage, "--strategies: '" + name + "' is unknown",
                  "one of: " + strategy_list());
    }
  }
  for (const PlanText& file : options.cuts) names.push_back(file.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw Error(Exit::kUsage, "'" + *twice + "' is listed twice",
                "leave out one of them");
  }
}

}  // namespace

int study_command(const StudyFlags& flags) {
  if (flags.model.empty()) {
    throw Error(Exit::kUsage, "MODEL is missing",
                "give a .tflite file or zoo:NAME");
  }
  const SplitStudyOptions options = study_options(flags);
  check_strategies(options);
  const Graph graph = load_model(flags.model, flags.ends);
  require_int8(graph);
  prepare_study_folder(flags);
  const Paper paper = parse_paper("paper_split.toml", paper_split_toml());
  report_study(flags,
               split_study(graph, paper, options, StudyProgress(flags.study)));
  return 0;
}

}  // namespace shoal
