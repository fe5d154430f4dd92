// A file descriptor that is closed when it goes.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

namespace shoal {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  bool is_open() const { return number_ >= 0; }
  int get() const { return number_; }
  // Closes it now, for the system's word on what was written: false with errno.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

// Returns the meaning of errno.
std::string error_text(int error);

}  // namespace shoal
