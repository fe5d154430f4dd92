#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/export_project.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/engine/common/prepare.h"
#include "host/export/layouts.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

constexpr const char* kNoise = "random:1";

PlanRequest export_request(const PlanFlags& flags) {
  PlanRequest request = plan_request(flags);
  hold_in_flash(request.node());
  return request;
}

}  // namespace

int export_command(const ExportFlags& flags) {
  if (wants_cluster(flags.plan)) return export_cluster_command(flags);
  const std::pair<const char*, bool> of_clusters[] = {
      {"--insecure", flags.insecure},
      {"--node", !flags.node.empty()},
      {"--key", flags.key != ExportFlags{}.key}};
  for (const auto& [flag, is_given] : of_clusters) {
    if (!is_given) continue;
    throw Error(Exit::kUsage, std::string(flag) + " is for nodes of a cluster",
                "add --cluster FILE, or leave out " + std::string(flag));
  }
  const Ecosystem& ecosystem = find_ecosystem(flags.ecosystem);
  const PlanRequest request = export_request(flags.plan);
  check_board(ecosystem, flags.plan.board);
  if (flags.folder.empty()) {
    throw Error(Exit::kUsage, "-o is missing",
                "give the folder of the project: -o DIR");
  }
  const std::string name = project_name(flags.name, flags.model);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.labels}},
              {});
  Graph graph = load_model(flags.model, flags.ends);
  std::vector<std::string> labels = read_labels(flags.labels);
  if (labels.empty()) labels = model_labels(flags.model);
  const std::vector<uint8_t> input =
      load_input(graph, flags.input.empty() ? kNoise : flags.input,
                 input_options(flags.pictures));
  const Prepared p = prepare(std::move(graph), request);
  Application made = make_application(p, find_board(flags.plan.board), input);
  describe(flags, ecosystem, name, made);
  made.labels = labels;
  if (made.classes && !labels.empty() &&
      labels.size() != made.test_output.size()) {
    tell("warning: %zu labels for %zu classes; class 0 has the first one\n",
         labels.size(), made.test_output.size());
  }
  const LaidOut out = lay_out(flags, ecosystem, flags.folder, std::move(made),
                              needs_of(p.net, p.plan.nodes[0]));
  write({out});
  const Application& a = out.application;
  if (flags.json) {
    nlohmann::json said = out.description;
    said["folder"] = flags.folder;
    said["files"] = out.project.files().size();
    say_json(said);
    return 0;
  }
  say("%s: %s of %s for board %s, %zu files\n", flags.folder.c_str(),
      ecosystem.title, a.model.c_str(), a.board.name.c_str(),
      out.project.files().size() + 1);
  say("  program  %s, a constant\n",
      format_bytes(static_cast<int64_t>(a.image.size())).c_str());
  say("  arena    %s, static\n", format_bytes(a.arena_bytes).c_str());
  say("  test     %s; README.md says how to build it\n",
      flags.input.empty() ? "random noise (pass an INPUT for a real test)"
                          : flags.input.c_str());
  return 0;
}

}  // namespace shoal
