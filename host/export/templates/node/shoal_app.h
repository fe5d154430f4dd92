// The node of this project: one of a cluster, which `shoal run --cluster`
// drives. The program that has a console and a clock calls self_test() once and
// then serve(); see main.cpp.
#pragma once

#include <cstdint>

#include "shoal_port.h"

namespace shoal_app {

// The results of self_test(), and the exit code of an emulator.
constexpr int kGood = 0, kDiffers = 5, kFailed = 6;

// Returns whether the program lies in flash as it was exported. Writes to the
// console
//   node NAME of NETWORK, TRANSPORT, encrypted    or  NOT ENCRYPTED
//   selfcheck ok                         or  selfcheck differs
int self_test(const shoal_port& port);

// Bytes that have come on the serial line, at most `capacity`; 0: none yet.
// It does not wait.
using ReadConsole = uint32_t (*)(void* user, void* to, uint32_t capacity);

// Serves for ever. Returns if it cannot begin, and says why on the console.
void serve(const shoal_port& port, ReadConsole read);

// self_test(), and serve() if it was good; else what it answered.
int run(const shoal_port& port, ReadConsole read);

}  // namespace shoal_app
