// SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION over the last axis.
#include <algorithm>
#include <cmath>

#include "host/oracle/float/call.h"

namespace shoal::float_oracle {

namespace {

// Calls f(from, to, highest) for every row.
template <class F>
void for_each_row(const Call& call, F f) {
  const size_t row = call.in().shape.back();
  const auto x = call.operand();
  const auto y = call.result();
  for (size_t start = 0; start < x.size(); start += row) {
    const auto from = x.subspan(start, row);
    f(from, y.subspan(start, row), std::ranges::max(from));
  }
}

}  // namespace

void softmax(const Call& call) {
  const float beta = call.attr<AlphaAttr>().value;
  for_each_row(call, [beta](auto from, auto to, float highest) {
    double sum = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = std::exp((from[i] - highest) * beta);
      sum += to[i];
    }
    for (float& v : to) v = static_cast<float>(v / sum);
  });
}

void log_softmax(const Call& call) {
  for_each_row(call, [](auto from, auto to, float highest) {
    double sum = 0;
    for (const float v : from) sum += std::exp(double{v} - highest);
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = static_cast<float>(double{from[i]} - highest - std::log(sum));
    }
  });
}

void l2_norm(const Call& call) {
  for_each_row(call, [](auto from, auto to, float) {
    float squares = 0;
    for (const float v : from) squares += v * v;
    const float norm = std::max(std::sqrt(squares), 1e-6F);
    for (size_t i = 0; i < from.size(); ++i) to[i] = from[i] / norm;
  });
}

}  // namespace shoal::float_oracle
