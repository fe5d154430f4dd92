// Pools over windows and reductions over whole axes.
#include <algorithm>
#include <limits>

#include "host/model/graph/real_functions.h"
#include "host/oracle/float/call.h"
#include "host/oracle/int8/strides.h"
#include "host/oracle/int8/window.h"

namespace shoal::float_oracle {
namespace {

using oracle::Picture;

constexpr float kLowest = std::numeric_limits<float>::lowest();

// Sets the room of every pixel's channels to `first`, then calls
// f(room, pixel) for every place of its window that lies inside the picture,
// at last done(room, places).
template <class F, class Done>
void for_each_window(const Call& call, float first, F f, Done done) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const auto x = call.operand();
  const auto y = call.result();
  for_each_pixel(p, [&](int b, int oy, int ox) {
    const auto room = y.subspan(p.out(b, oy, ox), p.out_c);
    std::ranges::fill(room, first);
    int places = 0;
    for_each_tap(p, a, oy, ox, [&](int, int iy, int ix) {
      f(room, x.subspan(p.in(b, iy, ix), p.in_c));
      ++places;
    });
    done(room, places);
  });
}

// Every input element meets the place of its output in `folded`.
template <class T, class F>
std::vector<T> fold(const Call& call, T first, F f) {
  const Shape& shape = call.in().shape;
  const oracle::Strides strides =
      oracle::reduced_strides(shape, call.attr<ReduceAttr>().reduced);
  std::vector<T> folded(call.result().size(), first);
  const int run = oracle::last_axis(shape);
  const int64_t step = strides.empty() ? 0 : strides.back();
  const float* x = call.operand().data();
  oracle::for_each_index(
      oracle::in_runs(shape, run), [&](const oracle::Index& at) {
        T* const place = &folded[oracle::offset_of(at, strides)];
        for (int i = 0; i < run; ++i)
          place[i * step] = f(place[i * step], *x++);
      });
  return folded;
}

void quotients(const Call& call, int divisor) {
  const auto sums =
      fold<double>(call, 0, [](double s, float v) { return s + v; });
  const auto y = call.result();
  for (size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<float>(sums[i] / divisor);
  }
}

}  // namespace

void average_pool(const Call& call) {
  const Limits<float> limits(call.attr<WindowAttr>().activation);
  for_each_window(
      call, 0,
      [](auto room, auto pixel) {
        for (size_t c = 0; c < room.size(); ++c) room[c] += pixel[c];
      },
      [&](auto room, int places) {
        const auto count = static_cast<float>(std::max(places, 1));
        for (float& v : room) v = limits(v / count);
      });
}

void max_pool(const Call& call) {
  const Limits<float> limits(call.attr<WindowAttr>().activation);
  for_each_window(
      call, kLowest,
      [](auto room, auto pixel) {
        for (size_t c = 0; c < room.size(); ++c) {
          room[c] = std::max(room[c], pixel[c]);
        }
      },
      [&](auto room, int) {
        for (float& v : room) v = limits(v);
      });
}

void mean(const Call& call) {
  quotients(call, oracle::reduced_count(call.in().shape,
                                        call.attr<ReduceAttr>().reduced));
}

void sum(const Call& call) { quotients(call, 1); }

void lowest(const Call& call) {
  std::ranges::copy(
      fold<float>(call, std::numeric_limits<float>::max(),
                  [](float l, float v) { return std::min(l, v); }),
      call.result().begin());
}

void highest(const Call& call) {
  std::ranges::copy(
      fold<float>(call, kLowest,
                  [](float h, float v) { return std::max(h, v); }),
      call.result().begin());
}

}  // namespace shoal::float_oracle
