// `shoal export --cluster`: one project for each node.
#include <algorithm>
#include <set>

#include "device/transport/serial_line.h"
#include "device/transport/udp_address.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/common.h"
#include "host/cli/export_project.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/worker_flags.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/udp.h"
#include "host/model/import/import.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

void check_flags(const ExportFlags& f) {
  if (f.plan.cluster.empty()) {
    throw Error(Exit::kUsage, "--cuts needs nodes", "add --cluster FILE");
  }
  if (f.folder.empty()) {
    throw Error(Exit::kUsage, "-o is missing",
                "give the folder of the projects: -o DIR");
  }
  const std::pair<const char*, bool> idle[] = {{"INPUT", !f.input.empty()},
                                               {"--labels", !f.labels.empty()},
                                               {"--head", !f.head.empty()}};
  for (const auto& [flag, is_given] : idle) {
    if (!is_given) continue;
    throw Error(Exit::kUsage,
                std::string(flag) +
                    ": nodes of a cluster have no built-in test, they compute "
                    "what their coordinator sends",
                "give it to `shoal run --cluster`");
  }
  if (!f.listen.empty()) {
    throw Error(Exit::kUsage,
                "--listen is for boards that run alone: nodes have the "
                "addresses of the cluster file",
                "leave out --listen");
  }
}

// Nodes of a cluster hold several networks in other ways.
void check_one_network(const ExportFlags& f) {
  if (!f.slots.empty()) {
    throw Error(Exit::kUsage,
                "--slots is for boards that run alone: a node of a cluster is "
                "linked with the program that it has",
                "leave out --slots; nodes in whose storage `shoal deploy` puts "
                "programs take others");
  }
  if (f.also.empty()) return;
  throw Error(Exit::kUsage,
              "--also is for boards that run alone: a node that is exported "
              "holds one network",
              "leave out --also; nodes in whose storage `shoal deploy` puts "
              "programs keep several");
}

// With an address each, and one kind of link for all.
void check_addresses(const std::string& file, const Cluster& cluster) {
  std::vector<std::string> addresses;
  for (const ClusterNode& n : cluster.nodes) {
    if (n.address.empty()) {
      throw Error(Exit::kUsage, file + ": node '" + n.name + "' has no address",
                  "add address = \"HOST:PORT\", or \"serial:DEVICE\" for a "
                  "board without a network");
    }
    addresses.push_back(n.address);
  }
  check_lines(addresses, file + ": ");
  Cluster without = cluster;
  without.payload.reset();
  const uint32_t exported = without.link_payload();
  if (cluster.link_payload() == exported) return;
  throw Error(Exit::kUsage,
              file + ": payload = " + std::to_string(*cluster.payload) +
                  ", but the datagrams of exported nodes have " +
                  std::to_string(exported) + " bytes",
              "remove payload from the file");
}

std::vector<bool> chosen(const std::string& file, const Cluster& cluster,
                         const std::string& name) {
  std::vector<bool> is_chosen(cluster.nodes.size(), name.empty());
  if (name.empty()) return is_chosen;
  std::string names;
  for (size_t i = 0; i < cluster.nodes.size(); ++i) {
    is_chosen[i] = cluster.nodes[i].name == name;
    names += (i ? ", " : "") + cluster.nodes[i].name;
  }
  if (std::ranges::find(is_chosen, true) != is_chosen.end()) return is_chosen;
  throw Error(Exit::kUsage,
              "--node: " + file + " has no node '" + printable(name) + "'",
              "one of: " + names);
}

ClusterMember member_of(const ClusterNode& n) {
  ClusterMember m;
  m.name = n.name;
  m.serial = is_serial(n.address);
  m.station = station_of(n.address).value_or(0);
  m.radio = parse_radio(n.address).has_value();
  return m;
}

// Returns the name of a node's project: its files must not be those of
// another's.
std::string member_name(const ExportFlags& f, const std::string& node) {
  std::string name = project_name(f.name, f.model) + "_" + node;
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '.'; }, '_');
  return project_name(name, f.model);
}

void check_folder_name(const std::string& node) {
  if (!node.starts_with('.') && !node.starts_with('-')) return;
  throw Error(Exit::kUsage,
              "node '" + node + "' cannot name the folder of its project",
              "use a name that begins with a letter");
}

