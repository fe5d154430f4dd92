#include "host/plan/search/streaming.h"

#include <algorithm>

#include "device/program/chunk.h"
#include "host/base/error.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/supply.h"
#include "host/plan/cost/time.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// An upper bound of the bytes of a program that each layer adds to its weights:
// records and tags.
constexpr int64_t kTablesOfLayer = 1024;

// Returns the bytes of chunks before slots grow into what the arena has left.
uint32_t chunk_limit(int64_t layer_bytes, bool mapped) {
  const int64_t few = mapped ? 0 : layer_bytes / tuning::kFewChunks;
  return static_cast<uint32_t>(std::max(kLeastChunk, few));
}

// Returns whether every chunk is used in only one firing of a frame.
bool used_once(const Layer& layer, const Box& made, LayerWork work) {
  return has_quantized_chunk(layer.op) && work.band >= made.rows();
}

// Returns how many of `all` bytes of weights may lie in flash, by estimate.
// Whether a program really fits is known when it is written.
int64_t flash_for_weights(const CutNet& s, const ClusterNode& node,
                          int64_t all) {
  if (!node.board.flash_mapped) return 0;  // the program lies in storage, too
  const int64_t tables =
      kHeadAndRecord +
      kTablesOfLayer * static_cast<int64_t>(s.net.layers.size());
  const int64_t most = node.flash_budget();
  const int64_t left = all <= most ? most : std::max<int64_t>(0, most - tables);
  return node.flash_weights ? std::min(left, *node.flash_weights) : left;
}

Misfit cannot_stream(const CutNet& s, const ClusterNode& node, int layer) {
  return {Exit::kUsage,
          "node " + node.name + ": " + layer_text(s.net.layers[layer]) +
              " is cut by " +
              (s.chain[layer].empty() ? "groups" : "input channels") +
              " and does not fit its flash; such weights cannot be read from "
              "storage",
          "output channels, or more flash"};
}

}  // namespace

Streaming::Streaming(const CutNet& s, const Cluster& cluster) : s_(s) {
  const auto layers = static_cast<int>(s.net.layers.size());
  for (int n = 0; n < s.nodes; ++n) {
    const ClusterNode& node = cluster.nodes[size_t(n)];
    supplies_.push_back({&node.board, nullptr, false});
    streams_.emplace_back();
    slot_limits_.push_back(std::clamp<int64_t>(
        node.arena_budget() / tuning::kSlotPart, int64_t{kAlign}, kMostChunk));
    std::vector<Box> own;
    for (const std::vector<Box>& boxes : s.own) own.push_back(boxes[size_t(n)]);
    const int64_t all = flash_bytes(s.net, own);
    const int64_t left = flash_for_weights(s, node, all);
    if (node.board.flash_mapped && all <= left) continue;
    if (node.board.storages.empty()) {
      misfit_ = no_storage(node, all, left);
      return;
    }
    const auto compute_per_byte = [&](int l) {
      const Layer& layer = s.net.layers[l];
      const LayerShare share{own[l], layer.in[0].box.channels()};
      return static_cast<double>(
                 share_time(layer, share, {1, layer.kernel_h}, node.board)
                     .compute_ps) /
             static_cast<double>(share_bytes(layer, own[l]));
    };
    streams_.back() = streamed_layers(s.net, own, left, compute_per_byte);
    for (int l = 0; l < layers; ++l) {
      const bool may = s.chain[l].empty() && s.loop_of[l] < 0;
      if (may || !streams_.back()[size_t(l)]) continue;
      misfit_ = cannot_stream(s, node, l);
      return;
    }
    supplies_.back().storage = &find_storage(node.board, node.storage);
    supplies_.back().sealed = node.sealed;
  }
}

void Streaming::add(int node, int layer, const Box& made, LayerWork work,
                    int64_t core_ps, Load& load) const {
  if (!streams(node, layer)) return;
  const Layer& l = s_.net.layers[layer];
  const Supply& from = supplies_[size_t(node)];
  const int64_t bytes = share_bytes(l, made);
  const int64_t check_ps = from.check_ps(bytes);
  load.check_ps += check_ps;
  if (!used_once(l, made, work)) {
    load.sram_bytes += align_up(static_cast<uint32_t>(bytes));
    load.entry_ps += from.read_ps(bytes);
    return;
  }
  const int64_t most = from.board->flash_mapped ? slot_limits_[size_t(node)]
                                                : chunk_limit(bytes, false);
  const int64_t slot = std::min(bytes, most);
  load.slot_bytes = std::max(load.slot_bytes, slot);
  const int64_t requests = (bytes + slot - 1) / slot;
  const int64_t tape_ps = requests * from.read_ps(bytes / requests);
  load.tape_ps += tape_ps;
  // Slots hold little that is read ahead while other layers are computed.
  load.wait_ps += std::max<int64_t>(0, tape_ps - core_ps - check_ps);
}

void Streaming::place(PlanDraft& draft) const {
  for (int n = 0; n < s_.nodes; ++n) {
    PlanNode& node = draft.plan.nodes[size_t(n)];
    // This also holds for a net without layers, where nothing streams.
    node.mapped = supplies_[size_t(n)].board->flash_mapped;
    if (!any(n)) continue;
    for (size_t i = 0; i < node.stages.size(); ++i) {
      PlanStage& stage = node.stages[i];
      int64_t most = 0;  // largest of any layer
      for (PlanActor& a : stage.actors) {
        if (a.copy || a.weights.chunks.empty() || !streams(n, a.layer)) {
          continue;
        }
        const bool once = used_once(s_.net.layers[a.layer],
                                    stage.ports[a.out].box, {a.band, a.part});
        a.weights.place = once ? WeightPlace::kTape : WeightPlace::kSram;
        if (!once) continue;
        most = std::max(
            most, share_bytes(s_.net.layers[a.layer], stage.ports[a.out].box));
      }
      draft.stages[size_t(n)][i].chunk_limit = chunk_limit(most, node.mapped);
    }
  }
}

}  // namespace shoal
