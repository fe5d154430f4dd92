// Steps of kCell. The actor's states lie where others have private sums, twice:
// before and after a step, by turns. So a slice that makes some of the units
// reads what it does not write. Results of earlier phases are found in the row
// that the step makes.
#include <cstring>

#include "device/kernels/cell.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

// One copy for elements of both widths.
[[gnu::noinline]] void fire_steps(const Slice& s, int bytes,
                                  void (*step_of)(const CellArgs&)) {
  const Rows &x = s.in[0], &before = s.in[1];
  const auto& p = *reinterpret_cast<const CellParams*>(s.params);
  const int units = before.channels, steps = static_cast<int>(x.rows);
  const int last = (p.phases - 1) * units;  // place of the last phase
  auto* states = reinterpret_cast<uint8_t*>(s.sums);
  for (int y = s.lo; y < s.hi; ++y) {
    uint8_t* out = s.out.at(y);
    if (y == 0 && s.out0 == 0) {
      for (int k = 0; k < p.states; ++k) {
        std::memcpy(states + k * units * bytes, before.at(k),
                    static_cast<size_t>(units * bytes));
      }
    }
    const int behind = y < steps ? 0 : y - steps + 1;
    const int step = y < steps ? y : steps - 1;
    uint8_t* after = states + (step + 1) % 2 * p.states * units * bytes;
    if (behind == 0) {
      CellArgs a;
      a.x = x.at(y);
      a.states = states + step % 2 * p.states * units * bytes;
      a.inputs = x.channels, a.units = units;
      a.weights = s.weights, a.first = s.out0, a.count = s.out_n;
      a.after = after, a.made = out;
      a.params = &p;
      step_of(a);
    }
    for (int o = s.out0; o < s.out0 + s.out_n; ++o) {
      if (behind == 0 && o < last) continue;
      std::memcpy(out + o * bytes, after + (behind * units + o % units) * bytes,
                  static_cast<size_t>(bytes));
    }
  }
}

}  // namespace

void fire_cell(const Slice& s) { fire_steps(s, 1, cell_step); }
void fire_wide_cell(const Slice& s) { fire_steps(s, 2, wide_cell_step); }

}  // namespace shoal
