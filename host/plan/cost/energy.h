// The energy of a frame: joules by MACs, bytes and seconds, from the figures of
// a board and its storage. A node that waits sleeps, and sleeps until the next
// frame begins.
#pragma once

#include <cstdint>

#include "host/board/board.h"

namespace shoal {

// The load that a frame puts on a node.
struct FrameLoad {
  double macs = 0;
  double active_s = 0;  // it computes, checks or handles datagrams
  double seconds = 0;   // from its input to its output
  int64_t read_bytes = 0, written_bytes = 0;
};

struct FrameEnergy {
  double compute_j = 0;  // MACs, and the rest of the active CPU
  double storage_j = 0;  // bytes moved, and the storage's own idle current
  double idle_j = 0;     // sleep while it waits and until the next frame
  double total_j() const { return compute_j + storage_j + idle_j; }
};

// `period_s`: from frame to frame; if the frame takes longer, the next one
// begins when it has ended. `storage` may be null.
FrameEnergy frame_energy(const Board&, const Storage* storage, const FrameLoad&,
                         double period_s);

// Returns whether the board's file has figures: of a MAC, and of a CPU that
// works.
bool has_energy(const Board&);

}  // namespace shoal
