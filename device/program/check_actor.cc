#include "device/program/check_stage.h"

namespace shoal {
namespace {

bool one_or(int v, int n) { return v == 1 || v == n; }

}  // namespace

bool StageCheck::actors() {
  for (uint32_t i = 0; i < s_.header->actors; ++i) {
    at(Table::kActor, i);
    if (!actor(s_.actors[i], i)) return false;
  }
  at(Table::kStage, kNone);
  if (!need(next_weights_ == s_.header->weights &&
            next_chunk_ == s_.header->chunks)) {
    return false;
  }
  for (uint32_t i = 0; i < s_.header->loops; ++i) {
    at(Table::kLoop, i);
    if (!loop_windows(s_.loops[i])) return false;
  }
  return true;
}

bool StageCheck::actor(const ActorRecord& a, uint32_t index) {
  return need(is_known(a.op) && a.unused == 0) && width(a) &&
         operands(a, index) && window(a) && params(a) && firings(a) &&
         shapes(a) && partial_sums(a, index) && weights(a);
}

// Wide actors lie in no loops and have no partial sums of other nodes.
bool StageCheck::width(const ActorRecord& a) {
  if (!a.is_wide) return need(!is_always_wide(a.op));
  return need(can_be_wide(a.op) && may_be_wide(head_.header->version)) &&
         need(a.loop == kNone && a.room16 == 0 &&
              (a.flags & (kActorInit | kActorFinal)) ==
                  (kActorInit | kActorFinal)) &&
         need(a.zero_in == 0 && a.zero_weight == 0 && a.zero_out == 0);
}

bool StageCheck::actor_port(uint16_t port, uint32_t actor, bool is_read,
                            int element_bytes, bool may_be_private) {
  if (!need(port < s_.header->ports)) return false;
  const PortRecord& p = s_.ports[port];
  const BufferRecord& b = s_.buffers[p.buffer];
  const bool fits =
      element_bytes == 0
          ? b.element_bytes < 4
          : b.element_bytes == static_cast<uint32_t>(element_bytes);
  return need(p.owner() == PortOwner::kActor && p.owner_index() == actor &&
              p.is_read == (is_read ? 1 : 0) && fits) &&
         need(may_be_private || !(b.flags & kBufferPrivate));
}

bool StageCheck::operands(const ActorRecord& a, uint32_t index) {
  const bool looped = a.loop != kNone;
  const bool is_final = a.flags & kActorFinal, init = a.flags & kActorInit;
  if (!need((a.in[0] == kNone) == (a.op == OpCode::kConstant) &&
            (a.in[1] == kNone) == !(is_binary(a.op) || holds_second(a.op)) &&
            (a.partial == kNone) == init) ||
      !need((has_window(a.op) || (is_final && init)) &&
            (is_reduction(a.op) ||
             !(a.flags & (kReduceColumns | kReduceChannels))))) {
    return false;
  }
  return actor_port(a.out, index, false, is_final ? result_bytes(a) : 4,
                    looped) &&
         (a.in[0] == kNone ||
          actor_port(a.in[0], index, true, element_bytes(a, 0), looped)) &&
         (a.in[1] == kNone ||
          actor_port(a.in[1], index, true, element_bytes(a, 1), false)) &&
         (init || actor_port(a.partial, index, true, 4, false));
}

bool StageCheck::window(const ActorRecord& a) {
  const PortRecord& out = s_.ports[a.out];
  if (!need(a.kernel_h > 0 && a.kernel_w > 0 && a.stride_y > 0 &&
            a.stride_x > 0 && a.dilation_y > 0 && a.dilation_x > 0 &&
            a.multiplier > 0 && a.band > 0 && a.part > 0 &&
            a.act_min <= a.act_max) ||
      !need(a.slices > 0 && a.slices <= columns(out) &&
            (!runs_whole(a.op) || a.slices == 1))) {
    return false;
  }
  if (!has_window(a.op)) return true;
  const BufferRecord& in = s_.buffers[s_.ports[a.in[0]].buffer];
  const int pixel = static_cast<int>(in.channels * (a.is_wide ? 2 : 1));
  if (!need(window_fits(rows(out), a.stride_y, a.kernel_h, a.dilation_y,
                        a.pad_top, 1) &&
            window_fits(columns(out), a.stride_x, a.kernel_w, a.dilation_x,
                        a.pad_left, pixel))) {
    return false;
  }
  const bool cut = is_cut(a);
  const bool dilates = a.op == OpCode::kConv || a.op == OpCode::kDepthwise;
  // A large kernel costs no more than its weights, which the image has to
  // hold, and pools look only at what lies inside. A node's share may hold one
  // row of a window whose others are padding.
  return need(cut ? a.band == 1 && a.loop == kNone : a.part == a.kernel_h) &&
         need(a.part <= kMaxWindowRows &&
              (dilates || (a.dilation_y == 1 && a.dilation_x == 1)));
}

bool StageCheck::params(const ActorRecord& a) {
  const auto count = static_cast<uint32_t>(param_count(a.op, a.is_wide));
  if (count && !need(a.param + count <= s_.header->params)) return false;
  const KindCheck check = checks_.kinds[static_cast<int>(a.op) - 1];
  if (check && !check(*this, s_, a)) return false;
  return !a.is_wide || !checks_.wide || checks_.wide(*this, s_, a);
}

bool StageCheck::firings(const ActorRecord& a) {
  return need(firings_of(a) <= kMaxFirings);
}

uint64_t StageCheck::firings_of(const ActorRecord& a) const {
  const int out_rows = rows(s_.ports[a.out]);
  const int band = a.loop == kNone ? a.band : s_.loops[a.loop].band;
  const int parts = is_cut(a) ? ceil_div(a.kernel_h, a.part) : 1;
  return uint64_t{static_cast<uint32_t>(ceil_div(out_rows, band))} *
         static_cast<uint32_t>(parts);
}

bool StageCheck::shapes(const ActorRecord& a) {
  if (a.op == OpCode::kConstant) return true;
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  switch (shapes_of(a.op)) {
    case ShapeRule::kAny:
    case ShapeRule::kReduced:  // with the parameters
    case ShapeRule::kBlocks:
    case ShapeRule::kProduct:
      return true;
    case ShapeRule::kChannels:
      return need(channels(in) == channels(out));
    case ShapeRule::kMultiple:
      return need(a.loop != kNone ||
                  channels(out) == channels(in) * int{a.multiplier});
    case ShapeRule::kPixels:
      return need(columns(in) == columns(out) &&
                  channels(in) == channels(out) && one_or(rows(in), rows(out)));
    case ShapeRule::kBroadcast:
      return binary_shapes(a);
    case ShapeRule::kElements:
      return need(rows(in) * columns(in) * channels(in) ==
                  rows(out) * columns(out) * channels(out));
    case ShapeRule::kPlaces:
      return need(columns(in) == columns(out) && channels(out) == 2 &&
                  one_or(rows(in), rows(out)));
  }
  return false;
}

bool StageCheck::binary_shapes(const ActorRecord& a) {
  const PortRecord& out = s_.ports[a.out];
  for (uint16_t port : a.in) {
    const PortRecord& in = s_.ports[port];
    if (!need(one_or(rows(in), rows(out)) &&
              one_or(columns(in), columns(out)) &&
              one_or(channels(in), channels(out)))) {
      return false;
    }
  }
  return true;
}

// All int32 rows that a firing reads or writes have one pixel stride.
bool StageCheck::partial_sums(const ActorRecord& a, uint32_t index) {
  const PortRecord& out = s_.ports[a.out];
  const int sum_rows = accumulator_rows(s_, a);
  const bool is_final = a.flags & kActorFinal, init = a.flags & kActorInit;
  int stride = sum_rows ? channels(out) : 0;
  if (!is_final) {
    const int there = s_.buffers[out.buffer].channels;
    if (!need(stride == 0 || stride == there)) return false;
    stride = there;
  }
  if (!init) {
    const PortRecord& p = s_.ports[a.partial];
    const int there = s_.buffers[p.buffer].channels;
    if (!need((stride == 0 || stride == there) && rows(p) == rows(out) &&
              columns(p) == columns(out) && channels(p) == channels(out))) {
      return false;
    }
  }
  const bool middle = a.loop != kNone && !ends_loop(s_, a);
  at(Table::kActor, index);
  return need(!middle || (is_final && init)) &&
         need(sum_rows == 0
                  ? a.accumulator == kNowhere
                  : in_arena(
                        a.accumulator,
                        accumulator_bytes(sum_rows, columns(out), channels(out),
                                          sum_bytes(a.op, a.is_wide))));
}

// The rows of one band fit the private buffers on its way.
bool StageCheck::loop_windows(const LoopRecord& l) {
  const ActorRecord& last = s_.actors[l.first_actor + l.actors - 1];
  int band = clip(l.band, 1, rows(s_.ports[last.out]));
  for (int j = l.actors - 1; j > 0; --j) {
    const ActorRecord& a = s_.actors[l.first_actor + j];
    const PortRecord& in = s_.ports[a.in[0]];
    if (has_window(a.op)) {
      band = (band - 1) * a.stride_y + (a.kernel_h - 1) * a.dilation_y + 1;
    } else if (!need(rows(in) == rows(s_.ports[a.out]))) {
      return false;
    }
    if (band > rows(in)) band = rows(in);
    if (!need(band <= static_cast<int>(s_.buffers[in.buffer].slots))) {
      return false;
    }
  }
  return true;
}

}  // namespace shoal
