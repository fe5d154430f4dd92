#include "host/engine/virtual/energy.h"

#include <algorithm>

namespace shoal {

FrameLoad frame_load(const NodeCounts& counts, double seconds) {
  FrameLoad l;
  l.macs = counts.slices.macs;
  l.active_s = seconds - counts.wait_s;
  l.seconds = seconds;
  l.read_bytes = counts.storage.read_bytes;
  l.written_bytes = counts.storage.written_bytes;
  return l;
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
