#include "host/check/weights.h"

#include <algorithm>

#include "host/check/premises.h"

namespace shoal {
namespace {

void check_slots(const Net& net, const PlanStage& stage, int s,
                 Findings& found) {
  uint64_t largest = 0;
  for (const PlanActor& a : stage.actors) {
    if (a.weights.place != WeightPlace::kTape) continue;
    for (const PlanChunk& c : a.weights.chunks) {
      largest = std::max(largest, weights_of_chunk(net, stage, a, c));
    }
  }
  if (largest == 0) {
    found.need(stage.slot_count == 0 && stage.slot_bytes == 0, "stage ", s,
               " has ", stage.slot_count, " slots and nothing on the tape");
    return;
  }
  found.need(!stage.order.empty(), "stage ", s,
             ": weights come from a tape without a recorded order");
  found.need(stage.slot_count >= 2 && stage.slot_bytes % kAlignment == 0 &&
                 stage.slot_bytes >= largest + kTag,
             "stage ", s, " has ", stage.slot_count, " slots of ",
             stage.slot_bytes, " bytes for chunks of ", largest,
             " and their tags");
}

}  // namespace

uint64_t weights_of_chunk(const Net& net, const PlanStage& stage,
                          const PlanActor& a, const PlanChunk& c) {
  const Layer& layer = net.layers[a.layer];
  const Box& out = stage.ports[a.out].box;
  const bool ends =
      a.loop >= 0 && !stage.buffers[stage.ports[a.out].buffer].is_private;
  const uint64_t kernel_rows = ends ? layer.kernel_h : c.in_n;
  const uint64_t taps = kernel_rows * layer.kernel_w;
  const uint64_t n = c.out_n;
  const auto fours = [](uint64_t v) { return (v + 3) / 4 * 4; };
  // Two weights of four bits are a byte.
  const auto stored = [&](uint64_t weights) {
    return fours(layer.weights.int4 ? (weights + 1) / 2 : weights);
  };
  switch (layer.op) {
    case OpCode::kLut:
      return 256;
    case OpCode::kConstant:
      return fours(n * out.columns() * out.channels() *
                   (layer.is_wide ? 2 : 1));
    case OpCode::kDepthwise:
      return stored(taps * n) + 8 * n + fours(n);
    case OpCode::kLstm:  // eight biases, and rows of four gates
      return n * (32 + 4 * (stage.ports[a.in[0]].box.channels() +
                            layer.out.box.channels()));
    case OpCode::kCell:  // a record for each unit
      return n * (layer.weights.values.size() /
                  static_cast<size_t>(layer.out.box.channels()));
    case OpCode::kRequantize:
      return 8 * n + fours(n);
    default: {
      const uint64_t in = ends ? c.in_n : stage.ports[a.in[0]].box.channels();
      return stored(taps * n * in) + 8 * n + fours(n);
    }
  }
}

WeightSum weights_of(const Net& net, const PlanStage& stage,
                     const PlanActor& a) {
  WeightSum sum;
  for (const PlanChunk& c : a.weights.chunks) {
    sum.bytes += weights_of_chunk(net, stage, a, c);
    ++sum.chunks;
  }
  return sum;
}

uint64_t sram_set_bytes(const Net& net, const PlanStage& stage,
                        const PlanActor& a) {
  uint64_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    bytes += aligned(weights_of_chunk(net, stage, a, c) + kTag);
  }
  return bytes;
}

void check_weights(const Net& net, const PlanNode& node, Findings& found) {
  constexpr size_t kMost = 3;
  found.need(node.banks.size() <= kMost, "the node has ", node.banks.size(),
             " banks besides the arena's, of at most ", kMost);
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    check_slots(net, stage, static_cast<int>(s), found);
    for (const PlanActor& a : stage.actors) {
      const PlanWeights& w = a.weights;
      found.need(w.place != WeightPlace::kMapped || w.chunks.empty() ||
                     node.layout.head_bytes == 0,
                 "weights are mapped in an image that is not");
      found.need(!w.keep || w.place == WeightPlace::kSram, "stage ", s,
                 ": weights are kept that do not lie in SRAM");
      found.need(w.bank == 0 || w.keep, "stage ", s,
                 ": weights lie in a bank that do not stay");
      found.need(w.bank >= 0 && size_t(w.bank) <= node.banks.size(), "stage ",
                 s, ": weights lie in bank ", w.bank, ", which is not there");
    }
  }
}

}  // namespace shoal
