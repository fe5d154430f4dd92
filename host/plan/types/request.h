// The request for a plan: the nodes with their memory and storage, how layers
// are cut over them, and what counts. A node alone is a cluster of one.
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
  std::optional<double> search_s = {};  // of planning; then the best so far
  bool any() const { return latency_s || traffic_bytes; }
};

// A file of --cuts or --plan: its name for messages, and its text.
struct PlanText {
  std::string name, text;
};

struct PlanRequest {
  Cluster cluster;  // with budgets, storages and seals
  // True if rows come and go over links. Those of several nodes always do.
  bool linked = false;
  // The cuts of a linked plan: as given, else as the file says, else by
  // strategy. Without links `single` is `auto` in the order of the net.
  std::optional<Cuts> cuts = {};
  std::optional<PlanText> cuts_file = {};
  std::string strategy = {};  // empty: "auto"
  // True for one of many plans that are compared with each other: strategy auto
  // tries fewer numbers of nodes, and does not say why nodes are left out.
  bool compared = false;
  Objective objective = Objective::kLatency;
  PlanLimits limits = {};
  // How many times as much is searched as by default, about; from 1 on. More is
  // never worse. 0: of the many plans that a limit is looked for among.
  int effort = 1;
  // The price of a byte of traffic, in seconds, beside the time that it takes:
  // where the least time is looked for, plans that send less may take so much
  // longer.
  double byte_s = 0;
  uint32_t max_payload = kUdpPayload;  // of the links' datagrams
  int batch = 1;  // frames of the model in one, of a node without links
  // True if layers may be made in tiles, for which rows of an input come again
  // from the top.
  bool replay = false;
  int64_t max_writes = 0;     // bytes that a frame may spill
  double years = 0, fps = 0;  // the storage must live so long with spills
                              // of that many frames a second; 0: any time
  // The plan that is taken, after it was checked, in place of a search for one.
  std::optional<PlanText> given = {};
  // True if a plan that was found before may be taken (plan/file/plan_cache.h),
  // and is kept if it was not.
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

// Returns a node without links.
PlanRequest one_node(const Board&, std::optional<int64_t> ram = {});
// Makes a request for nodes with links, also a single one.
PlanRequest linked_nodes(Cluster, std::string strategy = "spatial",
                         Objective = Objective::kLatency);
PlanRequest linked_nodes(Cluster, Cuts, Objective = Objective::kLatency);

}  // namespace shoal
