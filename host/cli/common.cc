#include "host/cli/common.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/memory.h"
#include "host/base/parallel.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/asked.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/data/array/npz.h"
#include "host/data/image/random_input.h"
#include "host/data/sound/wav.h"
#include "host/engine/common/frame.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {

namespace {

// Parses the size of an arena: nothing is computed in no bytes.
int64_t parse_arena(const std::string& text, const char* flag) {
  const int64_t bytes = parse_size(text, flag);
  if (bytes > 0) return bytes;
  throw Error(Exit::kUsage,
              std::string(flag) + ": '" + text + "' is " +
                  std::to_string(bytes) + " B, in which nothing is computed",
              "give 1 B or more, such as 64K, or leave it out: a plan then has "
              "all that the board has");
}

void set_limits(const PlanFlags& flags, PlanRequest& request) {
  if (!flags.max_latency.empty()) {
    const int64_t most = parse_duration(flags.max_latency, "--max-latency");
    if (most == 0) {
      throw Error(Exit::kUsage,
                  "--max-latency: '" + flags.max_latency +
                      "' is not a time that a frame can take",
                  "give more than 0, such as 120ms");
    }
    request.limits.latency_s = static_cast<double>(most) * 1e-9;
  }
  if (!flags.max_traffic.empty()) {
    request.limits.traffic_bytes =
        parse_size(flags.max_traffic, "--max-traffic");
  }
  if (flags.plan_seconds > 0) request.limits.search_s = flags.plan_seconds;
  request.effort = flags.effort;
  request.jobs = flags.plan_jobs > 0 ? flags.plan_jobs : core_count();
  request.max_payload = payload_of(flags, request.cluster);
}

// A plan in a file has been searched for, so nothing is left to ask of a
// search.
void check_given_plan(const PlanFlags& flags) {
  const PlanFlags none;
  const std::pair<const char*, bool> of_searches[] = {
      {"--strategy", !flags.strategy.empty()},
      {"--cuts", !flags.cuts.empty()},
      {"--objective", flags.objective != none.objective},
      {"--max-latency", !flags.max_latency.empty()},
      {"--max-traffic", !flags.max_traffic.empty()},
      {"--plan-seconds", flags.plan_seconds > 0},
      {"--plan-jobs", flags.plan_jobs > 0},
      {"--effort", flags.effort > 1},
      {"--replay", flags.replay},
      {"--no-cache", flags.no_cache}};
  for (const auto& [flag, is_given] : of_searches) {
    if (!is_given) continue;
    throw Error(Exit::kUsage,
                std::string("--plan takes a plan as it is, and ") + flag +
                    " is for a search",
                "leave out one of them");
  }
}

// Says where the plan comes from: a file, plans found before, a search.
void set_source(const PlanFlags& flags, PlanRequest& request) {
  request.cached = !flags.no_cache;
  if (flags.plan.empty()) return;
  check_given_plan(flags);
  request.given = {flags.plan.path, flags.plan.text(files::kPlan)};
}

// Which names there are depends on whether there are nodes to cut over.
void check_strategy(const PlanFlags& flags, bool several) {
  const std::string& name = flags.strategy;
  if (name.empty()) return;
  if (!flags.cuts.empty()) {
    throw Error(Exit::kUsage, "--cuts and --strategy both say how to cut",
                "leave out one of them");
  }
  if (several && flags.replay && name != "auto") {
    throw Error(Exit::kUsage, "--replay does not go with --strategy " + name,
                "leave out one of them: only --strategy auto and --cuts give "
                "several nodes column tiles");
  }
  const bool cuts =
      name == "auto" || std::ranges::count(strategy_names(), name) > 0;
  if (several ? cuts : name == "single" || name == "auto") return;
  if (cuts) {
    throw Error(
        Exit::kUsage, "--strategy " + name + " is for several nodes",
        "leave it out; plan, run, verify, simulate, emulate and evaluate take "
        "--nodes N or --cluster FILE");
  }
  if (name == "single") {
    throw Error(Exit::kUsage, "--strategy single is for one node without links",
                "leave out the nodes, or one of: auto, " + strategy_list());
  }
  throw Error(Exit::kUsage, "--strategy: '" + name + "' is unknown",
              (several ? "one of: auto, "
                       : "one of: auto, single; with several nodes auto, ") +
                  strategy_list());
}

// A pipe has no name that says what it carries: as many bytes as the input
// has are raw, others say themselves what they are (arrays, sound, pictures).
// A picture of just as many bytes is refused, because it could be either.
}  // namespace

