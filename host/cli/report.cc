#include "host/report/report.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/report/node_data.h"

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
  nlohmann::json json{{"output", flags.output}, {"bytes", page.size()}};
  if (!flags.model_explorer.empty()) {
    make_folder(flags.model_explorer);
    for (const ReportFile& file : node_data_files(reported)) {
      const std::string path = flags.model_explorer + "/" + file.name;
      write_file(path, file.text);
      json["node_data"].push_back(path);
    }
  }
  if (flags.json) {
    say_json(json);
    return 0;
  }
  say("page         %s, %s\n", flags.output.c_str(),
      format_bytes(static_cast<int64_t>(page.size())).c_str());
  if (json.contains("node_data")) {
    say("node data    %s, %zu files\n", flags.model_explorer.c_str(),
        json["node_data"].size());
  }
  return 0;
}

}  // namespace shoal
