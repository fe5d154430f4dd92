// One point of a study: a model at an input size, cut over a number of nodes in
// one way, planned, and, if asked, simulated for one frame.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device/port/payload.h"
#include "host/board/board.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/request.h"

namespace shoal {

// The nodes' links, in place of the board's.
struct StudyLink {
  double bits_per_s = 0;  // 0: the board's link
  uint32_t max_payload = kUdpPayload;
  std::optional<double> framing_bytes;
  auto operator<=>(const StudyLink&) const = default;
};

struct Setting {
  int side = 0;          // rows and columns of the picture; 0: the model's own
  std::string strategy;  // or the name of a cuts file
  int nodes = 1;
  Objective objective = Objective::kLatency;
  bool simulated = false;
  std::optional<int64_t> ram;  // arena of every node; none: its board's
  std::vector<int> clocks;     // the nodes' clocks relative to each other, the
                               // sum that of equal nodes; empty: equal
  StudyLink link;
  auto operator<=>(const Setting&) const = default;
};
// "spatial, 8 nodes, 112x112".
std::string describe(const Setting&);

struct Point {
  std::string error;       // why there is none; empty: there is one
  bool is_broken = false;  // the error is shoal's own

  // Planned. The largest of any node:
  int64_t arena_bytes = 0, program_bytes = 0, macs = 0;
  int64_t total_macs = 0;  // of all nodes
  int64_t row_bytes = 0;   // a frame, between nodes
  double modelled_s = 0;

  // Simulated: one frame of an idle cluster. Where its time went, along the
  // critical path; the parts add up to the latency.
  double latency_s = 0, compute_s = 0, communication_s = 0, waiting_s = 0;
  // The same of the mean node.
  double node_compute_s = 0, node_communication_s = 0, node_waiting_s = 0;
  int64_t sent_bytes = 0;      // in datagrams, of all nodes
  int64_t sent_row_bytes = 0;  // of these, rows
  std::string bound;           // why it is not faster
};

// `graph` has the setting's size already; `cuts` is null unless the strategy
// is a file. Never throws Error: it becomes the point's.
Point measure(const Graph& graph, const Setting&, const Board&,
              const PlanText* cuts);

}  // namespace shoal
