#include "host/engine/virtual/cost.h"

#include <algorithm>
#include <cmath>

#include "device/program/chunk.h"
#include "host/board/portable_costs.h"
#include "host/board/wide_costs.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// A multiply-accumulate is one of an output channel at one pixel.
KernelCost kernel_cost(const StageView& s, const ActorRecord& a,
                       const Costs& costs) {
  const PortRecord& out = s.ports[a.out];
  switch (a.op) {
    case OpCode::kDepthwise:
      return depthwise_cost(costs, a.stride_y,
                            int64_t{a.kernel_h} * a.kernel_w);
    case OpCode::kTransposeConv:
      return {};
    case OpCode::kLstm:
    case OpCode::kCell:
      return {costs.fully_connected};
    default:
      return conv_cost(costs, rows(out) * columns(out),
                       a.kernel_h * a.kernel_w);
  }
}

double elements(const PortRecord& p) {
  return 1.0 * rows(p) * columns(p) * channels(p);
}

double chunk_bytes(const StageView& s, const ActorRecord& a) {
  if (a.weights == kNone) return 0;
  const WeightRecord& w = s.weights[a.weights];
  double sum = 0;
  for (int i = 0; i < w.parts * w.groups; ++i) {
    sum += s.chunks[w.first_chunk + i].bytes;
  }
  return sum;
}

}  // namespace

// The part that a slice makes: rows x columns x channels, and kernel rows.
struct NodeCost::Part {
  int rows = 0, columns = 0, channels = 0, kernel_rows = 1, in_channels = 0;
};

Nanos SliceCost::nanos() const {
  return std::max<Nanos>(std::llround((compute_s + firing_s + flash_s) * 1e9),
                         1);
}

SliceCost& SliceCost::operator+=(const SliceCost& o) {
  compute_s += o.compute_s, firing_s += o.firing_s, flash_s += o.flash_s;
  macs += o.macs, weight_bytes += o.weight_bytes;
  return *this;
}

NodeCost::NodeCost(std::span<const uint8_t> image, const Board& board)
    : board_(board) {
  for (const Bank& b : board.other_banks()) {
    bank_rates_.push_back(b.bytes_per_s);
  }
  const HeadView head = view_head(image.data());
  for (int i = 0; i < head.header->stages; ++i) {
    stages_.push_back(view_stage(image.data() + head.stages[i].offset));
    actors_.emplace_back();
    for (uint16_t a = 0; a < stages_.back().header->actors; ++a) {
      actors_.back().push_back(actor_cost(stages_.back(), a));
    }
  }
}

NodeCost::ActorCost NodeCost::actor_cost(const StageView& s,
                                         uint16_t index) const {
  const ActorRecord& a = s.actors[index];
  const Costs& costs = board_.costs;
  ActorCost c;
  if (counts_macs(a.op)) {
    c.kernel = kernel_cost(s, a, costs);
  } else {
    c.kernel = {costs.element};
    if (a.in[0] != kNone && a.loop == kNone) {
      c.element_scale =
          std::max(1.0, elements(s.ports[a.in[0]]) / elements(s.ports[a.out]));
    }
  }
  if (a.is_wide) {
    const PortRecord& out = s.ports[a.out];
    c.wide =
        wide_factor(board_.core, a.op, int64_t{1} * rows(out) * columns(out),
                    int64_t{a.kernel_h} * a.kernel_w);
  }
  c.sums = is_cut(a) || ends_loop(s, a) ||
           (a.flags & (kActorInit | kActorFinal)) != (kActorInit | kActorFinal);
  c.weight_bytes = chunk_bytes(s, a);
  double together = c.weight_bytes;
  if (a.loop != kNone) {
    const LoopRecord& l = s.loops[a.loop];
    together = 0;
    for (int j = 0; j < l.actors; ++j) {
      together += chunk_bytes(s, s.actors[l.first_actor + j]);
    }
  }
  c.cached = together <= static_cast<double>(board_.costs.cache_bytes);
  return c;
}

NodeCost::Part NodeCost::part_of(const StageView& s, const ActorRecord& a,
                                 const shoal_work& w) const {
  const PortRecord& out = s.ports[a.out];
  Part p;
  p.columns = columns(out) * (w.slice + 1) / a.slices -
              columns(out) * w.slice / a.slices;
  p.channels = channels(out);
  p.kernel_rows = a.kernel_h;
  p.in_channels = a.in[0] == kNone ? 1 : channels(s.ports[a.in[0]]);
  if (a.loop == kNone) {
    const FiringRange f = firing_range(row_rule(s, a), w.firing);
    p.rows = f.out_hi - f.out_lo;
    p.kernel_rows = f.ky_hi - f.ky_lo;
  } else {
    const LoopRecord& l = s.loops[a.loop];
    int j = l.actors - 1;
    const ActorRecord& last = s.actors[l.first_actor + j];
    const int all = rows(s.ports[last.out]), lo = w.firing * l.band;
    RowRange made{lo, clip(lo + l.band, 0, all)};
    for (; l.first_actor + j > w.actor; --j) {
      const ActorRecord& next = s.actors[l.first_actor + j];
      made = needed_rows(row_rule(s, next), made.lo, made.hi, 0, next.kernel_h);
    }
    p.rows = made.hi - made.lo;
  }
  if (a.weights != kNone && a.op != OpCode::kLut && a.op != OpCode::kConstant) {
    const ChunkRecord& c =
        s.chunks[chunk_index(s, a, w.firing, w.iteration, w.group)];
    p.channels = c.out_n;
    if (ends_loop(s, a)) p.in_channels = c.in_n;
  }
  return p;
}

