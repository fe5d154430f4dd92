// The request for a plan: the nodes with their memory and storage, how layers
// are cut over them, and the objective. A node alone is a cluster of one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "device/port/payload.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/objective.h"

namespace shoal {

// The limits that a plan must keep besides the nodes' budgets.
struct PlanLimits {
  std::optional<double> latency_s = {};
  std::optional<int64_t> traffic_bytes = {};
  std::optional<double> search_s = {};  // of planning; then it ends
  bool any() const { return latency_s || traffic_bytes; }
};

// A file of --cuts or --plan: its name for messages, and its text.
struct PlanText {
  std::string name, text;
};

struct PlanRequest {
  Cluster cluster;  // with budgets, storages and seals
  // True if rows travel over links; always the case with several nodes.
  bool linked = false;
  // The cuts of a linked plan: these, else those of the file, else those of the
  // strategy. Without links `single` is `auto` in the order of the net.
  std::optional<Cuts> cuts = {};
  std::optional<PlanText> cuts_file = {};
  std::string strategy = {};  // empty: "auto"
  // True for one of many plans that are compared with each other: strategy auto
  // tries fewer numbers of nodes, and does not say why nodes are left out.
  bool compared = false;
  Objective objective = Objective::kLatency;
  PlanLimits limits = {};
  // About how many times as much is searched as by default, from 1 on. More is
  // never worse. 0: for one of the many plans among which a limit is looked
  // for.
  int effort = 1;
  // Threads of the search, which share searches that are independent of each
  // other. The plan does not depend on it.
  int jobs = 1;
  // The price of a byte of traffic, in seconds, in addition to the time that it
  // takes: with the least time as the objective, a plan that sends less may
  // take that much longer.
  double byte_s = 0;
  uint32_t max_payload = kUdpPayload;  // of the links' datagrams
  int batch = 1;  // frames of the model in one, of a node without links
  // True if layers may be made in tiles, which read rows of an input again from
  // the top.
  bool replay = false;
  int64_t max_writes = 0;  // bytes that a frame may spill
  // With spills at `fps`, the storage must live `years`; 0: any time.
  double years = 0, fps = 0;
  // The plan to take, after it was checked, instead of a search.
  std::optional<PlanText> given = {};
  // True if a stored plan of an equal request may be taken
  // (plan/file/plan_cache.h), and a new one is stored.
  bool cached = false;

  bool has_own_cuts() const { return cuts || cuts_file; }
  // True if the request leaves the cuts of layers to the search.
  bool is_auto() const {
    return !has_own_cuts() && (strategy.empty() || strategy == "auto");
  }
  bool over_links() const { return linked || cluster.nodes.size() > 1; }
  // Returns the first node; of a node alone the only one.
  ClusterNode& node() { return cluster.nodes.at(0); }
  const ClusterNode& node() const { return cluster.nodes.at(0); }
};

// Makes a request for a node without links.
PlanRequest one_node(const Board&, std::optional<int64_t> ram = {});
// Make a request for nodes with links, also for a single one. Most of such
// nodes start no second core (use_linked_cores()).
PlanRequest linked_nodes(Cluster, std::string strategy = "spatial",
                         Objective = Objective::kLatency);
PlanRequest linked_nodes(Cluster, Cuts, Objective = Objective::kLatency);

}  // namespace shoal
