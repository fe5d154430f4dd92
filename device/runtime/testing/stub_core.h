// A core that answers as often as it is told, in the test's own thread, and
// then hangs in the middle of a job or, if it is lazy, begins with none.
#pragma once

#include <cstdint>

#include "device/runtime/pair.h"

namespace shoal::test {

struct StubCore {
  int starts = 0, stops = 0, answers = 0;
  bool refuses = false, can_stop = false, lazy = false;
  uint32_t waited_us = 0;  // at most, for the last answer
  shoal_pair pair{};
  const shoal_second_core core = {this, start, ring, wait, 1000, 1, stop, 0};

  static StubCore& of(void* user) { return *static_cast<StubCore*>(user); }
  static int start(void* user, shoal_pair*) {
    ++of(user).starts;
    return of(user).refuses ? -1 : 0;
  }
  // It leaves its job, and has the answers of a new start.
  static int stop(void* user) {
    StubCore& stub = of(user);
    if (!stub.can_stop) return -1;
    ++stub.stops;
    stub.answers = 1 << 20;
    return 0;
  }
  static void ring(void*) {}
  static int wait(void* user, const uint32_t* word, uint32_t value,
                  uint32_t most_us) {
    StubCore& stub = of(user);
    if (most_us == 0) {  // shoal_serve_pair(), which is to leave when it waits
      if (stub.pair.asked != value) ask(stub.pair, nullptr);
      return 0;
    }
    stub.waited_us = most_us;
    if (stub.answers > 0) {
      --stub.answers;
      stub.serve();
    } else if (!stub.lazy) {
      stub.pair.begun = stub.pair.asked;
    }
    return shoal_read_word(word) == value ? 0 : -1;
  }
  // Does what shoal_serve_pair() does for one job.
  void serve() {
    const auto* const job = static_cast<const CoreJob*>(pair.job);
    pair.begun = pair.asked;
    if (job && !pair.withdrawn) job->run(*job);
    pair.done = pair.asked;
  }
};

}  // namespace shoal::test
