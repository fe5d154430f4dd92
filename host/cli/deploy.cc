// `shoal deploy`: every worker gets its program and waits for the runs of it.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"
#include "host/cli/run_inputs.h"
#include "host/cli/worker_flags.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/hand_over.h"
#include "host/engine/workers/leader_image.h"
#include "host/engine/workers/workers_engine.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

struct DeployedNode {
  std::string name, board, address, program;
  int64_t arena_bytes = 0, ram_bytes = 0, program_bytes = 0;
};

std::vector<DeployedNode> deployed_nodes(const WorkerCluster& workers,
                                         const Prepared& p) {
  std::vector<DeployedNode> out;
  for (size_t i = 0; i < p.images.size(); ++i) {
    const auto worker = static_cast<int>(i);
    const WorkerIdentity& who = workers.coordinator().identity(worker);
    const ClusterNode& node = workers.cluster().nodes[i];
    DeployedNode d{who.name, who.board, node.address, "none"};
    d.ram_bytes = std::min<int64_t>(node.arena_budget(), who.facts.arena_bytes);
    if (!p.plan.nodes[i].stages.empty()) {
      d.program = workers.coordinator().report(worker).held ? "held" : "sent";
      d.arena_bytes = p.plan.nodes[i].arena_bytes;
      d.program_bytes = p.plan.nodes[i].program_bytes;
    }
    out.push_back(d);
  }
  return out;
}

void print_json(const std::vector<DeployedNode>& nodes, int64_t sent_bytes) {
  nlohmann::json json{{"sent_bytes", sent_bytes},
                      {"nodes", nlohmann::json::array()}};
  for (const DeployedNode& n : nodes) {
    json["nodes"].push_back({{"name", n.name},
                             {"board", n.board},
                             {"address", n.address},
                             {"arena_bytes", n.arena_bytes},
                             {"ram_bytes", n.ram_bytes},
                             {"program_bytes", n.program_bytes},
                             {"program", n.program}});
  }
  say_json(json);
}

const char* in_words(const DeployedNode& n) {
  if (n.program == "none") return "no part in the plan";
  return n.program == "held" ? "held already" : "sent";
}

void print_text(const std::vector<DeployedNode>& nodes) {
  TextTable table({{"node", Align::kLeft},
                   {"board", Align::kLeft, 1},
                   {"arena B"},
                   {"of"},
                   {"program B"},
                   {"which was", Align::kLeft}});
  for (const DeployedNode& n : nodes) {
    table.add({n.name, n.board, format_count(n.arena_bytes),
               format_count(n.ram_bytes), format_count(n.program_bytes),
               in_words(n)});
  }
  say_table(table);
}

// Returns the image for one more board, the leader: what it is to see, and
// where it is.
std::vector<uint8_t> image_for_leader(const DeployFlags& flags,
                                      const Prepared& p) {
  const Bytes input =
      only_run_input(p.graph, flags.picture, input_options(flags.pictures))
          .load(p.graph);
  std::vector<std::string> labels = read_labels(flags.labels);
  if (labels.empty()) labels = model_labels(flags.model);
  return leader_image(
      p,
      {input, labels, static_cast<uint32_t>(std::lround(flags.every * 1e3))});
}

void deploy_with_leader(const DeployFlags& flags, WorkerCluster& workers,
                        const Prepared& p) {
  const WorkerAddress leader = parse_worker_address(flags.leader, "--leader");
  const std::vector<uint8_t> image = image_for_leader(flags, p);
  const auto transport = open_transport({leader});
  ClusterFlags own = flags.cluster;
  own.quiet = true;
  CoordinatorConfig config = coordinator_config(own, *transport);
  config.busy_fix = "--take-over";
  Coordinator coordinator(std::move(config));
  const StopSignals signals;
  coordinator.connect({leader});
  drive_on(coordinator, *transport, signals,
           [&] { return coordinator.connected(); });
  hand_over(workers.coordinator(), workers.transport(), p,
            {coordinator, *transport, leader.address}, image);
  tell("%s starts frames from now on\n", coordinator.identity(0).name.c_str());
}

}  // namespace

int deploy_command(const DeployFlags& flags) {
  require_flags(EngineKind::kWorkers, flags.plan);
  WorkerCluster workers(worker_cluster(flags.plan, flags.cluster));
  const Prepared p = workers.prepare(load_model(flags.model, flags.ends));
  Progress progress("deploying");
  if (flags.leader.empty()) {
    deploy_programs(workers.coordinator(), workers.transport(), p);
  } else {
    deploy_with_leader(flags, workers, p);
  }
  progress.end();
  tell("%s\n", deployed_text(workers.coordinator(), p).c_str());
  const std::vector<DeployedNode> nodes = deployed_nodes(workers, p);
  if (flags.json) {
    print_json(nodes, deployed_bytes(workers.coordinator(), p));
  } else {
    print_text(nodes);
  }
  return 0;
}

}  // namespace shoal
