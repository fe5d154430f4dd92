// Places along an axis, and numbers under another type.
#include <algorithm>

#include "host/base/error.h"
#include "host/model/graph/digits.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {
namespace {

double number_at(Type type, const uint8_t* at) {
  const auto as = [at]<class T>(T v) {
    std::memcpy(&v, at, sizeof v);
    return static_cast<double>(v);
  };
  switch (type) {
    case Type::kInt32:
      return as(int32_t{});
    case Type::kInt64:
      return as(int64_t{});
    case Type::kFloat32:
      return as(float{});
    default:
      return as(int8_t{});
  }
}

// Whole numbers lose their high bits, as in the reference.
void set_number(Type type, double v, uint8_t* to) {
  const auto whole = static_cast<int64_t>(v);
  const auto put = [to](auto value) { std::memcpy(to, &value, sizeof value); };
  switch (type) {
    case Type::kInt32:
      return put(static_cast<int32_t>(whole));
    case Type::kInt64:
      return put(whole);
    case Type::kFloat32:
      return put(static_cast<float>(v));
    default:
      return put(static_cast<int8_t>(whole));
  }
}

void join_digits(const Call& call) {
  const int digits = call.in().quant.digits;
  const auto x = call.int8s();
  const auto y = call.result_bytes();
  const auto size = static_cast<size_t>(type_bytes(call.out().type));
  for (size_t i = 0; i * size < y.size(); ++i) {
    const int8_t* const of = &x[i * static_cast<size_t>(digits)];
    set_number(call.out().type, number_of_digits(of, digits), &y[i * size]);
  }
}

}  // namespace

// The first of equal ones.
void arg(const Call& call) {
  const auto axis = static_cast<size_t>(call.attr<AxisAttr>().axis);
  const bool most = call.op().kind == OpKind::kArgMax;
  const Shape& shape = call.in().shape;
  const int64_t inner = strides_of(shape)[axis];
  const int count = shape[axis];
  const auto x = call.int8s();
  const auto y = call.result_bytes();
  const auto size = static_cast<size_t>(type_bytes(call.out().type));
  size_t o = 0;
  for (size_t first = 0; first < x.size(); ++first) {
    const auto step = static_cast<size_t>(inner);
    if (first / step % static_cast<size_t>(count) != 0) continue;
    int best = 0;
    for (int i = 1; i < count; ++i) {
      const int v = x[first + static_cast<size_t>(i) * step];
      const int w = x[first + static_cast<size_t>(best) * step];
      if (most ? v > w : v < w) best = i;
    }
    set_number(call.out().type, best, &y[o++ * size]);
  }
}

void cast(const Call& call) {
  const Type from = call.in().type, to = call.out().type;
  if (call.in().quant.digits > 0) return join_digits(call);
  const auto x = call.bytes();
  const auto y = call.result_bytes();
  const auto step = static_cast<size_t>(type_bytes(from));
  const auto size = static_cast<size_t>(type_bytes(to));
  for (size_t i = 0; i * step < x.size(); ++i) {
    set_number(to, number_at(from, &x[i * step]), &y[i * size]);
  }
}

}  // namespace shoal::oracle
