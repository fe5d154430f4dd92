// Frames through the node of this project, for shoal_app.cpp and
// shoal_serial.cpp.
#pragma once

#include <cstdint>

#include "device/port/port.h"
#include "device/shoal.h"
#include "shoal_port.h"

namespace shoal_app {

extern shoal_node node;

// Where the bytes of a frame come from and go to. fill() may give up.
struct Ends {
  void* user;
  bool (*fill)(void* user, uint32_t input, uint32_t offset, uint8_t* to,
               uint32_t bytes);
  void (*give)(void* user, uint32_t output, uint32_t offset,
               const uint8_t* from, uint32_t bytes);
};

// Opens the program. False: it says why not on the console.
bool open_program(const shoal_port& port);
// One frame. SHOAL_WAIT: fill() has given up, and the next frame is a new one.
shoal_status run_frame(const shoal_port& port, const Ends& ends);
// "refused: ", the status in words, and where in the program.
void say_refused(const shoal_port& port, shoal_status status);

}  // namespace shoal_app
