#include "host/plan/cost/int4_room.h"

#include <algorithm>

#include "device/program/chunk.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

template <class Use>
void each_int4(const Net& net, const std::vector<PlanStage>& stages, Use use) {
  for (const PlanStage& stage : stages) {
    for (const PlanActor& a : stage.actors) {
      if (a.layer >= 0 && net.layers[a.layer].weights.int4) use(stage, a);
    }
  }
}

}  // namespace

uint32_t least_int4_room(const Net& net, const std::vector<PlanStage>& stages) {
  uint32_t bytes = 0;
  each_int4(net, stages, [&](const PlanStage&, const PlanActor&) {
    bytes = kLeastInt4Room;
  });
  return bytes;
}

uint32_t wanted_int4_room(const Net& net,
                          const std::vector<PlanStage>& stages) {
  int64_t bytes = least_int4_room(net, stages);
  each_int4(net, stages, [&](const PlanStage& stage, const PlanActor& a) {
    const Layer& layer = net.layers[a.layer];
    const LayerShare share = share_of(net, stage, a);
    const int64_t taps =
        int64_t{std::min(a.part, layer.kernel_h)} * layer.kernel_w;
    const bool depthwise = layer.op == OpCode::kDepthwise;
    const int64_t channel = depthwise ? taps : taps * share.in_channels;
    int64_t channels = 1;
    for (const PlanChunk& c : a.weights.chunks) {
      channels = std::max<int64_t>(channels, c.out_n);
    }
    channels = std::min<int64_t>(channels, tuning::kInt4Channels);
    // Each tap of a depthwise layer is unpacked separately, aligned.
    const int64_t ends = depthwise ? 14 * taps : 14;
    bytes = std::max(bytes, channel * channels + ends);
  });
  bytes = std::min<int64_t>(bytes, tuning::kMostInt4Room);
  return align_up(static_cast<uint32_t>(bytes));
}

}  // namespace shoal
