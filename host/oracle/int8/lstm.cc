// UNIDIRECTIONAL_SEQUENCE_LSTM.
#include "host/model/graph/lstm.h"

#include <algorithm>
#include <cstdlib>

#include "device/base/fixed_point.h"
#include "host/oracle/int8/call.h"

namespace shoal::oracle {
namespace {

int saturated(int64_t v) {
  return static_cast<int>(std::clamp<int64_t>(v, -32768, 32767));
}

// The function of v / 12288 for v of any sign, from a table for those above 0.
class Functions {
 public:
  explicit Functions(const LstmParams& p) : p_(p) {}

  int sigmoid(int64_t v) const {
    const int64_t size = std::abs(v);
    const int64_t y = size >> 9 >= 255 ? int64_t{0x7FFF} << 10
                                       : between(size >> 9, size & 511, 9);
    return static_cast<int>((v >= 0 ? y + 512 : (1 << 25) - y + 511) >> 10);
  }
  int tanh(int64_t v) const {
    const int64_t size = std::abs(v), one = 1 << 23;
    const int64_t y = size >> 8 >= 255 ? int64_t{0xFFFF} << 8
                                       : between(size >> 8, size & 255, 8);
    return static_cast<int>((v >= 0 ? y - one + 128 : one - y + 127) >> 8);
  }

 private:
  int64_t entry(int64_t k) const {
    return p_.table[k / 2] >> (k % 2 * 16) & 0xFFFF;
  }
  int64_t between(int64_t k, int64_t part, int bits) const {
    return (entry(k) << bits) + part * (entry(k + 1) - entry(k));
  }
  const LstmParams& p_;
};

class Sequence {
 public:
  explicit Sequence(const Call& call)
      : call_(call),
        p_(lstm_params(call.graph(), call.op())),
        units_(call.out().shape.back()),
        inputs_(call.in().shape.back()) {
    for (int k = 0; k < kLstmGates; ++k) {
      biases_[k] = call.copy_as<int32_t>(kLstmBiases + k);
    }
    const auto state = call.bytes(kLstmState);
    const auto* bytes = reinterpret_cast<const int8_t*>(state.data());
    hidden_.assign(bytes, bytes + units_);
    cell_.resize(static_cast<size_t>(units_));
    for (size_t u = 0; u < cell_.size(); ++u) {
      const size_t at = cell_.size() + 2 * u;
      cell_[u] = static_cast<int16_t>(state[at] | state[at + 1] << 8);
    }
  }

  void run() {
    const auto x = call_.int8s();
    const auto y = call_.result(0);
    const auto in = static_cast<size_t>(inputs_);
    for (size_t t = 0; t < x.size() / in; ++t) {
      step(x.subspan(t * in, in));
      std::ranges::copy(hidden_, y.begin() + t * hidden_.size());
    }
    const auto after = call_.result(1);
    std::ranges::copy(hidden_, after.begin());
    for (size_t u = 0; u < cell_.size(); ++u) {
      const size_t at = cell_.size() + 2 * u;
      after[at] = static_cast<int8_t>(cell_[u] & 0xFF);
      after[at + 1] = static_cast<int8_t>(cell_[u] >> 8);
    }
  }

 private:
  // A row of weights times a vector less its zero point.
  int32_t product(int operand, int unit, std::span<const int8_t> v,
                  int zero) const {
    const auto w = call_.int8s(static_cast<size_t>(operand))
                       .subspan(static_cast<size_t>(unit) * v.size());
    uint32_t sum = 0;
    for (size_t i = 0; i < v.size(); ++i) sum += bits(w[i] * (v[i] - zero));
    return wrap(sum);
  }

  int argument(int gate, int unit, std::span<const int8_t> x) const {
    const LstmGate& g = p_.gates[gate];
    const int32_t from_x =
        wrap_add(product(kLstmInputWeights + gate, unit, x, call_.in().zero()),
                 biases_[gate][static_cast<size_t>(unit)]);
    const int32_t from_h = product(kLstmRecurrentWeights + gate, unit, hidden_,
                                   call_.in(kLstmState).zero());
    return saturated(
        saturated(requantize(from_x, g.input_multiplier, g.input_shift)) +
        saturated(
            requantize(from_h, g.recurrent_multiplier, g.recurrent_shift)));
  }

  void step(std::span<const int8_t> x) {
    const Functions f(p_);
    std::vector<int8_t> next(hidden_.size());
    const int64_t half =
        p_.tanh_shift > 0 ? int64_t{1} << (p_.tanh_shift - 1) : 0;
    for (int u = 0; u < units_; ++u) {
      const int input = f.sigmoid(3 * argument(0, u, x));
      const int forget = f.sigmoid(3 * argument(1, u, x));
      const int cell = f.tanh(3 * argument(2, u, x));
      const int output = f.sigmoid(3 * argument(3, u, x));
      int16_t& c = cell_[static_cast<size_t>(u)];
      int value = saturated(
          saturated(requantize(forget * c, p_.keep_multiplier, p_.keep_shift)) +
          saturated(requantize(input * cell, p_.add_multiplier, p_.add_shift)));
      if (p_.clip < 1 << 15) value = std::clamp(value, -p_.clip, p_.clip);
      c = static_cast<int16_t>(value);
      const int t =
          f.tanh((int64_t{value} * p_.tanh_multiplier + half) >> p_.tanh_shift);
      const int32_t h =
          requantize(t * output, p_.hidden_multiplier, p_.hidden_shift);
      next[static_cast<size_t>(u)] = static_cast<int8_t>(
          clamp(wrap_add(h, call_.in(kLstmState).zero()), -128, 127));
    }
    hidden_ = std::move(next);
  }

  const Call& call_;
  const LstmParams p_;
  const int units_, inputs_;
  std::vector<int32_t> biases_[kLstmGates];
  std::vector<int8_t> hidden_;
  std::vector<int16_t> cell_;
};

}  // namespace

void lstm(const Call& call) { Sequence(call).run(); }

}  // namespace shoal::oracle
