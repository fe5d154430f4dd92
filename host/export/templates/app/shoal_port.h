// The board as the application sees it: its port, its clock in microseconds,
// and what it says in words.
#pragma once

#include <cstdint>

#include "device/port/port.h"

namespace shoal_app {

// Returns a port of a board that has a console and a clock.
inline shoal_port port_of(void (*write_console)(void*, const void*, uint32_t),
                          uint64_t (*read_ticks)(void*),
                          uint32_t ticks_per_second) {
  shoal_port port{};
  port.board = "@BOARD@";
  port.command = "";
  port.write_console = write_console;
  port.read_ticks = read_ticks;
  port.ticks_per_second = ticks_per_second;
  return port;
}

inline uint64_t microseconds(const shoal_port& port, uint64_t ticks) {
  const uint64_t rate = port.ticks_per_second ? port.ticks_per_second : 1;
  return ticks / rate * 1000000 + ticks % rate * 1000000 / rate;
}

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

}  // namespace shoal_app
