// Steps of kCell. The actor's states lie where others have private sums, twice:
// before and after a step, by turns. So a slice that makes some of the units
// reads what it does not write.
#include <cstring>

#include "device/kernels/cell.h"
#include "device/runtime/fire_ops.h"

namespace shoal {

void fire_cell(const Slice& s) {
  const Rows &x = s.in[0], &before = s.in[1];
  const auto& p = *reinterpret_cast<const CellParams*>(s.params);
  const int units = s.out.channels, steps = static_cast<int>(x.rows);
  auto* states = reinterpret_cast<int8_t*>(s.sums);
  const auto bytes = static_cast<size_t>(s.out_n);
  for (int y = s.lo; y < s.hi; ++y) {
    auto* out = reinterpret_cast<int8_t*>(s.out.at(y)) + s.out0;
    if (y == 0 && s.out0 == 0) {
      for (int k = 0; k < p.states; ++k) {
        std::memcpy(states + k * units, before.bytes(k),
                    static_cast<size_t>(units));
      }
    }
    const int behind = y < steps ? 0 : y - steps + 1;
    const int step = y < steps ? y : steps - 1;
    int8_t* after = states + (step + 1) % 2 * p.states * units;
    if (behind == 0) {
      CellArgs a;
      a.x = x.bytes(y);
      a.states = states + step % 2 * p.states * units;
      a.inputs = x.channels, a.units = units;
      a.weights = s.weights, a.first = s.out0, a.count = s.out_n;
      a.after = after;
      a.params = &p;
      cell_step(a);
    }
    std::memcpy(out, after + behind * units + s.out0, bytes);
  }
}

}  // namespace shoal
