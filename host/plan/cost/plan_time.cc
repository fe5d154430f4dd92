#include "host/plan/cost/plan_time.h"

#include <algorithm>
#include <utility>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

double seconds(int64_t ps) { return static_cast<double>(ps) / kPicoseconds; }

int64_t weight_sum(const Net& net, const PlanStage& stage, const PlanActor& a) {
  int64_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    bytes += chunk_bytes(net, stage, a, c);
  }
  return bytes;
}

const char* bound_of(const FeedTime& t, int64_t datagrams_ps) {
  const std::pair<int64_t, const char*> core[] = {{t.compute_ps, "compute"},
                                                  {t.flash_ps, "flash"},
                                                  {t.firing_ps, "firings"},
                                                  {t.check_ps, "checks"},
                                                  {datagrams_ps, "datagrams"}};
  if (t.storage_ps > t.total_ps - t.wait_ps) return "storage";
  const auto* most = &core[0];
  for (const auto& c : core) {
    if (c.first > most->first) most = &c;
  }
  return most->second;
}

void count_weights(const Net& net, const PlanStage& stage, const PlanActor& a,
                   PlanNode& node) {
  if (a.weights.chunks.empty()) return;
  (a.weights.place == WeightPlace::kMapped ? node.flash_weight_bytes
   : a.weights.place == WeightPlace::kSram ? node.sram_weight_bytes
                                           : node.tape_bytes) +=
      weight_sum(net, stage, a);
}

// `times`: those of a rehearsal, or null.
void model_stage(const Net& net, const Supply& supply, const PortTimes* times,
                 PlanNode& node, PlanStage& stage) {
  const int64_t record = entry_record(net, node, stage);
  const FeedTime t = feed_time(net, stage, supply, record);
  stage.macs = stage.firings = stage.weight_read_bytes = 0;
  for (const PlanActor& a : stage.actors) {
    stage.macs += actor_macs(net, stage, a);
    const LayerTime actor = actor_time(net, stage, a, *supply.board);
    stage.firings += actor.firings;
    if (a.weights.place == WeightPlace::kMapped) {
      stage.weight_read_bytes += actor.weight_read_bytes;
    } else if (a.weights.keep) {
      stage.weight_read_bytes += weight_sum(net, stage, a);
    }
    // Layers may share weights in flash, so those are counted elsewhere.
    if (!times || !node.storage.empty() || a.weights.keep) {
      count_weights(net, stage, a, node);
    }
  }
  stage.weight_read_bytes +=
      t.bytes - record - (t.requests - (record ? 1 : 0)) * kTagBytes;
  stage.storage_read_bytes = t.bytes;
  stage.compute_s = seconds(t.compute_ps);
  stage.flash_s = seconds(t.flash_ps);
  stage.storage_s = seconds(t.storage_ps);
  stage.check_s = seconds(t.check_ps);
  const Nanos talk = times ? times->receiving + times->sending : 0;
  const int64_t core_ps =
      times ? (talk + times->slices) * kPicosPerNano + t.check_ps : 0;
  // A linked node talks while it waits for storage.
  stage.seconds = seconds(std::max(core_ps, t.total_ps));
  stage.bound = bound_of(t, talk * kPicosPerNano);
  node.macs += stage.macs;
  node.weight_read_bytes += stage.weight_read_bytes;
  node.storage_read_bytes += stage.storage_read_bytes;
}

// A row that two nodes exchange counts once.
void count_traffic(Plan& plan) {
  plan.traffic_bytes = 0;
  for (PlanNode& n : plan.nodes) n.sent_bytes = n.received_bytes = 0;
  for (const StreamEdge& e : stream_edges(plan)) {
    plan.traffic_bytes += e.bytes();
    if (e.from.node >= 0) plan.nodes[e.from.node].sent_bytes += e.bytes();
    if (e.to.node >= 0) plan.nodes[e.to.node].received_bytes += e.bytes();
  }
}

}  // namespace

FeedTime stage_feed(const Net& net, const PlanNode& node,
                    const PlanStage& stage, const Supply& supply) {
  return feed_time(net, stage, supply, entry_record(net, node, stage));
}

int64_t node_time_ps(const Net& net, const PlanNode& node, const Supply& supply,
                     StageMemo* memo) {
  int64_t ps = 0;
  for (const PlanStage& stage : node.stages) {
    const int64_t record = entry_record(net, node, stage);
    ps += memo ? memo->total_ps(net, stage, supply, record)
               : feed_time(net, stage, supply, record).total_ps;
  }
  return ps;
}

std::vector<Supply> supplies_of(const Cluster& cluster, const Plan& plan) {
  std::vector<Supply> supplies;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    const Board& board = cluster.nodes[n].board;
    const Storage* storage =
        node.storage.empty() ? nullptr : &find_storage(board, node.storage);
    supplies.push_back({&board, storage, node.sealed});
  }
  return supplies;
}

void model_plan(const Net& net, const std::vector<Supply>& supplies,
                uint32_t max_payload, Plan& plan, RehearsalMemo* memo) {
  Rehearsal frame;
  if (plan.linked) {
    frame = memo ? memo->rehearse(net, supplies, max_payload, plan)
                 : rehearse(net, supplies, max_payload, plan);
    count_traffic(plan);
  }
  plan.model_macs = net.model_macs;
  plan.macs = 0;
  plan.latency_s = static_cast<double>(frame.latency) * 1e-9;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanNode& node = plan.nodes[n];
    node.macs = node.weight_read_bytes = node.storage_read_bytes = 0;
    node.flash_weight_bytes = node.sram_weight_bytes = node.tape_bytes = 0;
    node.seconds = 0;
    for (size_t s = 0; s < node.stages.size(); ++s) {
      model_stage(net, supplies[n], plan.linked ? &frame.stages[n][s] : nullptr,
                  node, node.stages[s]);
      node.seconds += node.stages[s].seconds;
    }
    if (!plan.linked) {
      node.seconds = seconds(node_time_ps(net, node, supplies[n]));
      plan.latency_s = std::max(plan.latency_s, node.seconds);
    }
    plan.macs += node.macs;
  }
}

}  // namespace shoal
