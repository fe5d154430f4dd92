// What `shoal simulate` prints after its frames, as text or JSON.
#pragma once

#include "host/cli/commands.h"
#include "host/engine/virtual/solo_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/world/recorder.h"

namespace shoal {

// Writes --timeline, too. `recorder`: of the first frame at least.
void report_linked(const SimulateFlags&, const VirtualEngine&, const Recorder&);
void report_solo(const SimulateFlags&, const SoloEngine&);

}  // namespace shoal
