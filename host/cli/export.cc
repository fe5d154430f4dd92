#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "device/alone/networks.h"
#include "device/transport/udp_address.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/export_project.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/udp.h"
#include "host/export/board_files.h"
#include "host/export/layouts.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

constexpr const char* kNoise = "random:1";

PlanRequest export_request(const PlanFlags& flags, const Ecosystem& ecosystem) {
  PlanRequest request = plan_request(flags);
  hold_in_flash(request.node());
  if (second_core_start(ecosystem.name, request.node().board)) return request;
  if (flags.cores == 2) {
    throw Error(Exit::kUsage,
                "--cores 2: --as " + std::string(ecosystem.name) +
                    " starts no second core of board " +
                    request.node().board.name,
                "leave it out");
  }
  use_one_core(request.node());
  return request;
}

// A network as the flags ask for it.
struct AskedNetwork {
  std::string name, model, input, labels, head;
  LoadedModel loaded = {};  // of the file, when it was read
};

// Splits NAME=VALUE.
std::pair<std::string, std::string> split(const char* flag,
                                          const std::string& text) {
  const size_t at = text.find('=');
  if (at != text.npos && at + 1 < text.size()) {
    check_network_name(text.substr(0, at), flag);
    return {text.substr(0, at), text.substr(at + 1)};
  }
  throw Error(
      Exit::kUsage,
      std::string(flag) + ": '" + printable(text) + "' is not NAME=FILE",
      std::string(flag) + " net=" + (at == text.npos ? text : "FILE"));
}

// The first one is MODEL.
std::vector<AskedNetwork> asked_networks(const ExportFlags& flags,
                                         const std::string& name) {
  std::vector<AskedNetwork> all = {
      {name, flags.model, flags.input, flags.labels, flags.head}};
  const auto find = [&](const std::string& wanted) {
    return std::ranges::find(all, wanted, &AskedNetwork::name);
  };
  for (const std::string& also : flags.also) {
    const auto [other, model] = split("--also", also);
    if (find(other) != all.end()) {
      throw Error(Exit::kUsage,
                  "--also: there is already a network '" + other + "'",
                  "give each network a name of its own");
    }
    all.push_back({other, model, "", "", ""});
  }
  if (all.size() > kMostNetworks) {
    throw Error(Exit::kUsage,
                "--also: " + std::to_string(all.size()) +
                    " networks, a board "
                    "has at most " +
                    std::to_string(kMostNetworks),
                "leave some out");
  }
  const auto set = [&](const char* flag, const std::vector<std::string>& given,
                       std::string AskedNetwork::*field) {
    for (const std::string& text : given) {
      const auto [other, file] = split(flag, text);
      const auto network = find(other);
      if (network == all.end() || network == all.begin()) {
        throw Error(
            Exit::kUsage,
            std::string(flag) + ": no --also has the name '" + other + "'",
            "--also " + other + "=MODEL");
      }
      (*network).*field = file;
    }
  };
  set("--also-input", flags.also_inputs, &AskedNetwork::input);
  set("--also-labels", flags.also_labels, &AskedNetwork::labels);
  return all;
}

// Each further network takes a node beside the arena, and so do networks that
// are sent. Times of layers lie there, too.
void reserve_memory(PlanRequest& request,
                    const std::vector<AskedNetwork>& networks, bool slots) {
  std::vector<Bank>& banks = request.node().board.banks;
  if (banks.empty()) return;
  size_t layers = 0;
  for (const AskedNetwork& n : networks) {
    layers =
        std::max(layers, planned_net(n.loaded.graph, request).layers.size());
  }
  banks[0].fixed_bytes +=
      static_cast<int64_t>(networks.size() - 1) * node_bytes_on_board() +
      (slots ? slot_node_bytes_on_board() : 0) +
      static_cast<int64_t>(timed_layers(layers, slots) * sizeof(uint32_t));
}

