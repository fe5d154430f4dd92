// SIGINT and SIGTERM as something to look at and to wait for, instead of
// something that interrupts: while an object lives they are held back. Those
// that were not taken act when it is gone. What was ignored before stays
// ignored.
#pragma once

#include <csignal>

namespace shoal {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool asked() const;                             // whether one has come
  void take();                                    // it shall not act any more
  int descriptor() const { return descriptor_; }  // readable when asked()

 private:
  sigset_t stop_, before_;
  int descriptor_;
};

}  // namespace shoal
