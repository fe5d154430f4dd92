// A measured board.toml: what was measured, and for all else the facts of the
// board that the node says it is.
#pragma once

#include <string>

#include "host/board/board.h"
#include "host/probe/probe.h"

namespace shoal {

// Returns which of QEMU's boards the node says it is, if no cycles were counted
// on it (it is then emulated); else none.
const Emulator* probe_emulator(const ProbeReport&);

// Returns the cycles of a second in plans: measured, else the board's.
double probe_clock_hz(const ProbeReport&, const Board& base);

// Writes a board's file and parses it again, so that what cannot be read is not
// written. Throws Error(kDiffers) if a kernel of the node differs: no plan is
// good for it; Error(kUnsupported) if none ran, or the node is emulated.
std::string measured_board(const ProbeReport&, const Board& base);

}  // namespace shoal
