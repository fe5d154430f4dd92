#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"
#include "host/oracle/golden/checksum.h"
#include "host/study/swap_cache.h"
#include "host/study/swap_study.h"

namespace shoal {
namespace {

SwapStudyOptions swap_options(const StudyFlags& flags) {
  if (!flags.model.empty()) {
    throw Error(Exit::kUsage,
                "MODEL '" + flags.model + "': the swap study has its own",
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
  options.threads =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
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

// Done and left, with the time that the rest takes if it goes on like this.
class SwapProgress {
 public:
  void operator()(size_t done, size_t all, const SwapSetting& next) {
    using Seconds = std::chrono::duration<double>;
    const double passed =
        Seconds(std::chrono::steady_clock::now() - begin_).count();
    const double left = done == 0 ? 0
                                  : passed * static_cast<double>(all - done) /
                                        static_cast<double>(done);
    tell("study swap: %zu of %zu, %.0f s, about %.0f s left: %s\n", done, all,
         passed, left, describe(next).c_str());
  }

 private:
  std::chrono::steady_clock::time_point begin_ =
      std::chrono::steady_clock::now();
};

void write_all(const std::filesystem::path& folder, const Study& study) {
  for (const auto& [name, text] :
       {std::pair{"study_swap.html", study_page(study)},
        std::pair{"study_swap.json", study_json(study)}}) {
    write_file((folder / name).string(), text);
    tell("%s\n", (folder / name).c_str());
  }
}

}  // namespace

int swap_study_command(const StudyFlags& flags) {
  const SwapStudyOptions options = swap_options(flags);
  const std::string build = build_id();
  std::string cache_file;
  if (!flags.folder.empty()) {
    make_folder(flags.folder);
    const std::filesystem::path folder = flags.folder;
    for (const char* name : {"study_swap.html", "study_swap.json"}) {
      check_writable((folder / name).string());
    }
    if (!build.empty()) cache_file = (folder / "study_swap.points").string();
  }
  SwapCache cache(cache_file, build);
  SwapNetworks networks;
  SwapPoints points([&](const SwapSetting& s) {
    if (const auto known = cache.find(s)) return *known;
    SwapPoint point = measure(networks, s);
    cache.add(s, point);
    return point;
  });
  const SwapStudy result = swap_study(
      options, parse_swap_paper("paper_swap.toml", paper_swap_toml()), networks,
      points, SwapProgress());
  if (!flags.folder.empty()) write_all(flags.folder, result.study);
  if (flags.json) {
    say_json_text(study_json(result.study));
  } else {
    say_text(study_text(result.study));
  }
  if (result.broken.empty()) return 0;
  throw Error(Exit::kInternal,
              fmt::format("{} points of the study failed; the first: {}",
                          result.broken.size(), result.broken.front()));
}

}  // namespace shoal