// Returns the bytes of a set that the firing reads where it lies; everything
// else of it is read from the cache.
double NodeCost::weights_read(const StageView& s, const ActorRecord& a,
                              const ActorCost& cost,
                              const shoal_work& w) const {
  if (a.weights == kNone || w.slice != 0) return 0;
  const WeightRecord& set = s.weights[a.weights];
  // Others lie in the arena when they are used.
  if (set.place != WeightPlace::kMapped && bank_of(set) == 0) return 0;
  if (a.op == OpCode::kConstant) {
    return cost.weight_bytes / firing_count(row_rule(s, a));
  }
  const bool first =
      a.loop != kNone ? w.firing == 0
                      : w.firing < (is_cut(a) ? part_count(row_rule(s, a)) : 1);
  if (cost.cached && !first) return 0;
  // Parts of a window that share one chunk.
  const int parts = a.loop == kNone && is_cut(a) && set.parts == 1
                        ? part_count(row_rule(s, a))
                        : 1;
  return static_cast<double>(
             s.chunks[chunk_index(s, a, w.firing, w.iteration, w.group)]
                 .bytes) /
         parts;
}

// Returns how the cores share a slice, as the runtime does.
Halves NodeCost::halves_of(const StageView& s, const ActorRecord& a,
                           const Part& p) const {
  const SecondCore& second = board_.costs.second;
  if (!second.is_used() || has_int4_weights(a)) return {};
  const int columns =
      is_reduction(a.op) ? shoal::columns(s.ports[a.in[0]]) : a.kernel_w;
  SliceBox box{p.rows, p.columns, p.channels};
  box.products = products_of(a.op, p.kernel_rows * columns, p.in_channels);
  return shoal::halves_of(
      a.op, channels_apart(a.op, a.multiplier, a.flags & kReduceChannels), box,
      static_cast<uint32_t>(second.least_products), second.speed_parts());
}

SliceCost NodeCost::slice(const shoal_work& w) const {
  SliceCost sum;
  if (w.stage >= stages_.size() || w.actor >= actors_[w.stage].size()) {
    return sum;
  }
  const StageView& s = stages_[w.stage];
  const ActorRecord& a = s.actors[w.actor];
  const ActorCost& cost = actors_[w.stage][w.actor];
  const Part p = part_of(s, a, w);
  const Costs& costs = board_.costs;
  const int64_t pixels = int64_t{1} * p.rows * p.columns;
  // A further group of a firing, or of a loop's channels.
  const bool again = w.group > 0 || (w.iteration > 0 && is_inner(s, a));
  const double channels =
      channels_in_groups(cost.kernel, p.channels, again ? 2 : 1);
  int64_t parts = pixel_parts(cost.kernel, pixels, 1);
  if (has_int4_weights(a)) {
    const bool is_pointwise = a.kernel_h == 1 && a.kernel_w == 1;
    parts += int4_parts(is_pointwise ? 1 : p.rows);
  }
  double units = 1.0 / kPixelParts * channels * static_cast<double>(parts);
  double each = cost.kernel.cycles;
  if (counts_macs(a.op)) {
    double macs = 1.0 * p.kernel_rows * a.kernel_w, operations = 0;
    if (a.op != OpCode::kDepthwise) macs *= p.in_channels;
    if (a.op == OpCode::kLstm) {
      macs =
          kLstmGates * 1.0 * (p.in_channels + shoal::channels(s.ports[a.out]));
      operations = state_operations(a.op, nullptr);
    }
    if (a.op == OpCode::kCell) {
      const auto& cell =
          *reinterpret_cast<const CellParams*>(s.params + a.param);
      macs = 1.0 * cell.input_dots * p.in_channels +
             1.0 * cell.state_dots * shoal::channels(s.ports[a.in[1]]);
      operations = 1.0 * state_operations(a.op, &cell) / cell.phases;
    }
    if (keeps_state(a.op)) each = state_cycles(board_, macs, operations);
    if (a.op == OpCode::kTransposeConv) {
      // Only these of the kernel's taps meet an input pixel.
      const int strides = a.stride_y * a.stride_x;
      const double products =
          1.0 * a.kernel_h * a.kernel_w * p.in_channels / strides;
      each = transposed_cycles(board_, products) / strides;
    }
    units *= macs;
    sum.macs = macs * p.channels * static_cast<double>(pixels);
    if (a.op == OpCode::kTransposeConv) sum.macs /= a.stride_y * a.stride_x;
  } else {
    units *= cost.element_scale;
    if (has_window(a.op)) units *= 1.0 * p.kernel_rows / a.kernel_h;
  }
  double cycles = units * each * cost.wide;
  const Halves halves = halves_of(s, a, p);
  cycles *= shared_time(costs.second, halves);
  if (halves.axis != Axis::kNone) {
    sum.compute_s += costs.second.meeting_us * 1e-6;
  }
  if (cost.sums) {
    cycles += costs.sum * p.channels * static_cast<double>(pixels);
  }
  sum.compute_s += cycles / board_.clock_hz;
  if (w.slice == 0 && w.group == 0) {
    sum.firing_s = costs.firing_us * 1e-6;
    // A loop's rows are looked for once, not by each turn.
    const bool turns =
        a.loop != kNone && !(ends_loop(s, a) && w.iteration == 0);
    if (!turns) sum.firing_s += costs.row_us * (p.rows - 1) * 1e-6;
  }
  const double read = weights_read(s, a, cost, w);
  const uint32_t bank = a.weights == kNone ? 0 : bank_of(s.weights[a.weights]);
  if (bank == 0) sum.weight_bytes = read;
  const double rate = bank ? bank_rates_.at(bank - 1) : costs.flash_bytes_per_s;
  if (rate > 0) sum.flash_s = read / rate;
  return sum;
}

}  // namespace shoal
