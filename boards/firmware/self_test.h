// Faults on purpose, by the port's command line, so that tests see them
// reported: "test=stack" overflows the stack, "test=memory" reads behind the
// end of SRAM, "test=hang" says nothing any more.
#pragma once

#include "device/port/port.h"

namespace shoal {

void run_self_test(const shoal_port&);

}  // namespace shoal
