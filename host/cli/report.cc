#include "host/report/report.h"

#include <nlohmann/json.hpp>
#include <vector>

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

}  // namespace

int report_command(const ReportFlags& flags) {
  std::vector<FileArgument> inputs;
  for (const std::string& path : flags.files) inputs.push_back({"FILE", path});
  check_files(inputs, {{"--output", flags.output}});
  std::vector<ReportFile> reported;
  for (const std::string& path : flags.files) {
    reported.push_back(read_report_file(path));
  }
  const std::string page = report_page(reported, {.command = flags.command});
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
