#include "host/study/point.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/base/error.h"
#include "host/data/image/random_input.h"
#include "host/engine/virtual/critical_path.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/study/points.h"

namespace shoal {
namespace {

constexpr double kSecond_s = 1e-9;  // of a nanosecond

// A slow link is no lost node, and one that never gets done is no point.
constexpr Nanos kSilent = 60 * kSecond;
// A congested link shows soon.
constexpr uint64_t kMaxEvents = 4'000'000, kMaxEventsOfALink = 1'000'000;

Cluster cluster_of(const Setting& s, Board board) {
  if (s.link.framing_bytes) board.framing_bytes = *s.link.framing_bytes;
  if (s.link.bits_per_s > 0) board.link_bits_per_s = s.link.bits_per_s;
  Cluster cluster = uniform_cluster(s.nodes, board, s.ram);
  const double sum = std::accumulate(s.clocks.begin(), s.clocks.end(), 0.0);
  for (size_t k = 0; k < s.clocks.size() && k < cluster.nodes.size(); ++k) {
    ClusterNode& node = cluster.nodes[k];
    node.board.clock_hz *= s.clocks[k] * s.nodes / sum;
    node.rating = board_rating(node.board);
  }
  return cluster;
}

void take_plan(const Plan& plan, Point& point) {
  for (const PlanNode& node : plan.nodes) {
    point.arena_bytes = std::max<int64_t>(point.arena_bytes, node.arena_bytes);
    point.program_bytes =
        std::max<int64_t>(point.program_bytes, node.program_bytes);
    point.macs = std::max(point.macs, node.macs);
    point.total_macs += node.macs;
  }
  point.row_bytes = plan.traffic_bytes;
  point.modelled_s = plan.latency_s;
}

void take_shares(const SimResult& result, Point& point) {
  const auto count = static_cast<double>(result.nodes.size());
  for (const EndpointReport& node : result.nodes) {
    const PortTimes& t = node.times;
    const double compute = static_cast<double>(t.slices + t.other) * kSecond_s;
    const double talk =
        static_cast<double>(t.receiving + t.sending) * kSecond_s;
    point.node_compute_s += compute / count;
    point.node_communication_s += talk / count;
    point.sent_bytes += static_cast<int64_t>(node.traffic.sent_bytes);
    point.sent_row_bytes += static_cast<int64_t>(node.link.row_bytes);
  }
  point.sent_bytes +=
      static_cast<int64_t>(result.coordinator.traffic.sent_bytes);
  point.sent_row_bytes +=
      static_cast<int64_t>(result.coordinator.link.row_bytes);
  point.node_waiting_s =
      point.latency_s - point.node_compute_s - point.node_communication_s;
}

void take_path(const Prepared& p, const Cluster& cluster,
               const SimResult& result, const Recorder& recorder,
               Point& point) {
  const FrameTime& frame = result.frames.front();
  // The coordinator has the last word of a frame.
  const auto coordinator = static_cast<uint32_t>(cluster.nodes.size());
  const PathSums sums = sum_up(
      critical_path(recorder, coordinator, frame.submitted, frame.finished),
      p.plan);
  const auto seconds = [&](Reason reason) {
    const auto found = sums.by_reason.find(reason);
    return found == sums.by_reason.end()
               ? 0.0
               : static_cast<double>(found->second) * kSecond_s;
  };
  point.compute_s = seconds(Reason::kCompute) + seconds(Reason::kFlash) +
                    seconds(Reason::kOther);
  point.communication_s = seconds(Reason::kDatagrams) + seconds(Reason::kWire);
  point.waiting_s = seconds(Reason::kTimer) + seconds(Reason::kStorage);
  std::vector<std::string> names, layers;
  for (const PlanNode& node : p.plan.nodes) names.push_back(node.name);
  names.push_back("coordinator");
  for (const Layer& layer : p.net.layers) layers.push_back(layer.name);
  point.bound =
      describe(sums, waits(recorder, p.plan, frame.submitted, frame.finished),
               names, layers);
}

void simulate(std::shared_ptr<const Prepared> p, const Cluster& cluster,
              const Setting& s, Point& point) {
  Recorder recorder(static_cast<uint32_t>(cluster.nodes.size()) + 1);
  SimOptions options;
  options.max_payload = s.link.max_payload;
  options.warm_up = true;
  options.timeout_us = kSilent / kMicrosecond;
  options.max_events = s.link.bits_per_s > 0 ? kMaxEventsOfALink : kMaxEvents;
  options.recorder = &recorder;
  VirtualEngine engine(p, cluster, options);
  // The picture's contents do not change the time.
  run_frame(engine, random_input(p->graph, 1));
  point.latency_s = engine.result().latency_s();
  take_shares(engine.result(), point);
  take_path(*p, cluster, engine.result(), recorder, point);
}

}  // namespace

std::string describe(const Setting& s) {
  std::string text = fmt::format("{}, {} node{}", s.strategy, s.nodes,
                                 s.nodes == 1 ? "" : "s");
  if (s.side > 0) text += fmt::format(", {0}x{0}", s.side);
  if (s.objective == Objective::kRam) text += ", least RAM";
  if (s.ram) text += fmt::format(", {:.1f} KB", *s.ram / 1024.0);
  if (!s.clocks.empty()) text += ", unequal clocks";
  if (s.link.bits_per_s > 0) {
    text += fmt::format(", {:g} Mbit/s", s.link.bits_per_s / 1e6);
  }
  return text;
}

Point measure(const Graph& graph, const Setting& s, const Board& board,
              const PlanText* cuts) {
  Point point;
  try {
    const Cluster cluster = cluster_of(s, board);
    PlanRequest request = linked_nodes(cluster, s.strategy, s.objective);
    if (cuts != nullptr) request.cuts_file = *cuts;
    request.max_payload = s.link.max_payload;
    const auto prepared =
        std::make_shared<const Prepared>(prepare(graph, request));
    take_plan(prepared->plan, point);
    if (s.simulated) simulate(prepared, cluster, s, point);
  } catch (const Error& e) {
    return failed_point<Point>(e);
  }
  return point;
}

}  // namespace shoal
