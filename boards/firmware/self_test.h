// Faults on purpose, by the port's command line, so that tests see them
// reported: "test=stack" overflows the stack, "test=memory" reads behind the
// end of SRAM, "test=hang" says nothing any more, "test=core" has a second core
// that does not start. And what only hardware can show: "test=storage" writes
// and erases the storage's last block.
#pragma once

#include "device/port/port.h"

namespace shoal {

void run_self_test(const shoal_port&);

// Returns whether an erased block is empty, holds what is written, loses only
// bits when it is written again, and its neighbour stays as it is. Uses the
// arena.
bool storage_works(const shoal_port&);

}  // namespace shoal
