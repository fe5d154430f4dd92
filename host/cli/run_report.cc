#include "host/cli/run_report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/golden/checksum.h"

namespace shoal {
namespace {

void print_json(const RunFlags& flags, const Plan& plan,
                const std::vector<Class>& top, const RunOutcome& outcome) {
  nlohmann::json json{{"output_sha256", sha256_hex(outcome.output)},
                      {"latency_s", outcome.seconds},
                      {"latency_kind", outcome.kind},
                      {"frames", flags.frames},
                      {"top", nlohmann::json::array()},
                      {"arena_bytes", nlohmann::json::array()}};
  for (const Class& c : top) {
    json["top"].push_back(
        {{"index", c.index}, {"label", c.label}, {"score", c.score}});
  }
  for (const PlanNode& node : plan.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  std::printf("%s\n", json.dump(2).c_str());
}

void print_text(const Plan& plan, const std::vector<Class>& top,
                const RunOutcome& outcome) {
  print_classes(top);
  for (const PlanNode& node : plan.nodes) {
    const std::string name = plan.linked ? ", node " + node.name : "";
    std::printf("arena    %s, %zu stages, board %s%s\n",
                format_bytes(node.arena_bytes).c_str(), node.stages.size(),
                node.board.c_str(), name.c_str());
  }
  std::printf("latency  %.3f ms (%s %s)\n", outcome.seconds * 1e3,
              outcome.kind.c_str(), outcome.where.c_str());
}

}  // namespace

void report_run(const RunFlags& flags, const Graph& graph, const Plan& plan,
                const std::vector<std::string>& labels,
                const RunOutcome& outcome) {
  if (!flags.output.empty()) write_file(flags.output, outcome.output);
  const std::vector<Class> top =
      best_classes(graph, outcome.output, labels, flags.top);
  if (flags.json) {
    print_json(flags, plan, top, outcome);
  } else {
    print_text(plan, top, outcome);
  }
}

}  // namespace shoal
