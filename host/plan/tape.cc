#include "host/plan/tape.h"

#include <algorithm>

#include "device/program/chunk.h"
#include "host/plan/overlay.h"
#include "host/plan/share.h"
#include "host/plan/simulate.h"
#include "host/plan/uses.h"

namespace shoal {
namespace {

// Two slots of it are in the arena; smaller chunks mean more reads.
constexpr int64_t kChunkBytes = 2048;

// Weights of `n` channels (kConstant: rows) and `rows` kernel rows.
int64_t cut_weights(const Layer& layer, int64_t n, int64_t rows) {
  const auto all = static_cast<int64_t>(layer.weights.values.size());
  if (layer.op == OpCode::kLut) return all;
  if (layer.op == OpCode::kConstant) return all / layer.out.box.rows() * n;
  return all / layer.out.box.channels() / layer.kernel_h * n * rows;
}

// Channels of a chunk: as many as fit, in steps that may not be torn.
int channels_of_chunk(const Layer& layer, const PlanActor& a, int all,
                      int rows) {
  if (layer.op == OpCode::kLut) return all;
  const int step = layer.op == OpCode::kDepthwise  ? layer.depth_multiplier
                   : layer.op == OpCode::kConstant ? a.band
                                                   : 1;
  int n = step;
  while (n + step <= all &&
         chunk_bytes(layer, {0, n + step, 0, rows}) <= kChunkBytes) {
    n += step;
  }
  return std::min(n, all);
}

void cut(const Layer& layer, PlanActor& a) {
  const bool is_cut = has_window(layer.op) && a.part < layer.kernel_h;
  const int rows = is_cut ? a.part : layer.kernel_h;
  const Box& out = layer.out.box;
  const int all = layer.op == OpCode::kConstant ? out.rows() : out.channels();
  const int n = channels_of_chunk(layer, a, all, rows);
  PlanWeights w;
  w.place = WeightPlace::kTape;
  w.parts = ceil_div(layer.kernel_h, rows);
  w.groups = ceil_div(all, n);
  for (int p = 0; p < w.parts; ++p) {
    const int ky = p * rows;
    for (int c = 0; c < all; c += n) {
      w.chunks.push_back(
          {c, std::min(n, all - c), ky, std::min(rows, layer.kernel_h - ky)});
    }
  }
  a.weights = std::move(w);
}

}  // namespace

uint32_t chunk_bytes(const Layer& layer, const PlanChunk& c) {
  return chunk_layout(
             static_cast<uint32_t>(cut_weights(layer, c.out_n, c.in_n)),
             static_cast<uint32_t>(c.out_n), has_quantized_chunk(layer.op))
      .bytes;
}

void put_on_tape(const Net& net, PlanStage& stage, int late) {
  for (PlanActor& a : stage.actors) {
    if (!a.weights.chunks.empty()) cut(net.layers[a.layer], a);
  }
  StageTokens tokens(net, stage);
  run_by_rank(tokens,
              late < 0 ? depth_ranks(tokens) : ranks_with_late(tokens, late),
              [&](int agent) { record_firing(stage, agent); });
}

uint32_t slot_bytes(const Net& net, const std::vector<PlanStage>& stages) {
  uint32_t largest = 0;
  for (const PlanStage& s : stages) {
    for (const PlanActor& a : s.actors) {
      if (a.weights.place != WeightPlace::kTape) continue;
      for (const PlanChunk& c : a.weights.chunks) {
        largest = std::max(largest, chunk_bytes(net.layers[a.layer], c));
      }
    }
  }
  return largest ? align_up(largest + kTagBytes) : 0;
}

}  // namespace shoal
