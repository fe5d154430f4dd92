#include "host/plan/cost/energy.h"

#include <algorithm>

namespace shoal {

bool has_energy(const Board& board) {
  return board.energy.j_per_mac > 0 && board.energy.active_w > 0;
}

FrameEnergy frame_energy(const Board& board, const Storage* storage,
                         const FrameLoad& load, double period_s) {
  const double period = std::max(period_s, load.seconds);
  FrameEnergy e;
  e.compute_j = load.macs * board.energy.j_per_mac +
                load.active_s * board.energy.active_w;
  e.idle_j = std::max(0.0, period - load.active_s) * board.energy.sleep_w;
  if (storage) {
    e.storage_j =
        static_cast<double>(load.read_bytes) * storage->read_j_per_byte +
        static_cast<double>(load.written_bytes) * storage->write_j_per_byte +
        period * storage->idle_w;
  }
  return e;
}

}  // namespace shoal
