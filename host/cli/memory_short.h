// Memory that is short ends the process in an exit code, not by a signal.
#pragma once

#include <cstddef>

namespace shoal {

// Once, before anything else: the stack gets its room now, because it cannot
// grow when there is none.
void prepare_for_short_memory();

// Throws OutOfMemory. Where nobody catches it (before main(), in a destructor
// or a thread), and where there is no memory even for what is thrown, the
// process ends in exit code 1 with a text.
[[noreturn]] void throw_out_of_memory(size_t bytes);

}  // namespace shoal
