#include "host/plan/cost/tape.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "device/program/chunk.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/tokens/share.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

// Returns the weight bytes of `n` channels of the share (kConstant: rows) and
// `rows` kernel rows.
int64_t cut_weights(const Layer& layer, const LayerShare& share, int64_t n,
                    int64_t rows) {
  const auto all = static_cast<int64_t>(layer.weights.values.size());
  const Box& out = layer.out.box;
  if (layer.op == OpCode::kLut) return all;
  if (layer.op == OpCode::kConstant) {
    return all / out.elements() * share.out.columns() * share.out.channels() *
           n;
  }
  if (keeps_state(layer.op)) return all / layer.out.box.channels() * n;
  const int64_t taps = all / out.channels() / layer.kernel_h * n * rows;
  if (layer.op == OpCode::kDepthwise) return taps;
  return taps / layer.in[0].box.channels() * share.in_channels;
}

// Returns the channels of a chunk: as many as fit, in steps that cannot be
// divided.
int channels_of_chunk(const Layer& layer, const LayerShare& share, int band,
                      int all, int rows, uint32_t limit) {
  if (layer.op == OpCode::kLut) return all;
  const int step = layer.op == OpCode::kDepthwise  ? layer.depth_multiplier
                   : layer.op == OpCode::kConstant ? band
                                                   : 1;
  // All channels take about equally many bytes, so the first guess is near.
  const uint32_t one = chunk_bytes(layer, share, {0, step, 0, rows});
  const int64_t fit = std::max<int64_t>(1, limit / std::max(1U, one));
  int n = static_cast<int>(std::min<int64_t>(fit, ceil_div(all, step))) * step;
  while (n > step && chunk_bytes(layer, share, {0, n, 0, rows}) > limit)
    n -= step;
  while (n + step <= all &&
         chunk_bytes(layer, share, {0, n + step, 0, rows}) <= limit) {
    n += step;
  }
  return std::min(n, all);
}

int kernel_rows(const Layer& layer, int part) {
  return has_window(layer.op) && part < layer.kernel_h ? part : layer.kernel_h;
}

int all_channels(const Layer& layer) {
  const Box& out = layer.out.box;
  return layer.op == OpCode::kConstant ? out.rows() : out.channels();
}

// Returns the channels of the actor's share; `first` is the first of them.
int channels_of(const Layer& layer, const PlanActor& a, int& first) {
  first = 0;
  if (a.weights.chunks.empty()) return all_channels(layer);
  const PlanChunk& last = a.weights.chunks.back();
  first = a.weights.chunks.front().out0;
  return last.out0 + last.out_n - first;
}

// `even`: makes the chunks as even as their number permits.
void cut(const Net& net, const PlanStage& stage, PlanActor& a,
         WeightPlace place, uint32_t limit, bool even = false) {
  const Layer& layer = net.layers[a.layer];
  const LayerShare share = share_of(net, stage, a);
  const int rows = kernel_rows(layer, a.part);
  int first = 0;
  const int all = channels_of(layer, a, first);
  int n = channels_of_chunk(layer, share, a.band, all, rows, limit);
  if (even) {
    const int step =
        layer.op == OpCode::kDepthwise ? layer.depth_multiplier : 1;
    n = ceil_div(ceil_div(all, ceil_div(all, n)), step) * step;
  }
  PlanWeights w;
  w.place = place;
  w.parts = ceil_div(layer.kernel_h, rows);
  w.groups = ceil_div(all, n);
  for (int p = 0; p < w.parts; ++p) {
    const int ky = p * rows;
    for (int c = 0; c < all; c += n) {
      w.chunks.push_back({first + c, std::min(n, all - c), ky,
                          std::min(rows, layer.kernel_h - ky)});
    }
  }
  a.weights = std::move(w);
}

void cut_all(const Net& net, PlanStage& stage, uint32_t limit,
             bool even = false) {
  for (PlanActor& a : stage.actors) {
    if (a.weights.place != WeightPlace::kTape) continue;
    cut(net, stage, a, WeightPlace::kTape, limit, even);
  }
}

