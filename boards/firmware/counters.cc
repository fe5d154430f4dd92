#include "boards/firmware/counters.h"

namespace shoal {
namespace {

constexpr uint32_t kFull = 0x80000000;

}  // namespace

void Counters::start(uint32_t frame) {
  current_ = {0xFFFF, static_cast<uint16_t>(frame), 0, 0};
  total_ = pending_ = 0;
  resume();
}

void Counters::pause() { pending_ += now() - since_; }

void Counters::resume() { since_ = now(); }

void Counters::spent_on(uint16_t layer) {
  pause();
  if (by_layer_ && (layer != current_.layer || current_.ticks >= kFull)) {
    report();
    current_.layer = layer;
  }
  current_.ticks += static_cast<uint32_t>(pending_);
  ++current_.steps;
  total_ += pending_;
  pending_ = 0;
  resume();
}

void Counters::stop() {
  spent_on(0xFFFF);
  if (by_layer_) report();
}

void Counters::report() {
  if (current_.steps == 0) return;
  console_.send(ConsoleType::kLayer, current_);
  current_.ticks = current_.steps = 0;
}

}  // namespace shoal