// Boards that the ecosystem does not know are exported for another one, which
// starts both cores.
bool uses_one_core(const std::string& ecosystem, const Board& board) {
  const std::vector<std::string> known = ecosystems_of(board.name);
  return std::ranges::find(known, ecosystem) != known.end() &&
         !second_core_start(ecosystem, board);
}

void tell_idle(const std::string& name) {
  tell("node %s has nothing to do in this plan, so it gets no project\n",
       name.c_str());
}

}  // namespace

int export_cluster_command(const ExportFlags& flags) {
  const Ecosystem& ecosystem = find_ecosystem(flags.ecosystem);
  check_flags(flags);
  check_one_network(flags);
  const std::string& file = flags.plan.cluster.path;
  require_flags(EngineKind::kVirtual, flags.plan);
  Cluster cluster = cluster_of(flags.plan);
  require_one_bank(cluster, "exports");
  check_addresses(file, cluster);
  const std::vector<bool> wanted = chosen(file, cluster, flags.node);
  for (size_t i = 0; i < wanted.size(); ++i) {
    hold_in_flash(cluster.nodes[i]);
    if (uses_one_core(ecosystem.name, cluster.nodes[i].board)) {
      use_one_core(cluster.nodes[i]);
    }
    if (!wanted[i]) continue;
    check_folder_name(cluster.nodes[i].name);
    check_board(ecosystem, cluster.nodes[i].board.name);
  }
  check_files({{"MODEL", flags.model}}, {});
  const std::vector<ClusterNode> nodes = cluster.nodes;
  PlanRequest request = linked_request(flags.plan, std::move(cluster));
  SharedKey key{};
  if (!flags.insecure)
    key = read_key_file(flags.key.empty() ? kKeyFile : flags.key);
  const Prepared p = prepare(load_model(flags.model, flags.ends), request);

  // Nothing is written before everything is known to be right.
  std::vector<LaidOut> projects;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const ClusterNode& n = nodes[i];
    if (!wanted[i]) continue;
    if (p.plan.nodes[i].stages.empty()) {
      tell_idle(n.name);
      continue;
    }
    ClusterMember m = member_of(n);
    m.insecure = flags.insecure;
    m.key = key;
    m.peers = p.plan.nodes[i].peers.size();
    const std::string name = member_name(flags, n.name);
    Needs needs = needs_of(p.net, p.plan.nodes[i]);
    needs.two_cores = request.cluster.nodes[i].board.costs.second.is_used();
    ExportedNetwork network = make_member(p, i);
    describe(flags.model, name, network);
    Application a =
        application_of(flags, ecosystem, name, n.board, {std::move(network)});
    if (!m.serial && !m.radio) a.listen = parse_udp_address(n.address, file);
    a.member = std::move(m);
    projects.push_back(lay_out(flags, ecosystem, flags.folder + "/" + n.name,
                               std::move(a), std::move(needs)));
  }
  std::set<std::string> names;
  for (const LaidOut& out : projects) {
    if (names.insert(out.application.name).second) continue;
    throw Error(
        Exit::kUsage,
        "the projects of two nodes would both be " + out.application.name,
        "give them names that differ in a letter or digit");
  }
  write(projects);
  if (flags.json) {
    nlohmann::json said = nlohmann::json::array();
    for (const LaidOut& out : projects) {
      nlohmann::json one = out.description;
      one["folder"] = out.folder;
      one["files"] = out.project.files().size();
      said.push_back(one);
    }
    say_json({{"nodes", said}});
    return 0;
  }
  for (const LaidOut& out : projects) {
    const Application& a = out.application;
    say("%s: %s of %s for board %s, %zu files, program %s, arena %s\n",
        out.folder.c_str(), ecosystem.title, a.networks[0].model.c_str(),
        a.board.name.c_str(), out.project.files().size() + 1,
        format_bytes(a.image_bytes()).c_str(),
        format_bytes(a.arena_bytes()).c_str());
  }
  if (flags.insecure) {
    tell(
        "warning: --insecure: anyone who reaches these nodes may read their "
        "frames and change their results\n");
  } else {
    say("each has the cluster's key in shoal_key.h, which .gitignore names\n");
  }
  return 0;
}

}  // namespace shoal
