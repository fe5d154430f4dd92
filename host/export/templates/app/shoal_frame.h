// The networks of this project, for shoal_app.cpp and shoal_serve.cpp.
#pragma once

#include <cstdint>

#include "device/alone/networks.h"
#include "device/alone/taker.h"
#include "device/port/port.h"
#include "device/shoal.h"
#include "shoal_port.h"

namespace shoal_app {

extern shoal::Networks networks;
// Programs that are sent; null: the project has no room for them.
extern shoal::ProgramTaker* programs;
// Returns whether such a program is this network.
bool is_sent(uint32_t network);

// Opens all programs, one that was sent in the place of the network that it
// replaces. False: it says why not on the console.
bool open_programs(const shoal_port& port);
// Computes on the first core alone from now on. False: the second one hangs in
// a layer, and nothing stops it.
bool leave_second_core();
// "one core: " and why, on boards with two that compute on one.
void say_cores(const shoal_port& port);
// The built-in test of a network; `detail` as AloneBoard::self_test has it.
struct TestResult {
  shoal::alone::Code code;
  uint32_t detail;
  uint32_t label;  // of the best score
};
TestResult run_test(uint32_t network);
// "refused: ", the status in words, and where in the network's program.
void say_refused(const shoal_port& port, uint32_t network, shoal_status status);

}  // namespace shoal_app
