#include "device/base/fixed_point.h"
#include "device/program/check_stage.h"
#include "device/program/params.h"

namespace shoal {
namespace {

bool is_byte(int v) { return v >= -128 && v <= 127; }
bool is_shift(int v) { return v >= -31 && v <= 30; }
bool one_or(int v, int n) { return v == 1 || v == n; }

// The parameters of an actor as P; their count has been checked.
template <class P>
const P& params_as(const StageView& s, const ActorRecord& a) {
  return *reinterpret_cast<const P*>(s.params + a.param);
}

}  // namespace

bool StageCheck::actors() {
  for (uint32_t i = 0; i < s_.header->actors; ++i) {
    at(Table::kActor, i);
    if (!actor(s_.actors[i], i)) return false;
  }
  at(Table::kStage, kNone);
  if (!need(next_weights_ == s_.header->weights) ||
      !need(next_chunk_ == s_.header->chunks)) {
    return false;
  }
  for (uint32_t i = 0; i < s_.header->loops; ++i) {
    at(Table::kLoop, i);
    if (!loop_windows(s_.loops[i])) return false;
  }
  return true;
}

bool StageCheck::actor(const ActorRecord& a, uint32_t index) {
  return need(is_known(a.op)) && need(a.flags < 16) && operands(a, index) &&
         window(a) && params(a) && firings(a) && shapes(a) &&
         partial_sums(a, index) && weights(a);
}

bool StageCheck::actor_port(uint16_t port, uint32_t actor, bool is_read,
                            int element_bytes, bool may_be_private) {
  if (!need(port < s_.header->ports)) return false;
  const PortRecord& p = s_.ports[port];
  const BufferRecord& b = s_.buffers[p.buffer];
  return need(p.owner == PortOwner::kActor && p.owner_index == actor &&
              p.is_read == (is_read ? 1 : 0)) &&
         need(b.element_bytes == element_bytes) &&
         need(may_be_private || !(b.flags & kBufferPrivate));
}

bool StageCheck::operands(const ActorRecord& a, uint32_t index) {
  const bool looped = a.loop != kNone;
  const bool is_final = a.flags & kActorFinal, init = a.flags & kActorInit;
  const int in_bytes = a.op == OpCode::kRequantize ? 4 : 1;
  if (!need((a.in[0] == kNone) == (a.op == OpCode::kConstant)) ||
      !need((a.in[1] == kNone) == !(is_binary(a.op) || holds_second(a.op))) ||
      !need((a.partial == kNone) == init)) {
    return false;
  }
  if (!need(has_window(a.op) || (is_final && init)) ||
      !need(is_reduction(a.op) ||
            !(a.flags & (kReduceColumns | kReduceChannels)))) {
    return false;
  }
  return actor_port(a.out, index, false, is_final ? 1 : 4, looped) &&
         (a.in[0] == kNone ||
          actor_port(a.in[0], index, true, in_bytes, looped)) &&
         (a.in[1] == kNone || actor_port(a.in[1], index, true, 1, false)) &&
         (init || actor_port(a.partial, index, true, 4, false));
}

bool StageCheck::window(const ActorRecord& a) {
  if (!need(a.kernel_h > 0 && a.kernel_w > 0) ||
      !need(a.stride_y > 0 && a.stride_x > 0) ||
      !need(a.dilation_y > 0 && a.dilation_x > 0) || !need(a.multiplier > 0) ||
      !need(a.band > 0 && a.part > 0) ||
      !need(a.slices > 0 && a.slices <= columns(s_.ports[a.out])) ||
      !need(!runs_whole(a.op) || a.slices == 1) ||
      !need(is_byte(a.zero_in) && is_byte(a.zero_weight) &&
            is_byte(a.zero_out)) ||
      !need(a.act_min <= a.act_max)) {
    return false;
  }
  if (!has_window(a.op)) return true;
  const bool cut = is_cut(a);
  const bool dilates = a.op == OpCode::kConv || a.op == OpCode::kDepthwise;
  const PortRecord& in = s_.ports[a.in[0]];
  // A kernel far wider than the picture and its padding would cost time
  // without bound.
  const auto fits = [](int kernel, int dilation, int size, int pad) {
    return (kernel - 1) * dilation <= 2 * (size + (pad < 0 ? -pad : pad));
  };
  const bool reduces = is_reduction(a.op);
  return need(cut ? a.band == 1 && a.loop == kNone : a.part == a.kernel_h) &&
         need((cut ? a.part : a.kernel_h) <= kMaxWindowRows) &&
         need(dilates || (a.dilation_y == 1 && a.dilation_x == 1)) &&
         need(fits(a.kernel_h, a.dilation_y, rows(in), a.pad_top)) &&
         need(reduces ||
              fits(a.kernel_w, a.dilation_x, columns(in), a.pad_left));
}

bool StageCheck::params(const ActorRecord& a) {
  if (!need(a.param_count == param_count(a.op)) ||
      !need(uint32_t{a.param} + a.param_count <= s_.header->params)) {
    return false;
  }
  switch (a.op) {
    case OpCode::kAdd: {
      const auto& p = params_as<AddParams>(s_, a);
      return need(is_byte(p.zero0) && is_byte(p.zero1)) &&
             need(is_shift(p.shift0) && is_shift(p.shift1) &&
                  is_shift(p.shift_out)) &&
             need(p.sign == 1 || p.sign == -1);
    }
    case OpCode::kSquaredDifference: {
      const auto& p = params_as<SquaredDifferenceParams>(s_, a);
      return need(is_byte(p.zero0) && is_byte(p.zero1)) &&
             need(is_shift(p.shift0) && is_shift(p.shift1) &&
                  is_shift(p.shift_out));
    }
    case OpCode::kDivide: {
      // Quotients are shifted to the right.
      const auto& p = params_as<MulParams>(s_, a);
      return need(is_byte(p.zero0) && is_byte(p.zero1)) &&
             need(p.shift >= -31 && p.shift <= kMostDivideShift);
    }
    case OpCode::kMatmul:
    case OpCode::kMul: {
      const auto& p = params_as<MulParams>(s_, a);
      return need(is_byte(p.zero0) && is_byte(p.zero1) && is_shift(p.shift));
    }
    case OpCode::kPrelu: {
      const auto& p = params_as<PreluParams>(s_, a);
      return need(is_byte(p.zero_alpha) && is_shift(p.shift_pos) &&
                  is_shift(p.shift_neg));
    }
    case OpCode::kReduceSum: {
      const auto& p = params_as<ReduceParams>(s_, a);
      return need(p.count > 0 && p.count <= 1 << 23 && is_shift(p.shift));
    }
    case OpCode::kSoftmax: {
      const auto& p = params_as<SoftmaxParams>(s_, a);
      return need(p.shift >= 0 && p.shift <= 30 && p.multiplier >= 0) &&
             need(p.diff_min <= 0 && p.diff_min >= -(kInt32Max >> p.shift));
    }
    case OpCode::kLogSoftmax: {
      const auto& p = params_as<LogSoftmaxParams>(s_, a);
      return need(p.shift >= 0 && p.shift <= 30 && p.multiplier >= 0) &&
             need(p.diff_min <= 0 && p.diff_min >= -(kInt32Max >> p.shift)) &&
             need(is_shift(p.back_shift)) &&
             need(channels(s_.ports[a.in[0]]) <= 4095);  // sums of up to 2^31
    }
    case OpCode::kRunningSum:
      return need(is_shift(params_as<RunningSumParams>(s_, a).shift));
    case OpCode::kArgMax: {
      const int sign = params_as<ArgParams>(s_, a).sign;
      return need(sign == 1 || sign == -1);
    }
    case OpCode::kBilinear:
      return bilinear_lines(a);
    case OpCode::kMove: {
      const auto& p = params_as<MoveParams>(s_, a);
      const auto line = [&](int32_t stride, int32_t base) {
        return stride >= -32767 && stride <= 32767 && base >= -65535 &&
               base <= 65535;
      };
      return need(line(p.stride_y, p.base_y) && line(p.stride_x, p.base_x) &&
                  line(p.stride_c, p.base_c) && is_byte(p.fill));
    }
    case OpCode::kSpaceToDepth:
    case OpCode::kDepthToSpace: {
      const int block = params_as<BlockParams>(s_, a).block;
      return need(block > 0 && block <= kMaxWindowRows);
    }
    case OpCode::kTranspose:
      return transpose_sizes(a);
    case OpCode::kResize:
      return resize_maps(a);
    default:
      return true;
  }
}

bool StageCheck::transpose_sizes(const ActorRecord& a) {
  const auto& p = params_as<TransposeParams>(s_, a);
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  const int64_t in_size = int64_t{rows(in)} * columns(in) * channels(in);
  const int64_t out_size = int64_t{rows(out)} * columns(out) * channels(out);
  int64_t count = 1, last = 0;
  for (int i = 0; i < 4; ++i) {
    if (!need(p.size[i] > 0 && p.stride[i] >= 0)) return false;
    if (!need(p.size[i] <= out_size / count)) return false;
    count *= p.size[i];
    last += int64_t{p.size[i] - 1} * p.stride[i];
    if (!need(last < in_size)) return false;
  }
  return need(count == out_size) && need(in_size <= kInt32Max);
}

bool StageCheck::resize_maps(const ActorRecord& a) {
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  const uint32_t count = static_cast<uint32_t>(rows(out) + columns(out));
  if (!need(a.map + count <= s_.header->maps)) return false;
  const uint16_t* map = s_.maps + a.map;
  for (int y = 0; y < rows(out); ++y) {
    if (!need(map[y] < rows(in))) return false;
  }
  for (int x = 0; x < columns(out); ++x) {
    if (!need(map[rows(out) + x] < columns(in))) return false;
  }
  return true;
}

// Positions rise and stay far within an int.
bool StageCheck::bilinear_lines(const ActorRecord& a) {
  const auto& p = params_as<BilinearParams>(s_, a);
  const PortRecord& out = s_.ports[a.out];
  const auto line = [&](int32_t scale, int32_t base, int places) {
    constexpr int32_t kFar = 1 << 27;
    return scale >= 0 && scale <= kFar / places && base >= -kFar &&
           base <= kFar;
  };
  return need(line(p.scale_y, p.base_y, rows(out)) &&
              line(p.scale_x, p.base_x, columns(out)));
}

bool StageCheck::firings(const ActorRecord& a) {
  const uint32_t out_rows = static_cast<uint32_t>(rows(s_.ports[a.out]));
  if (a.loop != kNone) return true;  // at most one a row
  const uint32_t steps = (out_rows + a.band - 1) / a.band;
  const uint32_t parts =
      is_cut(a) ? (uint32_t{a.kernel_h} + a.part - 1) / a.part : 1;
  return need(steps * parts < 0xFFFF);
}

bool StageCheck::shapes(const ActorRecord& a) {
  if (a.op == OpCode::kConstant) return true;
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  switch (shapes_of(a.op)) {
    case ShapeRule::kAny:
      return true;
    case ShapeRule::kChannels:
      return need(channels(in) == channels(out));
    case ShapeRule::kMultiple:
      return need(a.loop != kNone ||
                  channels(out) == channels(in) * int{a.multiplier});
    case ShapeRule::kReduced:
      return reduce_shapes(a);
    case ShapeRule::kPixels:
      return need(columns(in) == columns(out) &&
                  channels(in) == channels(out)) &&
             need(one_or(rows(in), rows(out)));
    case ShapeRule::kBroadcast:
      return binary_shapes(a);
    case ShapeRule::kBlocks:
      return block_shapes(a);
    case ShapeRule::kElements:
      return need(int64_t{rows(in)} * columns(in) * channels(in) ==
                  int64_t{rows(out)} * columns(out) * channels(out));
    case ShapeRule::kPlaces:
      return need(columns(in) == columns(out) && channels(out) == 2 &&
                  one_or(rows(in), rows(out)));
    case ShapeRule::kProduct: {
      const PortRecord& by = s_.ports[a.in[1]];
      return need(columns(in) == 1 && columns(by) == 1 && columns(out) == 1 &&
                  rows(in) == rows(out) && rows(by) == channels(out) &&
                  channels(in) == channels(by));
    }
  }
  return false;
}

bool StageCheck::reduce_shapes(const ActorRecord& a) {
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  const bool over_x = a.flags & kReduceColumns;
  const bool over_c = a.flags & kReduceChannels;
  const int last =
      (rows(out) - 1) * a.stride_y + (a.kernel_h - 1) * a.dilation_y;
  return need(columns(out) == (over_x ? 1 : columns(in))) &&
         need(channels(out) == (over_c ? 1 : channels(in))) &&
         need(a.pad_top == 0 && last < rows(in));
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

bool StageCheck::block_shapes(const ActorRecord& a) {
  const PortRecord &in = s_.ports[a.in[0]], &out = s_.ports[a.out];
  const bool to_depth = a.op == OpCode::kSpaceToDepth;
  const PortRecord &wide = to_depth ? in : out, &deep = to_depth ? out : in;
  const int block = params_as<BlockParams>(s_, a).block;
  return need(rows(wide) == rows(deep) * block) &&
         need(columns(wide) == columns(deep) * block) &&
         need(channels(deep) == channels(wide) * block * block);
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
    if (!need(stride == 0 || stride == there) ||
        !need(rows(p) == rows(out) && columns(p) == columns(out) &&
              channels(p) == channels(out))) {
      return false;
    }
  }
  const bool middle = a.loop != kNone && !ends_loop(s_, a);
  at(Table::kActor, index);
  if (!need(!middle || (is_final && init))) return false;
  if (sum_rows == 0) return need(a.accumulator == kNowhere);
  return need(in_arena(
      a.accumulator, accumulator_bytes(sum_rows, columns(out), channels(out))));
}

// The rows of one band fit the private buffers on its way.
bool StageCheck::loop_windows(const LoopRecord& l) {
  const ActorRecord& last = s_.actors[l.first_actor + l.actors - 1];
  int64_t band = clip(l.band, 1, rows(s_.ports[last.out]));
  for (int j = l.actors - 1; j > 0; --j) {
    const ActorRecord& a = s_.actors[l.first_actor + j];
    const PortRecord& in = s_.ports[a.in[0]];
    if (has_window(a.op)) {
      band = (band - 1) * a.stride_y + (a.kernel_h - 1) * a.dilation_y + 1;
    } else if (!need(rows(in) == rows(s_.ports[a.out]))) {
      return false;
    }
    if (band > rows(in)) band = rows(in);
    if (!need(band <= s_.buffers[in.buffer].slots)) return false;
  }
  return true;
}

}  // namespace shoal
