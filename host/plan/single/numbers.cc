#include "host/plan/single/numbers.h"

#include <algorithm>
#include <utility>

#include "device/program/record.h"
#include "host/plan/arena/layout.h"
#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

double seconds(int64_t ps) { return static_cast<double>(ps) / kPicoseconds; }

// Read when the stage is entered: the only record need not be read again.
int64_t entry_record(const Net& net, const PlanNode& node,
                     const PlanStage& stage) {
  if (node.layout.record_bytes == 0 || node.stages.size() < 2) return 0;
  return record_bytes(count_tables(net, stage));
}

const char* bound_of(const FeedTime& t) {
  const std::pair<int64_t, const char*> core[] = {{t.compute_ps, "compute"},
                                                  {t.flash_ps, "flash"},
                                                  {t.firing_ps, "firings"},
                                                  {t.check_ps, "checks"}};
  if (t.storage_ps > t.total_ps - t.wait_ps) return "storage";
  const auto* most = &core[0];
  for (const auto& c : core) {
    if (c.first > most->first) most = &c;
  }
  return most->second;
}

int64_t weight_sum(const Net& net, const PlanActor& a) {
  int64_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    bytes += chunk_bytes(net.layers[a.layer], c);
  }
  return bytes;
}

void model_stage(const Net& net, const Supply& supply, const PlanNode& node,
                 PlanStage& stage) {
  const FeedTime t = stage_feed(net, node, stage, supply);
  const bool record = entry_record(net, node, stage) > 0;
  stage.macs = stage.firings = stage.weight_read_bytes = 0;
  for (const PlanActor& a : stage.actors) {
    stage.macs += actor_macs(net, stage, a);
    const LayerTime actor = actor_time(net, stage, a, *supply.board);
    stage.firings += actor.firings;
    if (a.weights.place == WeightPlace::kMapped) {
      stage.weight_read_bytes += actor.weight_read_bytes;
    } else if (a.weights.keep) {
      stage.weight_read_bytes += weight_sum(net, a);
    }
  }
  stage.weight_read_bytes += t.bytes - entry_record(net, node, stage) -
                             (t.requests - (record ? 1 : 0)) * kTagBytes;
  stage.storage_read_bytes = t.bytes;
  stage.seconds = seconds(t.total_ps);
  stage.compute_s = seconds(t.compute_ps);
  stage.flash_s = seconds(t.flash_ps);
  stage.storage_s = seconds(t.storage_ps);
  stage.check_s = seconds(t.check_ps);
  stage.bound = bound_of(t);
}

}  // namespace

void count_weights(const Net& net, const PlanStage& stage, PlanNode& node) {
  for (const PlanActor& a : stage.actors) {
    if (a.weights.chunks.empty()) continue;
    const int64_t bytes = weight_sum(net, a);
    (a.weights.place == WeightPlace::kMapped ? node.flash_weight_bytes
     : a.weights.place == WeightPlace::kSram ? node.sram_weight_bytes
                                             : node.tape_bytes) += bytes;
  }
}

FeedTime stage_feed(const Net& net, const PlanNode& node,
                    const PlanStage& stage, const Supply& supply) {
  return feed_time(net, stage, supply, entry_record(net, node, stage));
}

int64_t node_time_ps(const Net& net, const PlanNode& node,
                     const Supply& supply) {
  int64_t ps = 0;
  for (const PlanStage& stage : node.stages) {
    ps += stage_feed(net, node, stage, supply).total_ps;
  }
  return ps;
}

void model_numbers(const Net& net, const Supply& supply, Plan& plan) {
  plan.model_macs = net.model_macs;
  plan.macs = 0;
  plan.latency_s = 0;
  for (PlanNode& node : plan.nodes) {
    node.macs = node.weight_read_bytes = node.storage_read_bytes = 0;
    node.flash_weight_bytes = node.sram_weight_bytes = node.tape_bytes = 0;
    node.seconds = seconds(node_time_ps(net, node, supply));
    for (PlanStage& stage : node.stages) {
      model_stage(net, supply, node, stage);
      count_weights(net, stage, node);
      node.macs += stage.macs;
      node.weight_read_bytes += stage.weight_read_bytes;
      node.storage_read_bytes += stage.storage_read_bytes;
    }
    plan.macs += node.macs;
    plan.latency_s = std::max(plan.latency_s, node.seconds);
  }
}

}  // namespace shoal
