#include "host/cluster/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "host/base/error.h"

namespace shoal {

StopSignals::StopSignals() {
  sigemptyset(&stop_);
  sigaddset(&stop_, SIGINT);
  sigaddset(&stop_, SIGTERM);
  if (sigprocmask(SIG_BLOCK, &stop_, &before_) != 0) {
    throw Error(Exit::kInternal, "signals cannot be held back");
  }
  descriptor_ = signalfd(-1, &stop_, SFD_NONBLOCK | SFD_CLOEXEC);
}

StopSignals::~StopSignals() {
  if (descriptor_ >= 0) close(descriptor_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignals::asked() const {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 ||
         sigismember(&pending, SIGTERM) == 1;
}

void StopSignals::take() {
  signalfd_siginfo info;
  while (read(descriptor_, &info, sizeof info) ==
         static_cast<ssize_t>(sizeof info)) {
  }
}

}  // namespace shoal
