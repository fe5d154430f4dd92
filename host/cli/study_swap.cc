#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/parallel.h"
#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/cli/study_output.h"
#include "host/oracle/golden/checksum.h"
#include "host/study/swap_cache.h"
#include "host/study/swap_study.h"

namespace shoal {
namespace {

SwapStudyOptions swap_options(const StudyFlags& flags) {
  if (flags.ends.is_asked()) {
    throw Error(Exit::kUsage,
                "--outputs, --inputs, --input-shape: the swap study has its "
                "own networks",
                "leave them out; choose networks with --networks");
  }
  if (!flags.model.empty()) {
    throw Error(Exit::kUsage,
                "MODEL '" + flags.model +
                    "' is not used: the swap study has its own networks",
                "choose some with --networks");
  }
  SwapStudyOptions options = default_swap_study(flags.full);
  if (!flags.networks.empty()) options.networks = flags.networks;
  if (!flags.boards.empty()) options.boards = flags.boards;
  if (!flags.storages.empty()) options.storages = flags.storages;
  if (!flags.rams.empty()) options.rams.clear();
  for (const std::string& size : flags.rams) {
    options.rams.push_back(parse_size(size, "--ram"));
  }
  std::sort(options.rams.begin(), options.rams.end());
  options.period_s = flags.every;
  options.runs = !flags.no_runs;
  options.threads = core_count();
  check_swap_study(options);
  std::vector<std::string> rams;
  for (const int64_t ram : options.rams) rams.push_back(std::to_string(ram));
  options.command = fmt::format(
      "shoal study swap --networks {} --board {} --storage {} --ram {} "
      "--every {:g}{}{}{}",
      fmt::join(options.networks, ","), fmt::join(options.boards, ","),
      fmt::join(options.storages, ","), fmt::join(rams, ","), options.period_s,
      options.full ? " --full" : "", options.runs ? "" : " --no-runs",
      flags.folder.empty() ? "" : " -o " + flags.folder);
  return options;
}

// Points of another executable are other points.
std::string build_id() {
  try {
    return sha256_hex(read_file("/proc/self/exe", files::kProgram));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

int swap_study_command(const StudyFlags& flags) {
  const SwapStudyOptions options = swap_options(flags);
  const std::string build = build_id();
  prepare_study_folder(flags);
  const std::filesystem::path folder = flags.folder;
  const bool kept = !flags.folder.empty() && !build.empty();
  SwapCache cache(kept ? (folder / "study_swap.points").string() : "", build);
  SwapNetworks networks;
  SwapPoints points([&](const SwapSetting& s) {
    if (const auto known = cache.find(s)) return *known;
    SwapPoint point = measure(networks, s);
    cache.add(s, point);
    return point;
  });
  report_study(
      flags, swap_study(options,
                        parse_swap_paper("paper_swap.toml", paper_swap_toml()),
                        networks, points, StudyProgress(flags.study)));
  return 0;
}

}  // namespace shoal
