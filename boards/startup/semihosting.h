// Calls to the debugger or emulator behind a CPU. Without one a call is a
// fault, so only emulated boards link this.
#pragma once

#include <cstdint>

namespace shoal {

// Ends the emulator with this exit status.
[[noreturn]] void semihosting_exit(int code);
// Reads the options that the emulator was given, ended by a zero. Returns false
// if there are none.
bool semihosting_command(char* text, uint32_t bytes);
// Directs semihosting_write() to the emulator's own standard output. Returns
// false if that cannot be opened, as a socket cannot.
bool semihosting_open_output();
void semihosting_write(const void* data, uint32_t bytes);

}  // namespace shoal
