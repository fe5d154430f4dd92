// The network of this project as an application. The program that has a console
// and a clock calls self_test() once and then serve(); see main.cpp.
#pragma once

#include <cstdint>

#include "shoal_port.h"

namespace shoal_app {

// The results of self_test(), and the exit code of an emulator.
constexpr int kGood = 0, kDiffers = 5, kFailed = 6;

// Opens the program and runs the built-in test input. Writes to the console
//   label 8 bag
//   selfcheck ok            or  selfcheck differs at BYTE
//   time 1234 us            or  instructions 1234567 (in an emulator)
// or, if the program or the board is refused, "refused: " and why.
int self_test(const shoal_port& port);

// Bytes that have come on the serial line, at most `capacity`; 0: none yet.
using ReadConsole = uint32_t (*)(void* user, void* to, uint32_t capacity);

// Runs inputs that come on the serial line, for ever. Messages are framed as
// in device/transport/hdlc.h; numbers in them are little-endian:
//   to the board    'F' u32 frame                        run a frame
//   from the board  'W' u32 frame, u8 input, u32 offset, u8 bytes    wants
//   these to the board    'I' u32 frame, u8 input, u32 offset, the bytes from
//   the board  'O' u32 frame, u8 output, u32 offset, bytes      has these from
//   the board  'E' u32 frame, i8 status, u64 microseconds       the end
// Inputs that are lost on the line are asked for again, if the board has a
// clock; for lost outputs send 'F' again, which ends the frame before it.
// Inputs and outputs are the rows of a node: int8, as the test's are.
void serve(const shoal_port& port, ReadConsole read);

// self_test(), and serve() if it was good; else what it answered.
int run(const shoal_port& port, ReadConsole read);

}  // namespace shoal_app
