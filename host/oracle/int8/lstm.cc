// UNIDIRECTIONAL_SEQUENCE_LSTM.
#include "host/model/graph/lstm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "device/base/fixed_point.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/wide.h"

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

// With elements T; sums are of 64 bits if these have 16.
template <class T>
class Sequence {
 public:
  explicit Sequence(const Call& call)
      : call_(call),
        p_(lstm_params(call.graph(), call.op())),
        units_(call.out().shape.back()),
        inputs_(call.in().shape.back()) {
    for (int k = 0; k < kLstmGates; ++k) {
      biases_[k] = lstm_bias(call.graph(), call.op(), k);
    }
    const auto state = call.bytes(kLstmState);
    hidden_.resize(static_cast<size_t>(units_));
    cell_.resize(static_cast<size_t>(units_));
    std::memcpy(hidden_.data(), state.data(), hidden_bytes());
    std::memcpy(cell_.data(), &state[hidden_bytes()], 2 * cell_.size());
  }

  void run() {
    const std::vector<T> x = call_.copy_as<T>(0);
    const auto in = static_cast<size_t>(inputs_);
    std::vector<T> y;
    for (size_t t = 0; t < x.size() / in; ++t) {
      step(std::span(x).subspan(t * in, in));
      y.insert(y.end(), hidden_.begin(), hidden_.end());
    }
    call_.put(y);
    const auto after = call_.result_bytes(1);
    std::memcpy(after.data(), hidden_.data(), hidden_bytes());
    std::memcpy(&after[hidden_bytes()], cell_.data(), 2 * cell_.size());
  }

 private:
  static constexpr bool kIsWide = sizeof(T) == 2;
  size_t hidden_bytes() const { return sizeof(T) * hidden_.size(); }

  // A bias and a row of weights times a vector less its zero point, scaled.
  int scaled(int64_t bias, int operand, int unit, std::span<const T> v,
             int zero, int32_t multiplier, int shift) const {
    const auto w = call_.int8s(static_cast<size_t>(operand))
                       .subspan(static_cast<size_t>(unit) * v.size());
    int64_t sum = bias;
    for (size_t i = 0; i < v.size(); ++i) sum += w[i] * (v[i] - zero);
    return saturated(kIsWide ? requantize_once(sum, multiplier, shift)
                             : requantize(wrap(static_cast<uint32_t>(sum)),
                                          multiplier, shift));
  }

  int argument(int gate, int unit, std::span<const T> x) const {
    const LstmGate& g = p_.gates[gate];
    return saturated(scaled(biases_[gate][static_cast<size_t>(unit)],
                            kLstmInputWeights + gate, unit, x,
                            call_.in().zero(), g.input_multiplier,
                            g.input_shift) +
                     scaled(0, kLstmRecurrentWeights + gate, unit, hidden_,
                            call_.in(kLstmState).zero(), g.recurrent_multiplier,
                            g.recurrent_shift));
  }

  void step(std::span<const T> x) {
    const Functions f(p_);
    std::vector<T> next(hidden_.size());
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
      next[static_cast<size_t>(u)] = static_cast<T>(
          clamp(wrap_add(h, call_.in(kLstmState).zero()),
                std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
    hidden_ = std::move(next);
  }

  const Call& call_;
  const LstmParams p_;
  const int units_, inputs_;
  std::vector<int64_t> biases_[kLstmGates];
  std::vector<T> hidden_;
  std::vector<int16_t> cell_;
};

}  // namespace

void lstm(const Call& call) { Sequence<int8_t>(call).run(); }
void wide_lstm(const Call& call) { Sequence<int16_t>(call).run(); }

}  // namespace shoal::oracle