// Fires an actor for as long as it can, so that its chunks are read once for
// many rows; then the actor nearest to the input (`deepest`: to the output)
// that can fire.
bool run_long(StageTokens& tokens, bool deepest,
              const std::function<void(int)>& before) {
  const int actors = tokens.processes() -
                     static_cast<int>(tokens.inputs().size()) -
                     static_cast<int>(tokens.outputs().size());
  // A process that could not fire still cannot until a neighbour has fired.
  std::vector<bool> open(tokens.processes(), true);
  const auto fires = [&](int process) {
    if (!open[process]) return false;
    open[process] = tokens.can_fire(process);
    return static_cast<bool>(open[process]);
  };
  const auto fire = [&](int process) {
    tokens.fire(process);
    for (const int other : tokens.touched(process)) open[other] = true;
  };
  const auto serve = [&] {
    for (const auto* callers : {&tokens.outputs(), &tokens.inputs()}) {
      for (int a : *callers) {
        while (fires(a)) fire(a);
      }
    }
  };
  const auto run = [&](int a) {
    bool fired = false;
    for (serve(); fires(a); serve()) {
      before(a);
      fire(a);
      fired = true;
    }
    return fired;
  };
  for (bool any = true; any;) {
    any = false;
    for (int i = 0; i < actors && !any; ++i) {
      any = run(deepest ? actors - 1 - i : i);
    }
  }
  return tokens.all_done();
}

// Calls `use` with the bytes of each chunk. Most are equal to the one before.
template <class Use>
void each_chunk(const Net& net, const PlanStage& stage, const PlanActor& a,
                Use use) {
  const PlanChunk* last = nullptr;
  uint32_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    if (!last || c.out_n != last->out_n || c.in_n != last->in_n) {
      bytes = chunk_bytes(net, stage, a, c);
    }
    last = &c;
    use(bytes);
  }
}

bool is_same_order(const std::vector<PlanRun>& a,
                   const std::vector<PlanRun>& b) {
  return std::ranges::equal(a, b, [](const PlanRun& x, const PlanRun& y) {
    return x.actor == y.actor && x.firings == y.firings;
  });
}

// The chunks of one firing: [first, last) of the actor's.
struct ChunkRange {
  int first, last;
};
ChunkRange chunks_of_firing(const PlanActor& a, OpCode op, int firing) {
  const PlanWeights& w = a.weights;
  if (op == OpCode::kConstant) {
    const int c = std::min(firing * a.band / w.chunks[0].out_n, w.groups - 1);
    return {c, c + 1};
  }
  const int part = w.parts > 1 ? firing % w.parts : 0;
  return {part * w.groups, (part + 1) * w.groups};
}

}  // namespace

uint32_t chunk_bytes(const Layer& layer, const LayerShare& share,
                     const PlanChunk& c) {
  return chunk_layout(
             stored_weights(layer, cut_weights(layer, share, c.out_n, c.in_n)),
             static_cast<uint32_t>(c.out_n), has_quantized_chunk(layer.op))
      .bytes;
}

uint32_t chunk_bytes(const Net& net, const PlanStage& stage, const PlanActor& a,
                     const PlanChunk& c) {
  const Layer& layer = net.layers[a.layer];
  LayerShare share = share_of(net, stage, a);
  const bool ends_loop =
      a.loop >= 0 && !stage.buffers[stage.ports[a.out].buffer].is_private;
  if (!ends_loop) return chunk_bytes(layer, share, c);
  share.in_channels = c.in_n;
  return chunk_bytes(layer, share, {c.out0, c.out_n, 0, layer.kernel_h});
}

uint32_t largest_chunk(const Layer& layer, LayerWork work, uint32_t limit) {
  const int rows = kernel_rows(layer, work.part);
  const LayerShare share = whole_share(layer);
  const int n = channels_of_chunk(layer, share, work.band, all_channels(layer),
                                  rows, limit);
  return chunk_bytes(layer, share, {0, n, 0, rows});
}

void cut_for_tape(const Net& net, const PlanStage& stage, PlanActor& a,
                  uint32_t limit) {
  cut(net, stage, a, WeightPlace::kTape, limit, true);
}

void cut_for_sram(const Net& net, const PlanStage& stage, PlanActor& a) {
  cut(net, stage, a, WeightPlace::kSram, std::numeric_limits<int32_t>::max());
}

