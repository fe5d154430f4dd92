// self_test(): the built-in test input through the node.
#include "shoal_app.h"

#include <cstring>

#include "shoal_frame.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

// The built-in test: what it gives the node and expects of it.
struct Test {
  uint32_t input_at[SHOAL_INPUTS], output_at[SHOAL_OUTPUTS];
  bool differs = false;
  uint32_t differs_at = 0;
  uint32_t best = 0;
  int best_score = -129;

  Test() {
    uint32_t at = 0;
    for (uint32_t i = 0; i < SHOAL_INPUTS; ++i) {
      const shoal_io_info info = shoal_input_info(&node, i);
      input_at[i] = at;
      at += info.rows * info.row_bytes;
    }
    at = 0;
    for (uint32_t o = 0; o < SHOAL_OUTPUTS; ++o) {
      const shoal_io_info info = shoal_output_info(&node, o);
      output_at[o] = at;
      at += info.rows * info.row_bytes;
    }
  }

  static bool fill(void* user, uint32_t input, uint32_t offset, uint8_t* to,
                   uint32_t bytes) {
    const Test& t = *static_cast<const Test*>(user);
    std::memcpy(to, shoal_test_input + t.input_at[input] + offset, bytes);
    return true;
  }

  static void give(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    Test& t = *static_cast<Test*>(user);
    for (uint32_t i = 0; i < bytes; ++i) {
      const uint32_t at = t.output_at[output] + offset + i;
      if (from[i] != shoal_test_output[at] &&
          (!t.differs || at < t.differs_at)) {
        t.differs = true;
        t.differs_at = at;
      }
      const int score = static_cast<int8_t>(from[i]);
      if (output == 0 && score > t.best_score) {
        t.best = offset + i;
        t.best_score = score;
      }
    }
  }
};

void say_label(const shoal_port& port, uint32_t label) {
#if SHOAL_CLASSES
  Line line(port);
  line << "label " << uint64_t{label};
#if SHOAL_LABELS
  if (label < SHOAL_LABELS) line << " " << kLabels[label];
#endif
#else
  static_cast<void>(port);
  static_cast<void>(label);
#endif
}

void say_time(const shoal_port& port, uint64_t ticks) {
  Line line(port);
  if (ticks == 0) {
    line << "time unknown: the board's clock stands still";
    return;
  }
#ifdef SHOAL_INSTRUCTION_NS
  const uint64_t ns = ticks * (1000000000 / port.ticks_per_second);
  line << "instructions " << ns / SHOAL_INSTRUCTION_NS;
#else
  line << "time " << microseconds(port, ticks) << " us";
#endif
}

}  // namespace

int self_test(const shoal_port& port) {
  if (!open_program(port)) return kFailed;
  Test test;
  const Ends ends = {&test, Test::fill, Test::give};
  const uint64_t start = port.read_ticks(port.user);
  const shoal_status status = run_frame(port, ends);
  const uint64_t ticks = port.read_ticks(port.user) - start;
  if (status != SHOAL_OK) {
    say_refused(port, status);
    return kFailed;
  }
  say_label(port, test.best);
  if (test.differs) {
    Line(port) << "selfcheck differs at " << uint64_t{test.differs_at};
  } else {
    Line(port) << "selfcheck ok";
  }
  say_time(port, ticks);
  return test.differs ? kDiffers : kGood;
}

}  // namespace shoal_app
