// A descriptor that is readable from set() to clear(): what wakes a thread that
// waits in poll().
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "host/base/descriptor.h"
#include "host/base/error.h"

namespace shoal {

class Wakeup {
 public:
  Wakeup() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!descriptor_.is_open()) {
      throw Error(Exit::kInternal, "there is no descriptor left for an event");
    }
  }
  int descriptor() const { return descriptor_.get(); }
  void set() const {
    const uint64_t one = 1;
    static_cast<void>(::write(descriptor_.get(), &one, sizeof one) == 0);
  }
  void clear() const {
    uint64_t count = 0;
    static_cast<void>(::read(descriptor_.get(), &count, sizeof count) == 0);
  }

 private:
  const Descriptor descriptor_;
};

}  // namespace shoal
