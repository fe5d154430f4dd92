// Counts what each layer costs, by the port's clock, without a table: what
// went into one layer without a break is one ConsoleLayer. Time that goes into
// reporting is left out.
#pragma once

#include <cstdint>

#include "boards/firmware/console_writer.h"

namespace shoal {

class Counters {
 public:
  Counters(const shoal_port& port, ConsoleWriter& console, bool by_layer)
      : port_(port), console_(console), by_layer_(by_layer) {}

  // From here on until stop() time counts, beginning with 0.
  void start(uint32_t frame);
  // All since the last call went into this layer (0xFFFF: into none).
  void spent_on(uint16_t layer);
  void stop();
  // Around what is not to be counted.
  void pause();
  void resume();

  uint64_t ticks() const { return total_; }

 private:
  uint64_t now() const { return port_.read_ticks(port_.user); }
  void report();

  const shoal_port& port_;
  ConsoleWriter& console_;
  const bool by_layer_;
  uint64_t since_ = 0, pending_ = 0, total_ = 0;
  ConsoleLayer current_{};
};

}  // namespace shoal
