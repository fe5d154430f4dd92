// The networks of this project as an application. The program that has a
// console and a clock calls run(), see main.cpp; app.cpp is yours.
#pragma once

#include <cstdint>

#include "device/alone/frame.h"
#include "device/alone/top_classes.h"
#include "shoal_port.h"
#include "shoal_program.h"

namespace shoal_app {

// The results of self_test(), and the exit code of an emulator.
constexpr int kGood = 0, kDiffers = 5, kFailed = 6;

// Opens the programs and runs the built-in test input of each. Writes to the
// console, of several networks each after its "network NAME",
//   label 8 bag
//   selfcheck ok            or  selfcheck differs at BYTE
//   time 1234 us            or  instructions 1234567 (in an emulator)
// of one that `shoal send --program` has brought "sent NAME",
// or, if the program or the board is refused, "refused: " and why. A board with
// two cores that computes on one says "one core: " and why in the end.
int self_test(const shoal_port& port);

// Bytes that have come on the serial line, at most `capacity`; 0: none yet.
using ReadConsole = uint32_t (*)(void* user, void* to, uint32_t capacity);

// Answers `shoal send` on the serial line or network and calls
// shoal_app_turn(), without end. Returns if the network does not open, and says
// why on the console.
void serve(const shoal_port& port, ReadConsole read);

// self_test(), and serve() if it was good; else what it answered.
int run(const shoal_port& port, ReadConsole read);

// Writes "label 8 bag".
void say_label(const shoal_port& port, uint32_t label,
               shoal_network network = static_cast<shoal_network>(0));

}  // namespace shoal_app

// Runs one frame of a network, such as SHOAL_NETWORK_@NAME@; without one of
// the first. Networks share their memory, so one runs after the other. A frame
// that is begun inside of another one's functions is SHOAL_BAD_ARGUMENT.
//
// The functions of `ends` give the rows of inputs when the
// network has room for them, and take those of outputs: no buffer holds a whole
// picture. Their bytes are the network's own, int8: a real number is
// (byte - zero point) * scale, with those of shoal_networks.
shoal_status shoal_app_run(shoal_network network, const shoal::FrameEnds& ends);
shoal_status shoal_app_run(const shoal::FrameEnds& ends);

// Your loop, in app.cpp: called again and again, between two messages.
void shoal_app_turn(const shoal_port& port);
