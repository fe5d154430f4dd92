#include "host/plan/cost/program_size.h"

#include <algorithm>
#include <array>
#include <set>

#include "device/program/record.h"
#include "host/plan/cost/tape.h"
#include "host/plan/types/stream_table.h"
#include "host/plan/types/variables.h"

namespace shoal {
namespace {

// The numbers on which the bytes of a chunk depend.
using ChunkKey = std::array<int, 9>;

ChunkKey key_of(const Net& net, const PlanStage& stage, const PlanActor& a,
                const PlanChunk& c) {
  const Layer& layer = net.layers[size_t(a.layer)];
  const int owner = layer.weights_of < 0 ? a.layer : layer.weights_of;
  ChunkKey key{owner, c.out0, c.out_n, c.in0, c.in_n};
  if (layer.op == OpCode::kConstant) {
    const Box& out = stage.ports[size_t(a.out)].box;
    key[5] = out.x0, key[6] = out.x1, key[7] = out.c0, key[8] = out.c1;
  } else if (layer.op != OpCode::kDepthwise && a.in[0] >= 0) {
    const Box& in = stage.ports[size_t(a.in[0])].box;
    key[5] = in.c0, key[6] = in.c1;
  }
  return key;
}

int64_t weights_of(const Net& net, const PlanNode& node) {
  const bool has_store = reads_storage(node);
  std::set<ChunkKey> seen;
  int64_t bytes = 0;
  for (const PlanStage& stage : node.stages) {
    for (const PlanActor& a : stage.actors) {
      const WeightPlace place = a.weights.place;
      if (a.copy || place == WeightPlace::kTape) continue;
      if (place == WeightPlace::kSram && has_store) continue;
      for (const PlanChunk& c : a.weights.chunks) {
        if (!seen.insert(key_of(net, stage, a, c)).second) continue;
        bytes += align_up(chunk_bytes(net, stage, a, c) + kTagBytes);
      }
    }
  }
  return bytes;
}

int64_t tables_of(const Net& net, const Plan& plan, const PlanNode& node,
                  const std::vector<StageEnds>* ends) {
  const auto is_open = [](const PlanPort& p) {
    return p.owner == Owner::kInput || p.owner == Owner::kOutput;
  };
  uint32_t ios = 0;
  int64_t bytes = 0;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    bytes += align_up(record_bytes(
        count_tables(net, stage, ends ? (*ends)[s] : StageEnds{})));
    if (plan.linked) continue;
    ios += static_cast<uint32_t>(std::ranges::count_if(stage.ports, is_open));
  }
  const bool banks = node.layout.room_bytes > 0 || has_wide_rows(node.stages) ||
                     std::ranges::any_of(node.banks, [](const PlanBank& b) {
                       return b.bytes > 0;
                     });
  return bytes + head_bytes(static_cast<uint32_t>(node.stages.size()), ios,
                            static_cast<uint32_t>(node.peers.size()),
                            static_cast<uint32_t>(node.variables.size()),
                            initial_bytes(net, node.variables), banks);
}

}  // namespace

std::vector<ProgramSize> program_sizes(const Net& net, const Plan& plan) {
  std::vector<std::vector<StageEnds>> ends;
  if (plan.linked) ends = stage_ends(plan);
  std::vector<ProgramSize> sizes;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    sizes.push_back(
        {tables_of(net, plan, node, plan.linked ? &ends[n] : nullptr),
         weights_of(net, node)});
  }
  return sizes;
}

std::vector<int64_t> beyond_flash(const Cluster& cluster, const Plan& plan,
                                  const std::vector<ProgramSize>& sizes) {
  std::vector<int64_t> beyond;
  for (size_t n = 0; n < sizes.size(); ++n) {
    const ClusterNode& of = cluster.nodes[n];
    const bool is_mapped = of.board.flash_mapped && plan.nodes[n].mapped;
    const int64_t more = sizes[n].bytes() - of.flash_budget();
    beyond.push_back(is_mapped ? std::max<int64_t>(0, more) : 0);
  }
  return beyond;
}

bool exceeds_flash(const Net& net, const Cluster& cluster, const Plan& plan) {
  const auto beyond = beyond_flash(cluster, plan, program_sizes(net, plan));
  return std::ranges::any_of(beyond, [](int64_t bytes) { return bytes > 0; });
}

}  // namespace shoal
