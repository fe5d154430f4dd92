// The second core of a RP2040 or RP2350. The SDK starts it, on a stack in the
// main RAM: SCRATCH_X, where the SDK has its stack, lies below the first
// core's, which needs more than 4 KB to serve frames of large layers. Neither
// core has a data cache.
#pragma once

#include "device/shoal_cores.h"
#include "hardware/sync.h"
#include "pico/multicore.h"
#include "pico/time.h"
#include "shoal_program.h"
#if SHOAL_SLOT_BYTES
#include "pico/flash.h"
#endif

static uint32_t second_stack[1024];
static shoal_pair* second_pair;

// The first core may have it wait in RAM while flash is written.
static void second_core_main() {
#if SHOAL_SLOT_BYTES
  flash_safe_execute_core_init();
#endif
  shoal_serve_pair(second_pair);
}

// Resets it by the power-on state machine (pico_multicore, multicore.c of
// pico-sdk a1438dff) and returns when it waits in the boot ROM. Without its
// lockout handler flash is not written, until it has started again.
static int stop_second_core(void*) {
  multicore_reset_core1();
  return 0;
}

static int start_second_core(void*, shoal_pair* pair) {
  second_pair = pair;
  multicore_reset_core1();
  multicore_launch_core1_with_stack(second_core_main, second_stack,
                                    sizeof second_stack);
  return 0;
}

// An event that comes before the other core waits for it ends that wait, too.
static void ring_core(void*) {
  __dmb();
  __sev();
}

// The first core looks again and again, since its half is as long: it would not
// sleep for long, and nothing would wake it from a core that hangs.
static int wait_for_core(void*, const uint32_t* word, uint32_t value,
                         uint32_t timeout_us) {
  const uint64_t began = time_us_64();
  while (shoal_read_word(word) != value) {
    if (timeout_us == 0) {
      __wfe();
    } else if (time_us_64() - began > timeout_us) {
      return -1;
    }
  }
  return 0;
}

static const shoal_second_core second_core = {
    nullptr,          start_second_core,      ring_core,
    wait_for_core,    SHOAL_SECOND_CORE_US,   SHOAL_LEAST_PRODUCTS,
    stop_second_core, SHOAL_SECOND_CORE_SPEED};
