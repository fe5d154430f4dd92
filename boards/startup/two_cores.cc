#if defined(SHOAL_TWO_CORES)

#include "boards/startup/two_cores.h"

#include "boards/firmware/options.h"

namespace shoal {
namespace {

constexpr uint32_t kHandlerStackBytes = 512;
alignas(16) uint8_t stack[SHOAL_SECOND_STACK_BYTES];
alignas(16) uint8_t handler_stack[kHandlerStackBytes];

// The first core writes all words except for `stopped`.
struct Shared {
  shoal_pair* pair;
  uint32_t stops;    // how often the second core was to stop
  uint32_t stopped;  // the last of these that it knows of
  uint32_t begins;   // the last of these after which it may begin

  uint64_t rang;    // when the first core rang
  uint64_t hidden;  // ticks of shorter halves so far
  uint32_t ticks_per_us;
  bool together;
};
Shared shared;

void ring(void*) {
  if (!is_first_core()) return ring_core(true);
  shared.rang = ticks();
  if (shared.together) ring_core(false);
}

int wait(void*, const uint32_t* word, uint32_t value, uint32_t timeout_us) {
  if (timeout_us == 0) {
    while (shoal_read_word(word) != value) sleep_until_rung(word, value);
    return 0;
  }
  const uint64_t began = ticks();
  if (!shared.together) ring_core(false);
  uint64_t now = began;
  while (shoal_read_word(word) != value) {
    if (now - began > uint64_t{timeout_us} * shared.ticks_per_us) return -1;
    sleep_until_rung(word, value);
    now = ticks();
  }
  const uint64_t own = began - shared.rang, other = now - began;
  shared.hidden += own < other ? own : other;
  return 0;
}

void set_word(uint32_t& word, uint32_t value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

bool has_stopped() { return shoal_read_word(&shared.stopped) == shared.stops; }

// A core that was to stop and has not yet may still write what it was asked
// for before: it begins only after it has stopped.
int start(void*, shoal_pair* pair) {
  if (!has_stopped()) return -1;
  shared.pair = pair;
  shared.rang = ticks();
  if (shared.begins == shared.stops) return start_second_core() ? 0 : -1;
  set_word(shared.begins, shared.stops);
  ring_core(false);
  return 0;
}

int refuse(void*, shoal_pair*) { return -1; }

int stop(void*) {
  constexpr uint32_t kStopUs = 1000000;
  set_word(shared.stops, shared.stops + 1);
  if (!interrupt_second_core()) {
    set_word(shared.stops, shared.stops - 1);
    return -1;
  }
  const uint64_t began = ticks();
  while (!has_stopped()) {
    if (ticks() - began > uint64_t{kStopUs} * shared.ticks_per_us) return -1;
    ring_core(false);  // it may have stopped before, late
    sleep_until_rung(&shared.stopped, shared.stops);
  }
  return 0;
}

uint64_t read_path(void*) { return ticks() - shared.hidden; }

}  // namespace

void add_second_core(shoal_port& port) {
  constexpr uint32_t kTimeoutUs = 60000000, kLeastProducts = 1024;
  static constexpr shoal_second_core kCore = {
      nullptr, start, ring, wait, kTimeoutUs, kLeastProducts, stop, 0};
  static constexpr shoal_second_core kNoCore = {
      nullptr, refuse, ring, wait, kTimeoutUs, kLeastProducts, nullptr, 0};
  shared.ticks_per_us = port.ticks_per_second / 1000000;
  shared.together = has_option(port.command, "together");
  port.second_core = has_option(port.command, "test=core") ? &kNoCore : &kCore;
  port.read_ticks = read_path;
}

const uint8_t* second_stack_bottom() { return stack; }

}  // namespace shoal

extern "C" {

uint8_t* const second_stack_top = shoal::stack + SHOAL_SECOND_STACK_BYTES;
uint8_t* const second_handler_stack_top =
    shoal::handler_stack + shoal::kHandlerStackBytes;

__attribute__((used)) void second_core_stopped() {
  using namespace shoal;
  uint32_t stops;
  do {
    stops = shoal_read_word(&shared.stops);
    if (shoal_read_word(&shared.stopped) != stops) {
      set_word(shared.stopped, stops);
      ring_core(true);
    }
    sleep_until_rung(&shared.begins, stops);
  } while (shoal_read_word(&shared.begins) != stops);
  second_core_main();
}

__attribute__((used)) void second_core_main() {
  shoal::guard_second_core();
  shoal_serve_pair(shoal::shared.pair);
  for (;;) __asm__ volatile("wfi");
}
}

#endif
