// Frames through the node of this project, for shoal_app.cpp and
// shoal_serial.cpp.
#pragma once

#include <cstdint>

#include "device/port/port.h"
#include "device/shoal.h"

namespace shoal_app {

extern shoal_node node;

// A line of text under construction; what is too long is cut.
class Line {
 public:
  explicit Line(const shoal_port& port) : port_(port) {}
  ~Line() {
    text_[size_++] = '\n';
    port_.write_console(port_.user, text_, size_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  Line& operator<<(const char* text) {
    while (*text && size_ + 1 < sizeof text_) text_[size_++] = *text++;
    return *this;
  }
  Line& operator<<(uint64_t number) {
    char digits[21];
    char* at = digits + sizeof digits;
    *--at = 0;
    do {
      *--at = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number);
    return *this << static_cast<const char*>(at);
  }

 private:
  const shoal_port& port_;
  uint32_t size_ = 0;
  char text_[120];
};

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
