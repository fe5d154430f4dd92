// Inside the loader: actors with elements of 16 bits.
#include "device/program/check_stage.h"
#include "device/program/params.h"

namespace shoal {
namespace {

template <class P>
const P& params_at(const StageView& s, const ActorRecord& a, int skipped) {
  return *reinterpret_cast<const P*>(s.params + a.param + skipped);
}

bool fits_short(int v) { return v >= -32768 && v <= 32767; }
bool is_shift(int v) { return v >= -31 && v <= 30; }
bool is_truth(int v) { return v == 0 || v == 1; }

int bytes_of(const StageView& s, uint16_t port) {
  return static_cast<int>(s.buffers[s.ports[port].buffer].element_bytes);
}

bool rescale_ok(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_at<RescaleParams>(s, a, 0);
  const int in = bytes_of(s, a.in[0]), out = bytes_of(s, a.out);
  const int most = out == 1 ? 127 : 32767;
  return c.need(in + out > 2 && p.in_bytes == in && p.out_bytes == out) &&
         c.need(is_shift(p.shift) && is_shift(p.negative_shift)) &&
         c.need(p.multiplier >= 0 && p.negative_multiplier > -0x7FFFFFFF) &&
         c.need(fits_short(p.zero_in) && fits_short(p.zero_out)) &&
         c.need(p.low <= p.high && p.low >= -most - 1 && p.high <= most);
}

// The argument stays within 31 bits.
bool sigmoid_ok(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_at<SigmoidParams>(s, a, 0);
  return c.need(p.multiplier >= 0 && p.multiplier <= 32767) &&
         c.need(p.shift >= 0 && p.shift <= 30 && is_truth(p.is_tanh));
}

bool softmax_ok(StageCheck& c, const StageView& s, const ActorRecord& a) {
  const auto& p = params_at<WideSoftmaxParams>(s, a, 0);
  return c.need(p.multiplier >= 0 && is_shift(p.shift)) &&
         c.need(channels(s.ports[a.in[0]]) <= 65535);
}

}  // namespace

bool check_wide(StageCheck& c, const StageView& s, const ActorRecord& a) {
  if (a.op == OpCode::kRescale) return rescale_ok(c, s, a);
  if (a.op == OpCode::kSigmoid) return sigmoid_ok(c, s, a);
  if (a.op == OpCode::kWideSoftmax) return softmax_ok(c, s, a);
  if (!computes_wide(a.op)) return true;
  const auto& p = params_at<WideParams>(s, a, param_count(a.op));
  return c.need(p.low <= p.high && fits_short(p.low) && fits_short(p.high)) &&
         c.need(is_truth(p.long_sums)) &&
         c.need(!keeps_state(a.op) || p.long_sums);
}

}  // namespace shoal
