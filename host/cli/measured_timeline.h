// Draws the times that nodes measured of themselves while frames ran.
#pragma once

#include <string>

#include "host/engine/board/listener.h"
#include "host/engine/common/prepare.h"
#include "host/engine/engine.h"

namespace shoal {

// Returns the trace that `--timeline` writes, of the form that `shoal simulate
// --timeline` has, without arrows; empty if no node measured. A node's compute,
// receiving and sending between two of its answers are as long as its own clock
// says, and lie side by side there: only that they lie between the two is
// known.
std::string measured_timeline(const EngineReport&);

// Returns such a trace of the first frame on an emulated board: layer after
// layer, by the board's clock, which counts instructions.
std::string board_timeline(const Prepared&, const Emulated&);

}  // namespace shoal
