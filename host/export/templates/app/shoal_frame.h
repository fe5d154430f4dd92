// The node of this project, for shoal_app.cpp and shoal_serial.cpp.
#pragma once

#include <cstdint>

#include "device/alone/wire.h"
#include "device/port/port.h"
#include "device/shoal.h"
#include "shoal_port.h"

namespace shoal_app {

extern shoal_node node;

// Opens the program. False: it says why not on the console.
bool open_program(const shoal_port& port);
// The built-in test; `detail` as AloneBoard::self_test has it.
struct TestResult {
  shoal::alone::Code code;
  uint32_t detail;
  uint32_t label;  // of the best score
};
TestResult run_test();
// "refused: ", the status in words, and where in the program.
void say_refused(const shoal_port& port, shoal_status status);

}  // namespace shoal_app
