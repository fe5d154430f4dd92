// The output of `shoal simulate` after its frames, as text or JSON.
#pragma once

#include "host/cli/commands.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/world/recorder.h"

namespace shoal {

// Writes --timeline, too. `recorder`: of the frame that is told at least, which
// is the first one, of a node that is alone the last.
void report_simulated(const SimulateFlags&, const VirtualEngine&,
                      const Recorder&);

}  // namespace shoal
