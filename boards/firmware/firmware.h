// The one firmware of all boards. No model lies in it: the program and the
// input frames are read from the board's storage, outputs and counters go to
// its console.
//
// Words of the port's command line: "layers" counts what each layer costs,
// "cores=1" leaves the second core alone, "trace" sends every row (builds with
// SHOAL_TAP), "sizes" reports memory and runs nothing; "key=" and 64
// hexadecimal digits is the node's key, for what is sealed in storage; "salt="
// and 32 digits are unpredictable bytes of this start, for a board without
// entropy that spills; see self_test.h for faults on purpose.
#pragma once

#include "device/port/console.h"
#include "device/port/port.h"

namespace shoal {

// The results of run_firmware(), and the code with which a faulting board
// exits.
inline constexpr int kExitDone = 0;
inline constexpr int kExitRefused = 7;
inline constexpr int kExitFault = 70;

// Runs all frames that lie in storage. The port must live as long.
int run_firmware(const shoal_port&);

void send_fault(const shoal_port&, const ConsoleFault&);

}  // namespace shoal
