// Steps of kLstm. The actor's state lies where others have private sums: two
// hidden states, one before and one after a step, by turns, and the cell state.
// So a slice that makes some of the units reads what it does not write.
#include <cstring>

#include "device/kernels/lstm.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

size_t size(int v) { return static_cast<size_t>(v); }

}  // namespace

void fire_lstm(const Slice& s) {
  const Rows &x = s.in[0], &before = s.in[1];
  const int units = s.out.channels, steps = static_cast<int>(x.rows);
  auto* hidden = reinterpret_cast<int8_t*>(s.sums);
  int8_t* cell = hidden + 2 * units;
  for (int y = s.lo; y < s.hi; ++y) {
    auto* out = reinterpret_cast<int8_t*>(s.out.at(y)) + s.out0;
    if (y >= steps) {
      std::memcpy(out, cell + (y - steps) * units + s.out0, size(s.out_n));
      continue;
    }
    if (y == 0 && s.out0 == 0) {
      std::memcpy(hidden, before.bytes(0), size(units));
      for (int r = 0; r < kLstmCellRows; ++r) {
        std::memcpy(cell + r * units, before.bytes(1 + r), size(units));
      }
    }
    LstmArgs a;
    a.x = x.bytes(y);
    a.h = hidden + y % 2 * units;
    a.inputs = x.channels, a.units = units;
    a.weights = s.weights, a.count = s.out_n;
    a.c = reinterpret_cast<int16_t*>(cell) + s.out0;
    a.out = hidden + (y + 1) % 2 * units + s.out0;
    a.zero_out = s.actor->zero_out;
    a.params = reinterpret_cast<const LstmParams*>(s.params);
    lstm_step(a);
    std::memcpy(out, a.out, size(s.out_n));
  }
}

}  // namespace shoal
