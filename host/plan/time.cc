#include "host/plan/time.h"

#include <algorithm>
#include <cmath>

#include "device/program/chunk.h"

namespace shoal {
namespace {

constexpr double kPicoseconds = 1e12;

double cycles(const Layer& layer, const Costs& costs) {
  const double macs = static_cast<double>(layer.macs);
  switch (layer.op) {
    case OpCode::kDepthwise:
      return macs * costs.depthwise;
    case OpCode::kConv:
      if (layer.out.box.rows() * layer.out.box.columns() == 1) {
        return macs * costs.fully_connected;
      }
      return macs * (layer.kernel_h * layer.kernel_w == 1 ? costs.pointwise
                                                          : costs.conv);
    case OpCode::kTransposeConv:
      return macs * costs.conv;
    default:
      return costs.element *
             static_cast<double>(std::max(layer.in[0].box.elements(),
                                          layer.out.box.elements()));
  }
}

int64_t picoseconds(double seconds) {
  return std::llround(seconds * kPicoseconds);
}

}  // namespace

int64_t weight_bytes(const Layer& layer) {
  if (layer.weights.empty()) return 0;
  return chunk_layout(static_cast<uint32_t>(layer.weights.values.size()),
                      static_cast<uint32_t>(layer.out.box.channels()),
                      has_quantized_chunk(layer.op))
      .bytes;
}

LayerTime layer_time(const Net& net, int index, LayerWork work,
                     const Board& board) {
  const Layer& layer = net.layers[index];
  const Costs& costs = board.costs;
  const RowRule rule = row_rule(net, index, 0, work);
  LayerTime t;
  t.firings = firing_count(rule);
  t.firing_ps = t.firings * picoseconds(costs.firing_us * 1e-6);
  t.compute_ps = picoseconds(cycles(layer, costs) / board.clock_hz);
  const int64_t bytes = weight_bytes(layer);
  // The parts of a cut window, and the rows of a constant, share the weights.
  const bool once = bytes <= costs.cache_bytes || layer.op == OpCode::kConstant;
  const int64_t passes = once ? 1 : t.firings / part_count(rule);
  t.weight_read_bytes = bytes * passes;
  if (costs.flash_bytes_per_s > 0) {
    t.flash_ps = picoseconds(static_cast<double>(t.weight_read_bytes) /
                             costs.flash_bytes_per_s);
  }
  return t;
}

void model_time(const Net& net, const Board& board, Plan& plan) {
  plan.model_macs = net.model_macs;
  for (PlanNode& node : plan.nodes) {
    int64_t node_ps = 0;
    for (PlanStage& stage : node.stages) {
      LayerTime sum;
      stage.macs = 0;
      for (const PlanActor& a : stage.actors) {
        const LayerTime t = layer_time(net, a.layer, {a.band, a.part}, board);
        sum.compute_ps += t.compute_ps;
        sum.flash_ps += t.flash_ps;
        sum.firing_ps += t.firing_ps;
        sum.weight_read_bytes += t.weight_read_bytes;
        sum.firings += t.firings;
        if (a.weights.place == WeightPlace::kTape) {
          node.storage_read_bytes += t.weight_read_bytes;
        }
        stage.macs += net.layers[a.layer].macs;
      }
      const int64_t ps = sum.total_ps();
      stage.seconds = static_cast<double>(ps) / kPicoseconds;
      stage.weight_read_bytes = sum.weight_read_bytes;
      stage.firings = sum.firings;
      stage.bound = sum.compute_ps >= std::max(sum.flash_ps, sum.firing_ps)
                        ? "compute"
                    : sum.flash_ps >= sum.firing_ps ? "flash"
                                                    : "firings";
      node_ps += ps;
      node.macs += stage.macs;
      node.weight_read_bytes += stage.weight_read_bytes;
    }
    node.seconds = static_cast<double>(node_ps) / kPicoseconds;
    plan.macs += node.macs;
    plan.latency_s = std::max(plan.latency_s, node.seconds);
  }
}

}  // namespace shoal
