// Steps of kLstm. The actor's state lies where others have private sums: two
// hidden states, one before and one after a step, by turns, and the cell state.
// So a slice that makes some of the units reads what it does not write.
#include <cstring>

#include "device/kernels/lstm.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

// One copy for elements of both widths.
[[gnu::noinline]] void fire_steps(const Slice& s, int bytes,
                                  void (*step)(const LstmArgs&)) {
  const auto size = [bytes](int elements) {
    return static_cast<size_t>(elements * bytes);
  };
  const Rows &x = s.in[0], &before = s.in[1];
  const int units = s.out.channels, steps = static_cast<int>(x.rows);
  auto* hidden = reinterpret_cast<int8_t*>(s.sums);
  int8_t* cell = hidden + size(2 * units);
  for (int y = s.lo; y < s.hi; ++y) {
    void* out = s.out.at(y) + size(s.out0);
    if (y >= steps) {
      std::memcpy(out, cell + size((y - steps) * units + s.out0),
                  size(s.out_n));
      continue;
    }
    if (y == 0 && s.out0 == 0) {
      std::memcpy(hidden, before.at(0), size(units));
      for (int r = 0; r < lstm_cell_rows(bytes == 2); ++r) {
        std::memcpy(cell + size(r * units), before.at(1 + r), size(units));
      }
    }
    LstmArgs a;
    a.x = x.at(y);
    a.h = hidden + size(y % 2 * units);
    a.inputs = x.channels, a.units = units;
    a.weights = s.weights, a.count = s.out_n;
    a.c = reinterpret_cast<int16_t*>(cell) + s.out0;
    a.out = hidden + size((y + 1) % 2 * units + s.out0);
    a.zero_out = s.actor->zero_out;
    a.params = reinterpret_cast<const LstmParams*>(s.params);
    step(a);
    std::memcpy(out, a.out, size(s.out_n));
  }
}

}  // namespace

void fire_lstm(const Slice& s) { fire_steps(s, 1, lstm_step); }
void fire_wide_lstm(const Slice& s) { fire_steps(s, 2, wide_lstm_step); }

}  // namespace shoal
