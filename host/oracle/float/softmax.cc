// SOFTMAX and LOG_SOFTMAX over the last axis.
#include <algorithm>
#include <cmath>

#include "host/oracle/float/call.h"

namespace shoal::float_oracle {

void softmax(const Call& call) {
  const float beta = call.attr<AlphaAttr>().value;
  const size_t row = call.in().shape.back();
  const auto x = call.operand();
  const auto y = call.result();
  for (size_t start = 0; start < x.size(); start += row) {
    const auto from = x.subspan(start, row);
    const auto to = y.subspan(start, row);
    const float highest = std::ranges::max(from);
    double sum = 0;
    for (size_t i = 0; i < row; ++i) {
      to[i] = std::exp((from[i] - highest) * beta);
      sum += to[i];
    }
    for (float& v : to) v = static_cast<float>(v / sum);
  }
}

void log_softmax(const Call& call) {
  const size_t row = call.in().shape.back();
  const auto x = call.operand();
  const auto y = call.result();
  for (size_t start = 0; start < x.size(); start += row) {
    const auto from = x.subspan(start, row);
    const auto to = y.subspan(start, row);
    const float highest = std::ranges::max(from);
    double sum = 0;
    for (const float v : from) sum += std::exp(double{v} - highest);
    for (size_t i = 0; i < row; ++i) {
      to[i] = static_cast<float>(double{from[i]} - highest - std::log(sum));
    }
  }
}

}  // namespace shoal::float_oracle