std::vector<uint8_t> unnamed_input(const Graph& graph, const std::string& name,
                                   std::span<const uint8_t> bytes,
                                   const InputOptions& options,
                                   InputRemarks& remarks) {
  const int64_t wanted = input_file_bytes(graph);
  const bool raw = static_cast<int64_t>(bytes.size()) == wanted;
  if (!raw && !options.real_bins) {
    const char* const kind = is_npy(bytes)   ? ".npy"
                             : is_npz(bytes) ? ".npz"
                             : is_wav(bytes) ? ".wav"
                                             : "";
    return file_input(graph, name + kind, bytes, options, &remarks);
  }
  if (!is_picture(bytes)) {
    return file_input(graph, name + ".bin", bytes, options, &remarks);
  }
  throw Error(Exit::kUsage,
              name + ": a picture of " + format_count(wanted) +
                  " bytes has as many as the model's raw input",
              "give a file, whose name says which it is");
}

void set_budgets(const PlanFlags& flags, Cluster& cluster) {
  std::optional<int64_t> ram, most;
  if (flags.ram) ram = parse_arena(*flags.ram, "--ram");
  if (!flags.max_arena.empty()) {
    most = parse_arena(flags.max_arena, "--max-arena");
  }
  for (ClusterNode& n : cluster.nodes) {
    n.max_arena = most;
    if (!ram || (n.ram && *n.ram < *ram)) continue;
    n.ram = ram;
    n.ram_source = ClusterNode{}.ram_source;
  }
}

uint32_t payload_of(const PlanFlags& flags, const Cluster& cluster,
                    uint32_t most) {
  if (!flags.payload) return cluster.link_payload();
  return bytes_within(*flags.payload, kLeastPayload,
                      std::min(most, cluster.most_payload()), "--payload");
}

bool wants_cluster(const PlanFlags& flags) {
  return flags.nodes || !flags.cluster.empty() || !flags.cuts.empty();
}

namespace {

// Gives virtual nodes the storages of their own that they read.
Cluster with_storage(Cluster cluster, const StorageFlags& flags) {
  for (ClusterNode& node : cluster.nodes) {
    if (flags.flash) node.flash_weights = parse_size(*flags.flash, "--flash");
    if (!flags.storage.empty()) {
      node.storage = find_storage(node.board, flags.storage).name;
    }
    // A program that is not mapped comes over the network, sealed as well.
    node.sealed = !flags.no_encrypt;
  }
  return cluster;
}

Cluster plain_cluster(const PlanFlags& flags) {
  if (flags.cluster.empty()) {
    if (!flags.nodes) {
      throw Error(Exit::kUsage, "--cuts needs nodes",
                  "add --nodes N or --cluster FILE");
    }
    Cluster cluster =
        uniform_cluster(*flags.nodes, find_board(flags.board), {});
    for (ClusterNode& n : cluster.nodes) n.all_banks = flags.banks == "all";
    return cluster;
  }
  if (flags.nodes || flags.ram || flags.board != PlanFlags{}.board ||
      flags.banks != PlanFlags{}.banks) {
    throw Error(Exit::kUsage,
                "--cluster says how many nodes there are and what they have",
                "leave out --nodes, --ram, --board and --banks");
  }
  return parse_cluster(flags.cluster.path, flags.cluster.text());
}

}  // namespace

Cluster cluster_of(const PlanFlags& flags) {
  Cluster cluster = with_storage(plain_cluster(flags), flags.storage);
  set_budgets(flags, cluster);
  return cluster;
}

void require_one_bank(const Cluster& cluster, const std::string& who) {
  for (const ClusterNode& n : cluster.nodes) {
    if (!n.all_banks) continue;
    throw Error(Exit::kUsage,
                "node '" + n.name + "' has banks = \"all\", and " + who +
                    " have their arena's alone",
                "leave it out");
  }
}

bool has_addresses(const Cluster& cluster) {
  return std::ranges::any_of(
      cluster.nodes, [](const ClusterNode& n) { return !n.address.empty(); });
}

namespace {

// Throws Error(kUsage) if shoal does not use two cores of the board.
void set_cores(const PlanFlags& flags, ClusterNode& node) {
  if (!flags.cores) return;
  if (*flags.cores == 1) return use_one_core(node);
  if (node.board.costs.second.is_used()) return;
  throw Error(Exit::kUsage,
              "--cores 2: shoal uses one core of board " + node.board.name,
              "leave it out");
}

}  // namespace

PlanRequest linked_request(const PlanFlags& flags, Cluster cluster) {
  check_strategy(flags, true);
  for (ClusterNode& n : cluster.nodes) set_cores(flags, n);
  PlanRequest request =
      linked_nodes(cluster, flags.strategy, objective_of(flags.objective));
  // Nodes start both cores where the board's shoal does, or say that they use
  // one.
  request.cluster = std::move(cluster);
  if (!flags.cuts.empty()) {
    request.cuts_file = {flags.cuts.path, flags.cuts.text()};
  }
  request.replay = flags.replay;
  set_limits(flags, request);
  set_source(flags, request);
  return request;
}

