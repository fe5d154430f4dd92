#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/model/graph/require_int8.h"
#include "host/model/import/import.h"
#include "host/study/split_study.h"

namespace shoal {
namespace {

constexpr int kMaxNodes = 256, kMaxSide = 4096;

// For a shell; what is plain stays as it is.
std::string quoted(const std::string& text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("_-./,:@", c) != nullptr;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) {
    return text;
  }
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string board_of(const StudyFlags& flags) {
  if (flags.boards.empty()) return "teensy41";
  if (flags.boards.size() == 1) return flags.boards.front();
  throw Error(Exit::kUsage, "--board: a split study has one board",
              "give one of them");
}

// The line that makes the same study again.
std::string command_line(const StudyFlags& flags) {
  std::string line = fmt::format(
      "shoal study {} {} --nodes {} --board {} --strategies {} --sizes {}",
      flags.study, quoted(flags.model), quoted(flags.nodes), board_of(flags),
      fmt::join(flags.strategies, ","), quoted(flags.sizes));
  for (const std::string& file : flags.cuts) line += " --cuts " + quoted(file);
  if (!flags.folder.empty()) line += " -o " + quoted(flags.folder);
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
  options.threads =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return options;
}

void check_strategies(const SplitStudyOptions& options) {
  std::vector<std::string> names = options.strategies;
  for (const std::string& name : names) {
    if (name != "kernel" && name != "layer" && name != "spatial") {
      throw Error(Exit::kUsage, "--strategies: '" + name + "' is unknown",
                  "one of: kernel, layer, spatial");
    }
  }
  for (const CutsFile& file : options.cuts) names.push_back(file.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw Error(Exit::kUsage, "'" + *twice + "' is there twice");
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
  const Graph graph = load_model(flags.model);
  require_int8(graph);
  // Before the work of minutes that would be lost without it.
  if (!flags.folder.empty()) {
    make_folder(flags.folder);
    for (const char* name : {"study_split.html", "study_split.json"}) {
      check_writable((std::filesystem::path(flags.folder) / name).string());
    }
  }
  const Paper paper = parse_paper("paper_split.toml", paper_split_toml());
  const auto begin = std::chrono::steady_clock::now();
  const auto progress = [&](size_t done, size_t all, const Setting& next) {
    const std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - begin;
    tell("study %s: %zu of %zu, %.0f s: %s\n", flags.study.c_str(), done, all,
         passed.count(), describe(next).c_str());
  };
  const SplitStudy result = split_study(graph, paper, options, progress);
  if (!flags.folder.empty()) {
    const std::filesystem::path folder = flags.folder;
    for (const auto& [name, text] :
         {std::pair{"study_split.html", study_page(result.study)},
          std::pair{"study_split.json", study_json(result.study)}}) {
      write_file((folder / name).string(), text);
      tell("%s\n", (folder / name).c_str());
    }
  }
  if (flags.json) {
    say_json_text(study_json(result.study));
  } else {
    say_text(study_text(result.study));
  }
  if (!result.broken.empty()) {
    throw Error(Exit::kInternal,
                fmt::format("{} points of the study failed; the first: {}",
                            result.broken.size(), result.broken.front()));
  }
  return 0;
}

}  // namespace shoal
