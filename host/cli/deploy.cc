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
#include "host/engine/recovery/fallback_programs.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/hand_over.h"
#include "host/engine/workers/leader_image.h"
#include "host/engine/workers/workers_engine.h"
#include "host/model/import/import.h"
#include "host/plan/types/cluster.h"

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

// Has the nodes hold programs for the loss of each single one of them. Returns
// the plans for those losses after which nothing is lacking: a leader cannot
// send programs.
Fallbacks prepare_for_losses(WorkerCluster& workers, const Prepared& p) {
  if (p.plan.nodes.size() < 2 || !p.net.variables.empty()) return {};
  FallbackPlans plans(p.graph, workers.options().config.key);
  plans.keep(workers.request(), p.plan);
  plans.begin(workers.request());
  constexpr uint64_t kLookForPlansUs = 10'000;
  const StopSignals signals;
  std::optional<Fallbacks> all;
  drive_on(
      workers.coordinator(), workers.transport(), signals,
      [&] { return (all = plans.made()).has_value(); }, kLookForPlansUs);
  FallbackPrograms programs;
  programs.send(workers, p, *all);
  tell("%s\n", summary_text(programs.summary(), "").c_str());
  return programs.held(workers, *all);
}

// Returns the image for one more board, the leader: what it is to see, and
// where it is.
std::vector<uint8_t> image_for_leader(const DeployFlags& flags,
                                      WorkerCluster& workers, const Prepared& p,
                                      Fallbacks& fallbacks) {
  const Bytes input =
      only_run_input(p.graph, flags.picture, input_options(flags.pictures))
          .load(p.graph);
  LeaderFacts facts;
  facts.input = input;
  facts.labels = read_labels(flags.labels);
  if (facts.labels.empty()) facts.labels = model_labels(flags.model);
  facts.every_ms = static_cast<uint32_t>(std::lround(flags.every * 1e3));
  for (const WorkerCluster::Seat& s : workers.seats()) {
    facts.addresses.push_back(s.address.address);
  }
  facts.lease_ms = static_cast<uint16_t>(std::clamp<uint64_t>(
      workers.options().config.timeout_us / 1000, kLeastLeaseMs, kMostLeaseMs));
  fallbacks = prepare_for_losses(workers, p);
  facts.fallbacks = fallbacks;
  return leader_image(p, facts);
}

// Returns "without any one node", or which losses end the frames.
std::string losses_text(const Plan& plan, const Fallbacks& fallbacks) {
  std::string needed;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    if (i < fallbacks.size() && fallbacks[i]) continue;
    needed += (needed.empty() ? "" : ", ") + plan.nodes[i].name;
  }
  if (needed.empty()) return "goes on without any one of its nodes";
  return "waits for any of these that is lost: " + needed;
}

void check_leader_fits(const WorkerIdentity& leader,
                       const std::vector<uint8_t>& image) {
  const uint32_t needs = leader_arena_bytes(image);
  if (needs <= leader.facts.arena_bytes) return;
  throw Error(Exit::kDoesNotFit,
              "node " + leader.name + ": starting frames needs " +
                  format_bytes(needs) + " of arena, it has " +
                  format_bytes(leader.facts.arena_bytes),
              "use a board with more RAM as the leader, or fewer nodes");
}

void deploy_with_leader(const DeployFlags& flags, WorkerCluster& workers,
                        const Prepared& p) {
  const WorkerAddress leader = parse_worker_address(flags.leader, "--leader");
  if (station_of(leader.label) || is_radio(leader.label)) {
    throw Error(
        Exit::kUnsupported,
        leader.label +
            ": a leader that is reached over a shared line or a radio is "
            "not supported",
        "`shoal serve` on the computer that the line ends at");
  }
  Fallbacks fallbacks;
  const std::vector<uint8_t> image =
      image_for_leader(flags, workers, p, fallbacks);
  const auto transport = open_transport({leader});
  ClusterFlags own = flags.cluster;
  own.quiet = true;
  CoordinatorConfig config = coordinator_config(own, *transport);
  config.busy_fix = "--take-over";
  // The leader may take the nodes that this coordinator has.
  config.number = workers.coordinator().number();
  Coordinator coordinator(std::move(config));
  const StopSignals signals;
  coordinator.connect({leader});
  drive_on(coordinator, *transport, signals,
           [&] { return coordinator.connected(); });
  const WorkerIdentity& who = coordinator.identity(0);
  check_leader_fits(who, image);
  hand_over(workers.coordinator(), workers.transport(), p,
            {coordinator, *transport, leader.address}, image);
  tell("%s starts frames from now on, and %s\n", who.name.c_str(),
       losses_text(p.plan, fallbacks).c_str());
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