// Networks that are sent later may have all of --ram that the board has beside
// what lies next to the arena.
uint32_t sent_arena_bytes(const ExportFlags& flags, const PlanRequest& request,
                          const Application& a) {
  if (flags.slots.empty() || !flags.plan.ram) return 0;
  int64_t bytes = std::min<int64_t>(request.node().arena_budget(), UINT32_MAX);
  const std::vector<Bank>& banks = request.node().board.banks;
  if (!banks.empty()) {
    bytes = std::min(bytes,
                     banks[0].free_bytes() - a.kept_bytes() - a.head_bytes());
  }
  return static_cast<uint32_t>(std::max<int64_t>(bytes, 0) / 16 * 16);
}

// The variables of the networks that wait, and outputs that the application
// reads, lie beside the arena.
void check_kept(const PlanRequest& request, const Application& a) {
  const std::vector<Bank>& banks = request.cluster.nodes[0].board.banks;
  const int64_t kept = int64_t{a.kept_bytes()} + a.head_bytes();
  if (kept == 0 || banks.empty()) return;
  const Bank& bank = banks[0];
  const int64_t needs = a.arena_bytes() + kept;
  if (needs <= bank.free_bytes()) return;
  throw Error(Exit::kDoesNotFit,
              "the arena of " + format_bytes(a.arena_bytes()) + " and the " +
                  format_bytes(kept) +
                  (a.kept_bytes() > 0 ? " of variables of all networks" : "") +
                  (a.kept_bytes() > 0 && a.head_bytes() > 0 ? " and" : "") +
                  (a.head_bytes() > 0 ? " of outputs that app.cpp reads" : "") +
                  " are " + format_bytes(needs - bank.free_bytes()) +
                  " more than board " + a.board.name + " has",
              "--ram " + std::to_string(bank.free_bytes() - kept));
}

// A network with its program, and what its runtime must have.
ExportedNetwork made_network(const ExportFlags& flags, AskedNetwork& asked,
                             const PlanRequest& request, Needs& needs) {
  Graph graph = std::move(asked.loaded.graph);
  HeadWish head{.head = asked.head};
  if (asked.loaded.detection) {
    head.detection =
        std::make_shared<const DetectionOp>(*asked.loaded.detection);
  }
  std::vector<std::string> labels = read_labels(asked.labels);
  if (labels.empty()) labels = model_labels(asked.model);
  const std::vector<uint8_t> input =
      load_input(graph, asked.input.empty() ? kNoise : asked.input,
                 input_options(flags.pictures));
  const Prepared p = prepare(std::move(graph), request);
  ExportedNetwork made = make_network(p, request.node().board, input, head);
  if (!asked.head.empty() && !made.head.any()) {
    throw Error(Exit::kUnsupported,
                "--head " + printable(asked.head) +
                    ": app.cpp cannot read these outputs so",
                "leave it out: app.cpp then gets their rows");
  }
  describe(asked.model, asked.name, made);
  made.labels = std::move(labels);
  if (made.classes && !made.labels.empty() &&
      made.labels.size() != made.test_output.size()) {
    tell("warning: %zu labels for %zu classes; class 0 has the first one\n",
         made.labels.size(), made.test_output.size());
  }
  needs.add(needs_of(p.net, p.plan.nodes[0]));
  return made;
}

}  // namespace