namespace {

PlanRequest node_request(const PlanFlags& flags) {
  check_strategy(flags, false);
  require_flag(EngineKind::kNode, flags.banks != PlanFlags{}.banks,
               {"--banks", Ability::kBanks});
  PlanRequest request = one_node(find_board(flags.board));
  set_cores(flags, request.node());
  set_budgets(flags, request.cluster);
  request.strategy = flags.strategy;
  request.objective = objective_of(flags.objective);
  request.batch = flags.batch;
  request.replay = flags.replay;
  set_storage_options(flags.storage, request);
  set_limits(flags, request);
  set_source(flags, request);
  return request;
}

}  // namespace

PlanRequest plan_request(const PlanFlags& flags) {
  if (!wants_cluster(flags)) return node_request(flags);
  require_flags(EngineKind::kVirtual, flags);
  return linked_request(flags, cluster_of(flags));
}

PlanRequest emulated_request(const PlanFlags& flags) {
  PlanRequest request = node_request(flags);
  request.node().sealed = false;  // the firmware has no key
  // Without a storage a board only measures.
  const auto runs = [](const Board& b) {
    return b.emulator && b.emulator->storage_bytes > 0;
  };
  if (runs(request.node().board)) return request;
  std::string known;
  for (const std::string& id : board_ids()) {
    if (!runs(find_board(id))) continue;
    known += (known.empty() ? "" : ", ") + id;
  }
  throw Error(Exit::kUsage,
              "board " + request.node().board.name + " cannot be emulated here",
              "use --board with one of: " + known);
}

void require_operands(const char* verb, const std::string& model,
                      const PlanFlags& plan, const char* name,
                      const std::string& operand) {
  const std::string help = std::string("see `shoal ") + verb + " --help`";
  if (model.empty() && plan.storage.store.empty()) {
    const bool stores = std::string_view(verb) != "emulate";
    throw Error(
        Exit::kUsage, "MODEL is required",
        stores ? help + "; --store DIR of a built store does without" : help);
  }
  if (operand.empty()) {
    throw Error(Exit::kUsage, std::string(name) + " is required", help);
  }
}

InputOptions input_options(const PictureFlags& flags) {
  InputOptions options;
  options.real_bins = flags.bin == "float32";
  if (flags.fit == "crop") options.fit = Fit::kCrop;
  if (flags.fit == "letterbox") options.fit = Fit::kLetterbox;
  if (flags.mean.empty() && flags.deviation.empty()) return options;
  for (const float m : flags.mean) {
    if (std::isfinite(m)) continue;
    throw Error(Exit::kUsage,
                "--mean: " + std::to_string(m) + " is not a number",
                "give a number");
  }
  for (const float d : flags.deviation) {
    if (std::isfinite(d) && d >= 1) continue;
    throw Error(Exit::kUsage,
                "--std: " + std::to_string(d) +
                    " is not a deviation of pixels, which are 0 to 255",
                "give a number from 1; those for values of 0 to 1 times 255, "
                "and --mean too");
  }
  options.normalization = Normalization{flags.mean, flags.deviation};
  return options;
}

std::vector<uint8_t> load_input(const Graph& graph, const std::string& path,
                                const InputOptions& options) {
  if (is_random_input(path)) return random_input(graph, random_seed_of(path));
  InputRemarks remarks;
  const std::vector<uint8_t> values = with_memory_for("the input " + path, [&] {
    if (path == "-") {
      return unnamed_input(graph, "stdin", read_stdin(files::kInput), options,
                           remarks);
    }
    return file_input(graph, path, read_file(path, files::kInput), options,
                      &remarks);
  });
  tell_remarks(remarks);
  return values;
}

void tell_remarks(const InputRemarks& remarks) {
  if (!remarks.note.empty()) tell("%s\n", remarks.note.c_str());
  if (!remarks.doubt.empty()) tell("warning: %s\n", remarks.doubt.c_str());
}

void tell_note(const Dataset& data, const Graph& graph) {
  const std::string note = data.note(graph);
  if (!note.empty()) tell("%s\n", note.c_str());
}

namespace {

std::string source_text(const Prepared& p, const PlanRequest& request) {
  switch (p.source) {
    case PlanSource::kCache:
      return "was found in the cache";
    case PlanSource::kFile:
      return "was read from " + request.given->name;
    case PlanSource::kSearch:
      break;
  }
  return "was searched for " + format_time(p.plan_s);
}

}  // namespace

void tell_plan(const Prepared& p, const PlanRequest& request) {
  if (!is_verbose()) return;
  const auto working = std::ranges::count_if(
      p.plan.nodes, [](const PlanNode& n) { return !n.stages.empty(); });
  tell_more("the plan " + source_text(p, request) +
            ", and the checker accepts it");
  tell_more("it uses " + std::to_string(working) +
            (working == 1 ? " node" : " nodes") + " by strategy " +
            p.plan.strategy + "; a frame takes " +
            format_time(p.plan.latency_s / p.net.frames) + " (modelled)");
}

}  // namespace shoal
