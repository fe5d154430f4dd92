// `shoal deploy`: every worker gets its program and waits for the runs of it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/size.h"
#include "host/cli/output.h"
#include "host/cli/worker_cluster.h"
#include "host/engine/workers/drive.h"
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
    d.ram_bytes = node.ram.value_or(who.facts.arena_bytes);
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
  size_t name = 4, board = 5;
  for (const DeployedNode& n : nodes) {
    name = std::max(name, n.name.size());
    board = std::max(board, n.board.size());
  }
  const auto line = [&](const std::string& a, const std::string& b,
                        const std::string& arena, const std::string& ram,
                        const std::string& program, const char* what) {
    say("%-*s  %-*s  %11s  %13s  %11s  %s\n", static_cast<int>(name), a.c_str(),
        static_cast<int>(board), b.c_str(), arena.c_str(), ram.c_str(),
        program.c_str(), what);
  };
  line("node", "board", "arena B", "of", "program B", "which was");
  for (const DeployedNode& n : nodes) {
    line(n.name, n.board, format_count(n.arena_bytes),
         format_count(n.ram_bytes), format_count(n.program_bytes), in_words(n));
  }
}

}  // namespace

int deploy_command(const DeployFlags& flags) {
  WorkerCluster workers(flags.plan, flags.cluster);
  const Prepared p = workers.prepare(load_model(flags.model, flags.ends));
  deploy_programs(workers.coordinator(), workers.transport(), p);
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