void cut_tape(const Net& net, PlanStage& stage, uint32_t limit) {
  cut_all(net, stage, limit, true);
  stage.slot_bytes = slot_bytes(net, stage);
  stage.slot_count = stage.slot_bytes ? kTapeSlots : 0;
}

uint32_t sram_bytes(const Net& net, const PlanStage& stage,
                    const PlanActor& a) {
  uint32_t bytes = 0;
  each_chunk(net, stage, a,
             [&](uint32_t chunk) { bytes += align_up(chunk + kTagBytes); });
  return bytes;
}

TapeOrders tape_orders(const Net& net, const PlanStage& stage) {
  TapeOrders orders;
  StageTokens tokens(net, stage);
  for (const bool deepest : {true, false}) {
    PlanStage run;
    run.actors = stage.actors;
    tokens.reset();
    run_long(tokens, deepest,
             [&](int process) { record_firing(run, process); });
    orders[deepest ? 0 : 1] = std::move(run.order);
  }
  return orders;
}

void put_on_tape(const Net& net, PlanStage& stage, const TapeOrders& orders,
                 uint32_t chunk_limit) {
  cut_all(net, stage, chunk_limit);
  const TapeOrders::value_type* best = nullptr;
  int64_t least = 0;
  for (const auto& order : orders) {
    if (best && is_same_order(order, *best)) continue;
    stage.order = order;
    const int64_t bytes = tape_reads(net, stage).bytes +
                          static_cast<int64_t>(order.size() * sizeof(OrderRun));
    if (best && bytes >= least) continue;
    best = &order;
    least = bytes;
  }
  stage.order = *best;
}

void put_on_tape(const Net& net, PlanStage& stage, int late,
                 uint32_t chunk_limit) {
  if (late < 0) {
    return put_on_tape(net, stage, tape_orders(net, stage), chunk_limit);
  }
  cut_all(net, stage, chunk_limit);
  StageTokens tokens(net, stage);
  run_by_rank(
      tokens,
      ranks_with_late(tokens, [&](int p) { return tokens.writes(p, late); }),
      [&](int process, int) { record_firing(stage, process); });
}

TapeReads tape_reads(const Net& net, const PlanStage& stage) {
  struct Tape {
    std::vector<int64_t> before;  // bytes up to each chunk, then all
    int fired = 0;
  };
  std::vector<Tape> tapes(stage.actors.size());
  for (size_t i = 0; i < tapes.size(); ++i) {
    const PlanActor& a = stage.actors[i];
    if (a.weights.place != WeightPlace::kTape) continue;
    tapes[i].before.push_back(0);
    each_chunk(net, stage, a, [&](uint32_t bytes) {
      tapes[i].before.push_back(tapes[i].before.back() + bytes);
    });
  }
  TapeReads reads;
  std::pair<int, int> held{-1, -1};  // actor and chunk
  for (const PlanRun& run : stage.order) {
    const PlanActor& a = stage.actors[run.actor];
    Tape& tape = tapes[run.actor];
    if (tape.before.size() < 2) continue;
    const OpCode op = net.layers[a.layer].op;
    const auto read = [&](ChunkRange r, int64_t times) {
      if (held == std::make_pair(run.actor, r.first)) ++r.first;
      held = {run.actor, r.last - 1};
      reads.chunks += times * (r.last - r.first);
      reads.bytes += times * (tape.before[r.last] - tape.before[r.first]);
    };
    const bool is_alike = op != OpCode::kConstant && a.weights.parts <= 1;
    if (!is_alike) {
      for (int i = 0; i < run.firings; ++i) {
        read(chunks_of_firing(a, op, tape.fired++), 1);
      }
    } else if (run.firings > 0) {
      // Each firing uses all chunks, so the later firings find the same one in
      // the slots.
      const ChunkRange all = chunks_of_firing(a, op, 0);
      read(all, 1);
      read(all, run.firings - 1);
    }
  }
  return reads;
}

uint32_t slot_bytes(const Net& net, const PlanStage& stage) {
  uint32_t largest = 0;
  for (const PlanActor& a : stage.actors) {
    if (a.weights.place != WeightPlace::kTape) continue;
    each_chunk(net, stage, a,
               [&](uint32_t bytes) { largest = std::max(largest, bytes); });
  }
  return largest ? align_up(largest + kTagBytes) : 0;
}

}  // namespace shoal
