// What the board says in words.
#pragma once

#include <cstdint>

#include "device/port/port.h"

namespace shoal_app {

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
