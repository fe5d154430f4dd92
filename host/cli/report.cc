#include "host/report/report.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

ReportFile read_report_file(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path, files::kPlan);
  return {path, {bytes.begin(), bytes.end()}};
}

[[noreturn]] void refuse_files(const std::string& what) {
  throw Error(Exit::kUsage, what,
              "give one plan or two, and at most one trace");
}

}  // namespace

int report_command(const ReportFlags& flags) {
  std::vector<FileArgument> inputs;
  for (const std::string& path : flags.files) inputs.push_back({"FILE", path});
  check_files(inputs, {{"--output", flags.output}});
  std::vector<ReportFile> plans;
  std::optional<ReportFile> trace;
  for (const std::string& path : flags.files) {
    ReportFile file = read_report_file(path);
    if (!holds_trace(file)) {
      plans.push_back(std::move(file));
    } else if (trace) {
      refuse_files(trace->name + " and " + path + " are two traces");
    } else {
      trace = std::move(file);
    }
  }
  if (plans.empty()) refuse_files("there is no plan among the files");
  if (plans.size() > 2) refuse_files("there are more than two plans");
  const std::string page =
      report_page(plans, trace ? &*trace : nullptr, flags.command);
  write_file(flags.output, page);
  if (flags.json) {
    say_json({{"output", flags.output}, {"bytes", page.size()}});
  } else {
    say("page         %s, %s\n", flags.output.c_str(),
        format_bytes(static_cast<int64_t>(page.size())).c_str());
  }
  return 0;
}

}  // namespace shoal
