// Steps of kCell. The actor's states lie where others have private sums, twice:
// before and after a step, by turns. So a slice that makes some of the units
// reads what it does not write. Results of earlier phases are found in the row
// that the step makes.
#include <cstring>

#include "device/kernels/cell.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

template <class T>
void fire_steps(const Slice& s, void (*step_of)(const CellArgsOf<T>&)) {
  const Rows &x = s.in[0], &before = s.in[1];
  const auto& p = *reinterpret_cast<const CellParams*>(s.params);
  const int units = before.channels, steps = static_cast<int>(x.rows);
  const int last = (p.phases - 1) * units;  // place of the last phase
  auto* states = reinterpret_cast<T*>(s.sums);
  for (int y = s.lo; y < s.hi; ++y) {
    auto* out = reinterpret_cast<T*>(s.out.at(y));
    if (y == 0 && s.out0 == 0) {
      for (int k = 0; k < p.states; ++k) {
        std::memcpy(states + k * units, before.at(k),
                    static_cast<size_t>(units) * sizeof(T));
      }
    }
    const int behind = y < steps ? 0 : y - steps + 1;
    const int step = y < steps ? y : steps - 1;
    T* after = states + (step + 1) % 2 * p.states * units;
    if (behind == 0) {
      CellArgsOf<T> a;
      a.x = reinterpret_cast<const T*>(x.at(y));
      a.states = states + step % 2 * p.states * units;
      a.inputs = x.channels, a.units = units;
      a.weights = s.weights, a.first = s.out0, a.count = s.out_n;
      a.after = after, a.made = out;
      a.params = &p;
      step_of(a);
    }
    for (int o = s.out0; o < s.out0 + s.out_n; ++o) {
      if (behind > 0 || o >= last) out[o] = after[behind * units + o % units];
    }
  }
}

}  // namespace

void fire_cell(const Slice& s) { fire_steps<int8_t>(s, cell_step); }
void fire_wide_cell(const Slice& s) { fire_steps<int16_t>(s, wide_cell_step); }

}  // namespace shoal
