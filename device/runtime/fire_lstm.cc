// Steps of kLstm. The actor's state lies where others have private sums: two
// hidden states, one before and one after a step, by turns, and the cell state.
// So a slice that makes some of the units reads what it does not write.
#include <cstring>

#include "device/kernels/lstm.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

template <class T>
const T* row_of(const Rows& rows, int y) {
  return reinterpret_cast<const T*>(rows.at(y));
}

template <class T>
void fire_steps(const Slice& s, void (*step)(const LstmArgsOf<T>&)) {
  const auto size = [](int elements) {
    return static_cast<size_t>(elements) * sizeof(T);
  };
  const Rows &x = s.in[0], &before = s.in[1];
  const int units = s.out.channels, steps = static_cast<int>(x.rows);
  auto* hidden = reinterpret_cast<T*>(s.sums);
  T* cell = hidden + 2 * units;
  for (int y = s.lo; y < s.hi; ++y) {
    auto* out = reinterpret_cast<T*>(s.out.at(y)) + s.out0;
    if (y >= steps) {
      std::memcpy(out, cell + (y - steps) * units + s.out0, size(s.out_n));
      continue;
    }
    if (y == 0 && s.out0 == 0) {
      std::memcpy(hidden, row_of<T>(before, 0), size(units));
      for (int r = 0; r < lstm_cell_rows(sizeof(T) == 2); ++r) {
        std::memcpy(cell + r * units, row_of<T>(before, 1 + r), size(units));
      }
    }
    LstmArgsOf<T> a;
    a.x = row_of<T>(x, y);
    a.h = hidden + y % 2 * units;
    a.inputs = x.channels, a.units = units;
    a.weights = s.weights, a.count = s.out_n;
    a.c = reinterpret_cast<int16_t*>(cell) + s.out0;
    a.out = hidden + (y + 1) % 2 * units + s.out0;
    a.zero_out = s.actor->zero_out;
    a.params = reinterpret_cast<const LstmParams*>(s.params);
    step(a);
    std::memcpy(out, a.out, size(s.out_n));
  }
}

}  // namespace

void fire_lstm(const Slice& s) { fire_steps<int8_t>(s, lstm_step); }
void fire_wide_lstm(const Slice& s) { fire_steps<int16_t>(s, wide_lstm_step); }

}  // namespace shoal