int export_command(const ExportFlags& flags) {
  if (wants_cluster(flags.plan)) return export_cluster_command(flags);
  const std::pair<const char*, bool> of_clusters[] = {
      {"--insecure", flags.insecure}, {"--node", !flags.node.empty()}};
  for (const auto& [flag, is_given] : of_clusters) {
    if (!is_given) continue;
    throw Error(Exit::kUsage, std::string(flag) + " is for nodes of a cluster",
                "add --cluster FILE, or leave out " + std::string(flag));
  }
  if (!flags.key.empty() && flags.slots.empty()) {
    throw Error(
        Exit::kUsage,
        "--key is for nodes of a cluster, or for networks that are sent "
        "later",
        "give --cluster FILE or --slots SIZE with it, or leave it out");
  }
  if (flags.all_operators && flags.slots.empty()) {
    throw Error(Exit::kUsage,
                "--all-operators is for networks that are sent later",
                "give --slots SIZE with it");
  }
  const Ecosystem& ecosystem = find_ecosystem(flags.ecosystem);
  PlanRequest request = export_request(flags.plan, ecosystem);
  check_board(ecosystem, flags.plan.board);
  if (flags.folder.empty()) {
    throw Error(Exit::kUsage, "-o is missing",
                "give the folder of the project: -o DIR");
  }
  const std::string name = project_name(flags.name, flags.model);
  std::vector<AskedNetwork> asked = asked_networks(flags, name);
  std::vector<FileArgument> read;
  for (const AskedNetwork& n : asked) {
    const bool first = read.empty();
    read.push_back({first ? "MODEL" : "--also", n.model});
    read.push_back({first ? "INPUT" : "--also-input", n.input});
    read.push_back({first ? "--labels" : "--also-labels", n.labels});
  }
  check_files(read, {});
  for (AskedNetwork& n : asked)
    n.loaded = load_whole_model(n.model, flags.ends);
  reserve_memory(request, asked, !flags.slots.empty());
  std::vector<ExportedNetwork> networks;
  Needs needs;
  for (AskedNetwork& n : asked) {
    try {
      networks.push_back(made_network(flags, n, request, needs));
    } catch (const Error& e) {
      if (asked.size() == 1) throw;
      throw Error(e.code(), "network " + n.name + ": " + e.what(), e.fix());
    }
    request.given.reset();  // --plan is MODEL's
  }
  needs.decoders = networks[0].head.any();
  needs.slots = !flags.slots.empty();
  needs.ciphers = !flags.key.empty();
  if (flags.all_operators) needs.add(needs_of_all());
  needs.two_cores = request.node().board.costs.second.is_used();
  Application made =
      application_of(flags, ecosystem, name, find_board(flags.plan.board),
                     std::move(networks));
  if (!flags.listen.empty()) {
    made.listen = parse_udp_address(flags.listen, "--listen");
    if (udp_port(*made.listen) == 0) {
      throw Error(Exit::kUsage, "--listen: port 0 is none",
                  "give the port that `shoal send` is to use");
    }
    if (udp_ip(*made.listen) == 0 && kind_of(made.board) != "host") {
      throw Error(Exit::kUsage,
                  "--listen: `shoal send` reaches no board at 0.0.0.0",
                  "give the address that the board is to have");
    }
  }
  made.least_arena = sent_arena_bytes(flags, request, made);
  if (!flags.key.empty()) made.slot_key = read_key_file(flags.key);
  check_kept(request, made);
  const LaidOut out =
      lay_out(flags, ecosystem, flags.folder, std::move(made), needs);
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
      ecosystem.title, a.model_names().c_str(), a.board.name.c_str(),
      out.project.files().size() + 1);
  say("  program  %s, %s\n", format_bytes(a.image_bytes()).c_str(),
      a.networks.size() > 1 ? "constants" : "a constant");
  say("  arena    %s, static%s\n", format_bytes(a.arena_bytes()).c_str(),
      a.networks.size() > 1 ? ", of all networks" : "");
  if (a.slot_bytes > 0) {
    say("  slots    %s of flash, for `shoal send --program%s`\n",
        format_bytes(a.slot_bytes).c_str(), a.slot_key ? " --key" : "");
  }
  if (a.slot_key) {
    say("  key      in shoal_key.h, which .gitignore names\n");
  }
  if (a.head_bytes() > 0) {
    const Task task = a.networks[0].head.task;
    say("  %s; %s for the outputs\n",
        task == Task::kDetect   ? "boxes    app.cpp finds them"
        : task == Task::kPoints ? "points   app.cpp finds them"
                                : "mask     app.cpp finds it",
        format_bytes(a.head_bytes()).c_str());
  }
  say("  test     %s; README.md says how to build it\n",
      flags.input.empty() ? "random noise (pass an INPUT for a real test)"
                          : flags.input.c_str());
  return 0;
}

}  // namespace shoal
