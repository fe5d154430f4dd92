#include "host/plan/cost/time.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "device/program/chunk.h"
#include "host/base/rounded.h"
#include "host/board/kernel_cost.h"
#include "host/board/portable_costs.h"
#include "host/board/wide_costs.h"

namespace shoal {
namespace {

KernelCost kernel_cost(const Layer& layer, const Costs& costs) {
  if (layer.op == OpCode::kDepthwise) {
    return depthwise_cost(costs, layer.stride_y,
                          int64_t{layer.kernel_h} * layer.kernel_w);
  }
  if (layer.op == OpCode::kTransposeConv) return {};
  // Each step multiplies by each weight once.
  if (keeps_state(layer.op)) return {costs.fully_connected};
  return conv_cost(costs, layer.out.box.rows() * layer.out.box.columns(),
                   layer.kernel_h * layer.kernel_w);
}

// Returns the cycles for bytes, without calls and partial sums.
double byte_cycles(const Layer& layer, const LayerShare& share,
                   const Costs& costs) {
  if (counts_macs(layer.op)) {
    const KernelCost cost = kernel_cost(layer, costs);
    const double one =
        static_cast<double>(share_macs(layer, share)) * cost.cycles;
    if (share.groups == 1) return one;
    const int channels = share.out.channels();
    return one * channels_in_groups(cost, channels, share.groups) / channels;
  }
  const auto whole = static_cast<double>(layer.out.box.elements());
  const auto part = static_cast<double>(share.out.elements());
  return costs.element *
         std::max(part, part / whole *
                            static_cast<double>(layer.in[0].box.elements()));
}

// Returns the cycles of a layer that keeps a state.
double steps_cycles(const Layer& layer, const Board& board) {
  if (layer.macs == 0) return 0;
  const int operations = state_operations(layer.op, layer.params.data());
  const int phases =
      layer.op == OpCode::kCell
          ? reinterpret_cast<const CellParams*>(layer.params.data())->phases
          : 1;
  const double units =
      1.0 * layer.in[0].box.rows() * layer.out.box.channels() / phases;
  const auto macs = static_cast<double>(layer.macs);
  return macs * state_cycles(board, macs / units, operations);
}

// Only some taps of a transposed convolution's kernel meet an input pixel.
double scattered_cycles(const Layer& layer, const LayerShare& share,
                        const Board& board) {
  const double products = 1.0 * layer.kernel_h * layer.kernel_w *
                          share.in_channels / (layer.stride_y * layer.stride_x);
  return static_cast<double>(share.out.elements()) * products *
         transposed_cycles(board, products);
}

double cycles(const Layer& layer, const LayerShare& share, const Board& board) {
  const double bytes = keeps_state(layer.op) ? steps_cycles(layer, board)
                       : layer.op == OpCode::kTransposeConv
                           ? scattered_cycles(layer, share, board)
                           : byte_cycles(layer, share, board.costs);
  if (!layer.is_wide) return bytes;
  const Box& out = layer.out.box;
  return bytes * wide_factor(board.core, layer.op,
                             int64_t{out.rows()} * out.columns(),
                             int64_t{layer.kernel_h} * layer.kernel_w);
}

int64_t sums_ps(const LayerShare& share, int64_t passes, const Board& board) {
  return picoseconds(board.costs.sum * static_cast<double>(passes) *
                     static_cast<double>(share.out.elements()) /
                     board.clock_hz);
}

// Returns the kernel's time for `rows` rows like the share's, in several
// firings.
int64_t kernel_ps(const Layer& layer, const LayerShare& share, int64_t rows,
                  int64_t firings, const Board& board) {
  const int64_t ps = picoseconds(cycles(layer, share, board) / board.clock_hz);
  return part_of(ps, row_parts(layer, share, board.costs, rows, firings),
                 kPixelParts * share.out.rows() * share.out.columns());
}

// The calls of a share's firings: of `rows` rows each, and of `kernel_rows` of
// the window; count: without slices and groups.
struct ShareCalls {
  int rows = 1, kernel_rows = 1;
  int64_t count = 1;
};

// Parts of a size that are almost equal.
struct EqualParts {
  int size = 0, count = 0;
};
// Columns are cut into slices of two widths.
std::array<EqualParts, 2> slices_of(int columns, int slices) {
  const int width = columns / slices, wider = columns % slices;
  return {{{width, slices - wider}, {width + 1, wider}}};
}
// Groups have the same number of channels except the last one.
std::array<EqualParts, 2> groups_of(int channels, int groups) {
  const int each = ceil_div(channels, groups);
  const int last = channels - (groups - 1) * each;
  if (last <= 0) return {{{channels / groups, groups}, {}}};
  return {{{each, groups - 1}, {last, 1}}};
}

// Returns the time of the calls, of which one core takes `ps`, on all cores of
// the board.
int64_t cores_ps(const Layer& layer, const LayerShare& share,
                 const ShareCalls& calls, int64_t ps, const Board& board) {
  const SecondCore& second = board.costs.second;
  if (!second.is_used() || layer.weights.int4) return ps;
  const int taps =
      calls.kernel_rows *
      (is_reduction(layer.op) ? layer.in[0].box.columns() : layer.kernel_w);
  const bool apart =
      channels_apart(layer.op, layer.depth_multiplier, layer.reduce_channels);
  const int columns = share.out.columns(), channels = share.out.channels();
  int64_t sum = 0;
  for (const EqualParts& s : slices_of(columns, share.slices)) {
    for (const EqualParts& g : groups_of(channels, share.groups)) {
      const int64_t part = int64_t{s.size} * s.count * g.size * g.count;
      if (part == 0) continue;
      SliceBox box{calls.rows, s.size, g.size};
      box.products = products_of(layer.op, taps, share.in_channels);
      const Halves halves = halves_of(
          layer.op, apart, box, static_cast<uint32_t>(second.least_products),
          second.speed_parts());
      const int64_t one = part_of(ps, part, int64_t{columns} * channels);
      sum += rounded(static_cast<double>(one) * shared_time(second, halves));
      if (halves.axis == Axis::kNone) continue;
      sum += calls.count * s.count * g.count *
             picoseconds(second.meeting_us * 1e-6);
    }
  }
  return sum;
}

// Returns the time of the kernels of all bands, of which the last one may be
// smaller; calls.count: of one band.
int64_t bands_ps(const Layer& layer, const LayerShare& share, ShareCalls calls,
                 const Board& board) {
  const int rows = share.out.rows(), band = calls.rows;
  if (!board.costs.second.is_used()) {
    return kernel_ps(layer, share, rows, ceil_div(rows, band), board);
  }
  const int64_t each = calls.count;
  const int64_t full = rows / band;
  int64_t ps = 0;
  if (full > 0) {
    calls.count = full * each;
    ps += cores_ps(layer, share, calls,
                   kernel_ps(layer, share, full * band, full, board), board);
  }
  calls.rows = rows % band;
  if (calls.rows == 0) return ps;
  calls.count = each;
  return ps + cores_ps(layer, share, calls,
                       kernel_ps(layer, share, calls.rows, 1, board), board);
}

int64_t flash_ps(int64_t bytes, const Costs& costs) {
  if (costs.flash_bytes_per_s <= 0) return 0;
  return picoseconds(static_cast<double>(bytes) / costs.flash_bytes_per_s);
}

// Returns the weight bytes of the output channels (kConstant: elements) and
// input channels of a share.
int64_t share_weight_bytes(const Layer& layer, const LayerShare& share) {
  if (layer.weights.empty()) return 0;
  const Box& all = layer.out.box;
  const LayerShare whole = whole_share(layer);
  const bool by_channels = layer.op != OpCode::kLut;
  auto values = static_cast<int64_t>(layer.weights.values.size());
  if (layer.op == OpCode::kConstant) {
    return weight_bytes(layer) / all.elements() * share.out.elements();
  }
  if (by_channels) values = values / all.channels() * share.out.channels();
  if (share.in_channels != whole.in_channels &&
      layer.op != OpCode::kDepthwise) {
    values = values / whole.in_channels * share.in_channels;
  }
  return chunk_layout(stored_weights(layer, values),
                      static_cast<uint32_t>(share.out.channels()),
                      has_quantized_chunk(layer.op))
      .bytes;
}

}  // namespace

int64_t part_of(int64_t ps, int64_t part, int64_t whole) {
  return ps / whole * part + ps % whole * part / whole;
}

int64_t row_parts(const Layer& layer, const LayerShare& share,
                  const Costs& costs, int64_t rows, int64_t firings) {
  const KernelCost cost =
      counts_macs(layer.op) ? kernel_cost(layer, costs) : KernelCost{};
  const int64_t calls = firings * share.slices;
  const int64_t parts = pixel_parts(cost, rows * share.out.columns(), calls);
  if (!layer.weights.int4) return parts;
  const bool is_pointwise = layer.kernel_h == 1 && layer.kernel_w == 1;
  return parts + int4_parts(is_pointwise ? calls : rows * share.slices);
}

int64_t firings_ps(const Costs& costs, int64_t firings, int64_t rows) {
  return firings * picoseconds(costs.firing_us * 1e-6) +
         (rows - firings) * picoseconds(costs.row_us * 1e-6);
}

LayerShare whole_share(const Layer& layer) {
  return {layer.out.box, layer.in[0].box.channels()};
}

LayerShare share_of(const Net& net, const PlanStage& stage,
                    const PlanActor& a) {
  const Layer& layer = net.layers[a.layer];
  LayerShare share{.out = stage.ports[a.out].box,
                   .in_channels = layer.in[0].box.channels(),
                   .slices = a.slices,
                   .sums = !(a.init && a.final)};
  const bool inner = stage.buffers[stage.ports[a.out].buffer].is_private;
  // The last actor of a loop adds to all channels in each turn.
  if (has_quantized_chunk(layer.op) && (a.loop < 0 || inner)) {
    share.groups = a.weights.groups;
  }
  if (inner) {
    const std::vector<PlanChunk>& chunks = a.weights.chunks;
    share.out.c0 = chunks.front().out0;
    share.out.c1 = chunks.back().out0 + chunks.back().out_n;
  }
  if (share.sums) {
    share.in_channels = stage.ports[a.in[0]].box.channels();
  }
  return share;
}

int64_t picoseconds(double seconds) { return rounded(seconds * kPicoseconds); }

uint32_t stored_weights(const Layer& layer, int64_t weights) {
  return static_cast<uint32_t>(
      stored_bytes(static_cast<uint64_t>(weights), layer.weights.int4));
}

int64_t weight_bytes(const Layer& layer) {
  if (layer.weights.empty()) return 0;
  const auto values = static_cast<int64_t>(layer.weights.values.size());
  return chunk_layout(stored_weights(layer, values),
                      static_cast<uint32_t>(layer.out.box.channels()),
                      has_quantized_chunk(layer.op))
      .bytes;
}

int64_t share_macs(const Layer& layer, const LayerShare& share) {
  // A step has one owner; rows of the state have no MACs.
  if (layer.macs == 0 || keeps_state(layer.op)) return layer.macs;
  // Outputs of a transposed convolution have no whole number each.
  const int64_t macs =
      part_of(layer.macs, share.out.elements(), layer.out.box.elements());
  const int channels = layer.in[0].box.channels();
  if (share.in_channels == channels || layer.op == OpCode::kDepthwise) {
    return macs;
  }
  return part_of(macs, share.in_channels, channels);
}

namespace {

// The firings of a loop in a frame; rows that two bands need are made twice.
// Each turn is a firing of each actor; the last one looks up its rows only
// once, and sums. cached() returns whether all weights of the loop fit the
// cache.
struct LoopWork {
  int64_t firings = 1;
  int turns = 1;
  std::vector<int64_t> bytes;  // of weights, by actor
  bool cached(const Board& board) const {
    return std::accumulate(bytes.begin(), bytes.end(), int64_t{0}) <=
           board.costs.cache_bytes;
  }
};
// Each turn that adds to an output channel reads the constants of the channel.
int64_t turns_bytes(const Layer& layer, LayerShare share, int turns,
                    bool last) {
  if (!last) return share_weight_bytes(layer, share);
  share.in_channels = std::max(1, share.in_channels / turns);
  return turns * share_weight_bytes(layer, share);
}
LayerTime turns_time(const Layer& layer, const LayerShare& share, int64_t rows,
                     const LoopWork& loop, size_t actor, const Board& board) {
  LayerTime t =
      share_time(layer, share, {share.out.rows(), layer.kernel_h}, board);
  const bool last = actor + 1 == loop.bytes.size();
  const int64_t firings = loop.firings;
  t.weight_read_bytes = loop.bytes[actor];
  t.flash_ps = flash_ps(t.weight_read_bytes, board.costs);
  t.compute_ps = kernel_ps(layer, share, rows, firings, board);
  // A turn makes a part of the channels, or adds a part of the products.
  LayerShare turn = share;
  turn.groups = last ? 1 : loop.turns;
  turn.in_channels =
      last ? std::max(1, share.in_channels / loop.turns) : share.in_channels;
  const auto band = static_cast<int>(std::max<int64_t>(1, rows / firings));
  t.compute_ps =
      cores_ps(layer, turn,
               {band, layer.kernel_h, last ? firings * loop.turns : firings},
               t.compute_ps, board);
  if (last) t.compute_ps += sums_ps(share, loop.turns, board);
  if (!loop.cached(board)) {
    t.weight_read_bytes *= firings, t.flash_ps *= firings;
  }
  const int64_t all = firings * loop.turns;
  t.firing_ps = firings_ps(board.costs, all, last ? all + rows - firings : all);
  t.firings = last ? firings : 0;
  return t;
}

}  // namespace

LayerTime loop_time(const LoopLayers& layers, int groups, int band,
                    const Board& board) {
  const std::vector<LoopRows> rows = loop_rows(layers, band);
  std::vector<LayerShare> shares;
  LoopWork loop{ceil_div(layers.back().made.rows(), band), groups, {}};
  for (size_t j = 0; j < layers.size(); ++j) {
    const Layer& layer = *layers[j].layer;
    const bool last = j + 1 == layers.size();
    shares.push_back({.out = layers[j].made,
                      .in_channels = whole_share(layer).in_channels,
                      .groups = layer.op == OpCode::kLut || last ? 1 : groups});
    loop.bytes.push_back(turns_bytes(layer, shares.back(), groups, last));
  }
  LayerTime sum;
  for (size_t j = 0; j < layers.size(); ++j) {
    const LayerTime t =
        turns_time(*layers[j].layer, shares[j], rows[j].all, loop, j, board);
    sum.compute_ps += t.compute_ps;
    sum.flash_ps += t.flash_ps;
    sum.firing_ps += t.firing_ps;
    sum.weight_read_bytes += t.weight_read_bytes;
    sum.firings += t.firings;
  }
  return sum;
}

LayerTime share_time(const Layer& layer, const LayerShare& share,
                     LayerWork work, const Board& board) {
  if (!layer.loop.empty()) {
    return loop_time(loop_layers(layer), layer.loop_groups, work.band, board);
  }
  const Costs& costs = board.costs;
  const bool cut = has_window(layer.op) && work.part < layer.kernel_h;
  const int parts = cut ? ceil_div(layer.kernel_h, work.part) : 1;
  LayerTime t;
  const int rows = share.out.rows(), bands = ceil_div(rows, work.band);
  t.firings = int64_t{1} * bands * parts;
  t.firing_ps = firings_ps(costs, t.firings, int64_t{1} * rows * parts);
  const ShareCalls calls{work.band, cut ? work.part : layer.kernel_h, parts};
  t.compute_ps =
      bands_ps(layer, share, calls, board) + sums_ps(share,
                                                     cut          ? parts
                                                     : share.sums ? 1
                                                                  : 0,
                                                     board);
  const int64_t bytes = share_weight_bytes(layer, share);
  // The parts of a cut window, and the rows of a constant, divide the weights.
  const bool once = bytes <= costs.cache_bytes || layer.op == OpCode::kConstant;
  const int64_t passes = once ? 1 : t.firings / parts;
  t.weight_read_bytes = bytes * passes;
  t.flash_ps = flash_ps(t.weight_read_bytes, costs);
  t.once_ps = flash_ps(bytes, costs);
  return t;
}

LayerTime copy_time(const Box& box, int band, const Board& board) {
  LayerTime t;
  t.firings = ceil_div(box.rows(), band);
  t.firing_ps = firings_ps(board.costs, t.firings, box.rows());
  t.compute_ps =
      picoseconds(board.costs.element * static_cast<double>(box.elements()) /
                  board.clock_hz);
  return t;
}

LayerTime layer_time(const Net& net, int index, LayerWork work,
                     const Board& board) {
  const Layer& layer = net.layers[index];
  return share_time(layer, whole_share(layer), work, board);
}

namespace {

// The figures that all actors of a loop share: its turns, and the rows that
// each actor makes.
struct StageLoop {
  std::vector<LoopRows> rows;  // by actor
  LoopWork work;
};

size_t index_in_loop(const PlanStage& stage, const PlanActor& a) {
  return static_cast<size_t>(&a -
                             &stage.actors[stage.loops[a.loop].first_actor]);
}

StageLoop stage_loop(const Net& net, const PlanStage& stage,
                     const PlanLoop& loop) {
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  StageLoop of{loop_rows(loop_layers(net, stage, loop), loop.band),
               {ceil_div(stage.ports[last.out].box.rows(), loop.band),
                loop.iterations, std::vector<int64_t>(loop.actors)}};
  for (int j = 0; j < loop.actors; ++j) {
    const PlanActor& a = stage.actors[loop.first_actor + j];
    of.work.bytes[j] = turns_bytes(net.layers[a.layer], share_of(net, stage, a),
                                   loop.iterations, &a == &last);
  }
  return of;
}

LayerTime looped_time(const Net& net, const PlanStage& stage,
                      const PlanActor& a, const StageLoop& loop,
                      const Board& board) {
  const size_t j = index_in_loop(stage, a);
  return turns_time(net.layers[a.layer], share_of(net, stage, a),
                    loop.rows[j].all, loop.work, j, board);
}

}  // namespace

int64_t reading_ps(const PlanWeights& w, const LayerTime& t,
                   const Board& board) {
  if (w.place == WeightPlace::kMapped) return t.flash_ps;
  if (w.place != WeightPlace::kSram || w.bank == 0) return 0;
  const double rate = board.other_banks().at(w.bank - 1).bytes_per_s;
  if (rate <= 0) return 0;
  return picoseconds(static_cast<double>(t.weight_read_bytes) / rate);
}

int64_t actor_macs(const Net& net, const PlanStage& stage, const PlanActor& a) {
  if (a.copy) return 0;
  const LayerShare share = share_of(net, stage, a);
  const int64_t macs = share_macs(net.layers[a.layer], share);
  if (a.loop < 0) return macs;
  const PlanLoop& loop = stage.loops[a.loop];
  return macs / share.out.rows() *
         loop_rows(loop_layers(net, stage, loop),
                   loop.band)[index_in_loop(stage, a)]
             .all;
}

LayerTime actor_time(const Net& net, const PlanStage& stage, const PlanActor& a,
                     const Board& board) {
  if (a.loop >= 0) {
    return looped_time(net, stage, a,
                       stage_loop(net, stage, stage.loops[a.loop]), board);
  }
  if (a.copy) return copy_time(stage.ports[a.out].box, a.band, board);
  return share_time(net.layers[a.layer], share_of(net, stage, a),
                    {a.band, a.part}, board);
}

std::vector<LayerTime> actor_times(const Net& net, const PlanStage& stage,
                                   const Board& board) {
  std::vector<LayerTime> times(stage.actors.size());
  for (size_t i = 0; i < times.size(); ++i) {
    const PlanActor& a = stage.actors[i];
    if (a.loop < 0) times[i] = actor_time(net, stage, a, board);
  }
  for (const PlanLoop& loop : stage.loops) {
    const std::vector<LayerTime> some = loop_times(net, stage, loop, board);
    std::ranges::copy(some, times.begin() + loop.first_actor);
  }
  return times;
}

std::vector<LayerTime> loop_times(const Net& net, const PlanStage& stage,
                                  const PlanLoop& loop, const Board& board) {
  const StageLoop of = stage_loop(net, stage, loop);
  std::vector<LayerTime> times;
  times.reserve(loop.actors);
  for (int j = 0; j < loop.actors; ++j) {
    times.push_back(
        looped_time(net, stage, stage.actors[loop.first_actor + j], of, board));
  }
  return times;
}

}  // namespace shoal
