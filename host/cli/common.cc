#include "host/cli/common.h"

#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/run/session.h"

namespace shoal {

PlanOptions plan_options(const PlanFlags& flags) {
  PlanOptions options;
  options.board = &find_board(flags.board);
  if (flags.ram) options.ram = parse_size(*flags.ram, "--ram");
  options.strategy = flags.strategy;
  if (flags.objective == "ram") {
    options.objective = Objective::kRam;
  } else if (flags.objective != "latency") {
    throw Error(Exit::kUsage,
                "--objective: '" + flags.objective + "' is unknown",
                "one of: latency, ram");
  }
  return options;
}

PlanOptions emulated_options(const PlanFlags& flags) {
  const PlanOptions options = plan_options(flags);
  if (options.board->emulator) return options;
  std::string known;
  for (const std::string& id : board_ids()) {
    if (!find_board(id).emulator) continue;
    known += (known.empty() ? "" : ", ") + id;
  }
  throw Error(
      Exit::kUsage,
      "board " + options.board->name + " has no firmware and emulator here",
      "--board with one of: " + known);
}

std::optional<Normalization> normalization(
    const std::vector<float>& mean, const std::vector<float>& deviation) {
  if (mean.empty() && deviation.empty()) return std::nullopt;
  return Normalization{mean, deviation};
}

std::vector<uint8_t> load_input(const Graph& graph, const std::string& path,
                                const std::optional<Normalization>& norm) {
  std::vector<uint8_t> bytes = read_file(path);
  if (std::filesystem::path(path).extension() != ".bin") {
    return picture_input(graph, decode_picture(bytes, path), norm);
  }
  const int64_t wanted = input_bytes(graph);
  if (static_cast<int64_t>(bytes.size()) != wanted) {
    throw Error(Exit::kUsage,
                path + ": " + format_count(static_cast<int64_t>(bytes.size())) +
                    " bytes, the model's input has " + format_count(wanted));
  }
  return bytes;
}

}  // namespace shoal
