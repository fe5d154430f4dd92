#include "device/program/check_kinds.h"

#include "device/base/fixed_point.h"
#include "device/program/check_stage.h"
#include "device/program/chunk.h"
#include "device/program/geometry.h"
#include "device/program/params.h"

namespace shoal {
namespace {

bool fits_byte(int v) { return v >= -128 && v <= 127; }
bool is_shift(int v) { return v >= -31 && v <= 30; }

// Returns the parameters of an actor as P; their count has been checked.
template <class P>
const P& params_as(const StageView& s, const ActorRecord& a) {
  return *reinterpret_cast<const P*>(s.params + a.param);
}

bool add_ok(const AddParams& p) {
  return fits_byte(p.zero0) && fits_byte(p.zero1) && is_shift(p.shift0) &&
         is_shift(p.shift1) && is_shift(p.shift_out) &&
         (p.sign == 1 || p.sign == -1);
}
bool mul_ok(const MulParams& p) {
  return fits_byte(p.zero0) && fits_byte(p.zero1) && is_shift(p.shift);
}

// No place of a line, nor the one behind the last, leaves 30 bits.
[[gnu::noinline]] bool is_near(int32_t stride, int32_t base, int places) {
  constexpr int32_t kFar = 1 << 29;
  const int32_t most = kFar / places;
  return stride >= -most && stride <= most && base >= -kFar && base <= kFar;
}

// Checks the parameters of a sum of exponentials.
bool exponents_ok(StageCheck& c, int32_t multiplier, int32_t shift,
                  int32_t diff_min) {
  return c.need(shift >= 0 && shift <= 30 && multiplier >= 0) &&
         c.need(diff_min <= 0 && diff_min >= -(kInt32Max >> shift));
}

// Checks the ports of an actor with a state; `more` rows lie behind those of
// the steps, and a row has the units of all phases.
bool check_steps(StageCheck& c, const StageView& s, const ActorRecord& a,
                 int more, int phases) {
  const PortRecord &in = s.ports[a.in[0]], &state = s.ports[a.in[1]];
  const PortRecord& out = s.ports[a.out];
  return c.need(columns(in) == 1 && columns(state) == 1 && columns(out) == 1) &&
         c.need(rows(out) == rows(in) + more && rows(state) == 1 + more &&
                channels(state) * phases == channels(out)) &&
         c.need(a.band == 1 && a.loop == kNone);
}

}  // namespace

bool check_reduced(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const PortRecord &in = s.ports[a.in[0]], &out = s.ports[a.out];
  const bool over_x = a.flags & kReduceColumns;
  const bool over_c = a.flags & kReduceChannels;
  // Within an int: window_fits().
  const int last =
      (rows(out) - 1) * a.stride_y + (a.kernel_h - 1) * a.dilation_y;
  return c.need(columns(out) == (over_x ? 1 : columns(in)) &&
                channels(out) == (over_c ? 1 : channels(in))) &&
         c.need(a.pad_top == 0 && last < rows(in));
}

bool check_reduce_sum(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<ReduceParams>(s, a);
  return c.need(p.count > 0 && p.count <= 1 << 23 && is_shift(p.shift)) &&
         check_reduced(c, s, a);
}

bool check_add(StageCheck& c, const StageView& s, const ActorRecord& a) {
  return c.need(add_ok(params_as<AddParams>(s, a)));
}

bool check_squared_difference(StageCheck& c, const StageView& s,
                              const ActorRecord& a) {
  const auto& p = params_as<SquaredDifferenceParams>(s, a);
  return c.need(fits_byte(p.zero0) && fits_byte(p.zero1)) &&
         c.need(is_shift(p.shift0) && is_shift(p.shift1) &&
                is_shift(p.shift_out));
}

bool check_mul(StageCheck& c, const StageView& s, const ActorRecord& a) {
  return c.need(mul_ok(params_as<MulParams>(s, a)));
}

// Quotients are shifted to the right.
bool check_divide(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<MulParams>(s, a);
  return c.need(fits_byte(p.zero0) && fits_byte(p.zero1)) &&
         c.need(p.shift >= -31 && p.shift <= kMostDivideShift);
}

bool check_matmul(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const PortRecord &in = s.ports[a.in[0]], &by = s.ports[a.in[1]];
  const PortRecord& out = s.ports[a.out];
  return check_mul(c, s, a) &&
         c.need(params_as<MulParams>(s, a).multiplier >= 0) &&
         c.need(columns(in) == 1 && columns(by) == 1 && columns(out) == 1 &&
                rows(in) == rows(out) && rows(by) == channels(out) &&
                channels(in) == channels(by));
}

bool check_prelu(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<PreluParams>(s, a);
  return c.need(fits_byte(p.zero_alpha) && is_shift(p.shift_pos) &&
                is_shift(p.shift_neg));
}

bool check_softmax(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<SoftmaxParams>(s, a);
  return exponents_ok(c, p.multiplier, p.shift, p.diff_min);
}

bool check_log_softmax(StageCheck& c, const StageView& s,
                       const ActorRecord& a) {
  const auto& p = params_as<LogSoftmaxParams>(s, a);
  return exponents_ok(c, p.multiplier, p.shift, p.diff_min) &&
         c.need(is_shift(p.back_shift)) &&
         c.need(channels(s.ports[a.in[0]]) <= 4095);  // sums of up to 2^31
}

bool check_l2_norm(StageCheck& c, const StageView& s, const ActorRecord& a) {
  return c.need(channels(s.ports[a.in[0]]) <= kMostL2Channels);
}

bool check_probability(StageCheck& c, const StageView& s,
                       const ActorRecord& a) {
  const auto& p = params_as<ProbabilityParams>(s, a);
  if (!c.need(p.factor >= 0 && p.factor <= kMostProbabilityFactor) ||
      !c.need(p.shift >= 1 && p.shift <= 62) ||
      !c.need(p.exponentials[0] == kWholeProbability)) {
    return false;
  }
  for (const int32_t e : p.exponentials) {
    if (!c.need(e >= 0 && e <= kWholeProbability)) return false;
  }
  return true;
}

bool check_lstm(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<LstmParams>(s, a);
  for (const LstmGate& gate : p.gates) {
    if (!c.need(is_shift(gate.input_shift) && is_shift(gate.recurrent_shift))) {
      return false;
    }
  }
  if (!c.need(is_shift(p.keep_shift) && is_shift(p.add_shift) &&
              is_shift(p.hidden_shift)) ||
      !c.need(p.tanh_multiplier >= 0 && p.tanh_multiplier <= 1 << 15 &&
              p.tanh_shift >= 0 && p.tanh_shift <= 30) ||
      !c.need(p.clip >= 0 && p.clip <= 1 << 15)) {
    return false;
  }
  return check_steps(c, s, a, lstm_cell_rows(a.is_wide), 1);
}

namespace {

bool below(int32_t v, int32_t limit) {
  return static_cast<uint32_t>(v) < static_cast<uint32_t>(limit);
}

// An operation of phase f that begins with value `first`. Its operands number
// values that the phase has made so far, unless the kind says otherwise.
bool cell_op_ok(const CellParams& p, const CellOp& op, int f, int first, int k,
                bool is_wide) {
  const auto code = static_cast<CellCode>(op.code);
  const int32_t vectors = p.states + f;
  const int32_t least_value = is_wide ? -32768 : -128;
  int32_t least = first, most_a = k, most_b = k;
  if (code == CellCode::kDot || code == CellCode::kState) {
    least = 0, most_b = code == CellCode::kDot && is_wide ? 2 : 1;
    most_a = code == CellCode::kDot ? vectors + 1 : vectors;
  } else if (code == CellCode::kTable) {
    most_b = is_wide ? 2 : kMostCellTables;
    if (is_wide && !(below(op.params[0], 32768) && below(op.params[1], 31))) {
      return false;
    }
  } else if (code == CellCode::kAdd) {
    if (!add_ok(*reinterpret_cast<const AddParams*>(op.params))) return false;
  } else if (code != CellCode::kMul ||
             !mul_ok(*reinterpret_cast<const MulParams*>(op.params))) {
    return false;
  }
  const bool is_pair = code == CellCode::kAdd || code == CellCode::kMul;
  return below(op.a, most_a) && op.a >= least && below(op.b, most_b) &&
         (!is_pair || op.b >= least) && op.low <= op.high &&
         op.low >= least_value && op.high < -least_value &&
         (is_wide ? op.zero_out == 0 : fits_byte(op.zero_out));
}

}  // namespace

bool check_cell(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<CellParams>(s, a);
  bool good = below(p.phases - 1, kMostCellPhases) &&
              below(p.states - 1, kMostCellStates);
  int32_t most[2] = {};  // products with the row, with vectors
  int first = 0;
  for (int f = 0; good && f < p.phases; ++f) {
    const CellPhase& phase = p.phase[f];
    good = phase.end > first && phase.end <= kMostCellOps &&
           phase.result >= first && phase.result < phase.end;
    int32_t dots[2] = {};
    for (int k = first; good && k < phase.end; ++k) {
      good = cell_op_ok(p, p.op[k], f, first, k, a.is_wide);
      if (p.op[k].code == static_cast<int32_t>(CellCode::kDot)) {
        ++dots[p.op[k].a != 0];
      }
    }
    for (int i = 0; i < 2; ++i) most[i] = dots[i] > most[i] ? dots[i] : most[i];
    for (int t = 0; good && f + 1 == p.phases && t < p.states; ++t) {
      good = p.after[t] >= first && p.after[t] < phase.end &&
             p.after[0] == phase.result;
    }
    first = phase.end;
  }
  if (!c.need(good)) return false;
  const int units = channels(s.ports[a.in[1]]);
  return c.need(p.input_dots == most[0] && p.state_dots == most[1] &&
                static_cast<uint32_t>(p.unit_bytes) ==
                    cell_unit_bytes(p, channels(s.ports[a.in[0]]), units)) &&
         check_steps(c, s, a, p.states - 1, p.phases);
}

bool check_running_sum(StageCheck& c, const StageView& s,
                       const ActorRecord& a) {
  return c.need(is_shift(params_as<RunningSumParams>(s, a).shift));
}

bool check_arg_max(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const int sign = params_as<ArgParams>(s, a).sign;
  return c.need(sign == 1 || sign == -1);
}

// Positions rise and stay far within an int.
bool check_bilinear(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<BilinearParams>(s, a);
  const PortRecord& out = s.ports[a.out];
  return c.need(p.scale_y >= 0 && is_near(p.scale_y, p.base_y, rows(out)) &&
                p.scale_x >= 0 && is_near(p.scale_x, p.base_x, columns(out)));
}

bool check_move(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<MoveParams>(s, a);
  const PortRecord& out = s.ports[a.out];
  return c.need(is_near(p.stride_y, p.base_y, rows(out)) &&
                is_near(p.stride_x, p.base_x, columns(out)) &&
                is_near(p.stride_c, p.base_c, channels(out)) &&
                (a.is_wide ? p.fill == 0 : fits_byte(p.fill)));
}

bool check_blocks(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const int block = params_as<BlockParams>(s, a).block;
  if (!c.need(block > 0 && block <= kMaxWindowRows)) return false;
  const PortRecord &in = s.ports[a.in[0]], &out = s.ports[a.out];
  const bool to_depth = a.op == OpCode::kSpaceToDepth;
  const PortRecord &wide = to_depth ? in : out, &deep = to_depth ? out : in;
  return c.need(rows(wide) == rows(deep) * block) &&
         c.need(columns(wide) == columns(deep) * block) &&
         c.need(channels(deep) == channels(wide) * block * block);
}

bool check_transpose(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_as<TransposeParams>(s, a);
  const PortRecord &in = s.ports[a.in[0]], &out = s.ports[a.out];
  const int in_size = rows(in) * columns(in) * channels(in);
  const int out_size = rows(out) * columns(out) * channels(out);
  int64_t count = 1, last = 0;
  for (int i = 0; i < 4; ++i) {
    if (!c.need(p.size[i] > 0 && p.stride[i] >= 0)) return false;
    if (!c.need(p.size[i] <= out_size / count)) return false;
    count *= p.size[i];
    last += int64_t{p.size[i] - 1} * p.stride[i];
    if (!c.need(last < in_size)) return false;
  }
  return c.need(count == out_size);
}

bool check_resize(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const PortRecord &in = s.ports[a.in[0]], &out = s.ports[a.out];
  const uint32_t count = static_cast<uint32_t>(rows(out) + columns(out));
  if (!c.need(a.param + count <= s.header->maps)) return false;
  const uint16_t* map = s.maps + a.param;
  for (int y = 0; y < rows(out); ++y) {
    if (!c.need(map[y] < rows(in))) return false;
  }
  for (int x = 0; x < columns(out); ++x) {
    if (!c.need(map[rows(out) + x] < columns(in))) return false;
  }
  return true;
}

}  // namespace shoal
