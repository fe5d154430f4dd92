#include "host/engine/workers/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>

#include "host/base/error.h"

namespace shoal {
namespace {

std::atomic<int> alive{0};

}  // namespace

bool StopSignals::any() { return alive.load() > 0; }

StopSignals::StopSignals() {
  sigemptyset(&stop_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    // The parent process may have had it ignored, as a shell does with SIGINT
    // for what a script leaves in the background.
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) {
      continue;
    }
    sigaddset(&stop_, signal);
  }
  if (sigprocmask(SIG_BLOCK, &stop_, &before_) != 0) {
    throw Error(Exit::kInternal, "signals cannot be held back");
  }
  descriptor_ = signalfd(-1, &stop_, SFD_NONBLOCK | SFD_CLOEXEC);
  ++alive;
}

StopSignals::~StopSignals() {
  --alive;
  if (descriptor_ >= 0) close(descriptor_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignals::asked() const {
  sigset_t pending;
  sigpending(&pending);
  sigandset(&pending, &pending, &stop_);
  return sigisemptyset(&pending) == 0;
}

void StopSignals::take() {
  signalfd_siginfo info;
  while (read(descriptor_, &info, sizeof info) ==
         static_cast<ssize_t>(sizeof info)) {
  }
}

}  // namespace shoal
