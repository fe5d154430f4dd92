/**
 * @file
 * Both cores of a board. The second core makes a half of each firing that is
 * worth it: some of its rows, columns or output channels, in the same arena.
 * The bytes are those of one core.
 *
 *     static shoal_pair pair;
 *     shoal_status status = shoal_start_pair(&pair, &board_second_core);
 *     if (status < 0) puts(shoal_status_text(status));
 *     config.pair = &pair;
 *
 * The cores meet by words that only one of them writes, so they need no atomic
 * exchange. These functions exist in builds with SHOAL_TWO_CORES; others ignore
 * shoal_config::pair and pay nothing.
 */
#ifndef SHOAL_DEVICE_SHOAL_CORES_H_
#define SHOAL_DEVICE_SHOAL_CORES_H_

#include "device/shoal.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The functions that a board gives for its second core. */
typedef struct shoal_second_core {
  /** First argument of all functions. */
  void* user;
  /** Starts the second core, which has to call shoal_serve_pair(pair) on a
   * stack of its own (of SHOAL_SECOND_STACK_BYTES); called by the first core,
   * for a core that does not run or was stopped.
   * @return 0; another value: it cannot be started (again) */
  int (*start)(void* user, struct shoal_pair* pair);
  /** Wakes the other core if it waits, and lets it look at its word; called by
   * both cores. */
  void (*ring)(void* user);
  /** Waits until shoal_read_word(word) is `value`; called by both cores. It may
   * sleep: a ring that comes before the sleep has begun must end it, too. A
   * watchdog is fed here, by the first core.
   * @return 0; another value: after `timeout_us` microseconds it was not. With
   *         a timeout_us of 0 it waits for ever. */
  int (*wait)(void* user, const uint32_t* word, uint32_t value,
              uint32_t timeout_us);
  /** The most microseconds that the start of the core, or a half of a firing,
   * may take. A program that says how long its node is away from its link has
   * less time for a half: 16 times that, and 2 s at least. */
  uint32_t timeout_us;
  /** The multiply-accumulates (other elements count as eight) from which on a
   * slice of a firing is worth the price of a meeting: about what both cores
   * make while one rings and the other wakes, twice. */
  uint32_t least_products;
  /** Stops the second core, wherever it is; called by the first core when a
   * half was not made in time. From then on the second core writes nothing
   * before it is started again, which the runtime does at once. Null: the port
   * cannot do that, and no node opens before the half is done.
   * @return 0; another value: it was not stopped */
  int (*stop)(void* user);
  /** Speed of the second core in 256ths of the first one's, from 1 to 1024, by
   * which the first one's share is larger or smaller; 0: they are alike. */
  uint32_t speed;
} shoal_second_core;

/** Bytes that the stack of the second core needs on a Cortex-M or RV32. */
#define SHOAL_SECOND_STACK_BYTES 3072

/** The words that two cores share. The caller owns it; it must outlive both the
 * second core's loop and all nodes that were opened with it. Both cores have to
 * see what the other one writes: no cache of one core only may lie before it,
 * nor before arenas and nodes. Its fields are the runtime's own. */
struct shoal_pair {
  const shoal_second_core* core; /**< as it was started */
  const void* job;               /**< that is asked for; null: leave */
  uint32_t asked;                /**< its number; the first core's */
  uint32_t withdrawn;            /**< 1: it was given up; likewise */
  uint32_t begun;                /**< the last number; the second core's */
  uint32_t done;                 /**< likewise */
  uint32_t alone;                /**< the first core computes alone; its own */
  uint32_t limit_us;             /**< for a half; the first core's */
};

/** Reads a word that the other core writes, before all that is read later.
 * @param word the word
 * @return its value */
static inline uint32_t shoal_read_word(const uint32_t* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/** Starts the second core and waits until it serves.
 * @param pair room for the pair
 * @param core what the board gives; it must live as long as the pair
 * @return SHOAL_OK. SHOAL_SECOND_CORE: it did not start or does not answer;
 *         nodes with this pair compute on the first core until it does. */
shoal_status shoal_start_pair(shoal_pair* pair, const shoal_second_core* core);

/** The second core's loop: makes what the first one asks for, until
 * shoal_stop_pair().
 * @param pair that shoal_second_core::start was given */
void shoal_serve_pair(shoal_pair* pair);

/** Ends the second core's loop, for instance before flash is written from which
 * it runs. A core that does not answer is stopped, if the port can do that.
 * Nodes with this pair compute on the first core until it is started again.
 * @param pair a pair that was started
 * @return SHOAL_OK. SHOAL_SECOND_CORE: it does not answer, and may still run.
 */
shoal_status shoal_stop_pair(shoal_pair* pair);

/** Says which cores compute; called by the first one.
 * @param pair a pair that was started
 * @return SHOAL_OK: both. SHOAL_SECOND_CORE: the first one, since the other one
 *         was stopped, or did not begin with a half in time. */
shoal_status shoal_pair_status(const shoal_pair* pair);

#ifdef __cplusplus
}
#endif

#endif
