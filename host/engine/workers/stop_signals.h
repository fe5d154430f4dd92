// The signals that end a process (SIGINT, SIGTERM, SIGHUP, SIGQUIT, and SIGPIPE
// of an output whose reader has gone) as something to look at and to wait for,
// instead of something that interrupts: while an object lives they are held
// back, so that nodes are given back first. Those that were not taken act when
// the last object is gone. What was ignored before stays ignored.
#pragma once

#include <csignal>

namespace shoal {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool any();  // whether an object lives; safe in signal handlers

  bool asked() const;                             // whether one has come
  void take();                                    // it shall not act any more
  int descriptor() const { return descriptor_; }  // readable when asked()

 private:
  sigset_t stop_, before_;
  int descriptor_;
};

}  // namespace shoal
