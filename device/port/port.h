/**
 * @file
 * What a board provides. A board fills in one shoal_port; the firmware in
 * boards/firmware knows nothing else of it.
 *
 * Functions get `user` as their first argument and are called from one thread
 * at a time, never from an interrupt. All memory stays the board's.
 */
#ifndef SHOAL_DEVICE_PORT_PORT_H_
#define SHOAL_DEVICE_PORT_PORT_H_

#include <stdint.h>

#include "device/shoal.h"
#include "device/shoal_cores.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the memory of the node goes, in bytes, at the moment of the call. */
typedef struct shoal_memory {
  uint32_t sram_bytes;  /**< of the bank that holds the arena */
  uint32_t fixed_bytes; /**< of that bank, before the arena */
  uint32_t stack_bytes; /**< of fixed_bytes, the stack's reserve */
  uint32_t stack_used;  /**< high-water mark of the stack, at least 4 */
  /** Like stack_bytes, for interrupts; 0: they use the same stack. */
  uint32_t handler_stack_bytes;
  uint32_t handler_stack_used; /**< like stack_used, for interrupts */
  uint32_t flash_bytes;        /**< of the board */
  uint32_t flash_used;         /**< by the firmware */
} shoal_memory;

/** A board, as the firmware sees it. It must outlive the firmware's loop. */
typedef struct shoal_port {
  /** First argument of all functions; the firmware does not look at it. */
  void* user;
  /** The board's id: the name of its folder in boards/, at most 15 characters.
   */
  const char* board;
  /** Options of this start, separated by spaces; "" if there are none. */
  const char* command;

  /** The arena's memory, 16-byte aligned: all that the board can give. */
  void* arena;
  /** Bytes of the arena. */
  uint32_t arena_bytes;
  /** Fills in `out`. */
  void (*measure_memory)(void* user, shoal_memory* out);

  /** Returns ticks since the start. Never goes back and does not wrap. */
  uint64_t (*read_ticks)(void* user);
  /** The constant rate of the clock, at least 10,000. */
  uint32_t ticks_per_second;

  /** Writes all bytes to the console, in order, and waits as long as needed. */
  void (*write_console)(void* user, const void* data, uint32_t bytes);

  /** Storage with the node's program and room to spill. `write` and `erase` may
   * be null: then nothing spills. An operation is refused (not 0) beyond
   * storage_bytes and while another one is under way. */
  shoal_storage storage;
  /** Bytes of the storage that the board is made for. */
  uint32_t storage_bytes;
  /** Bytes of the storage that is plugged in; 0: nothing answers. A storage
   * with less than storage_bytes is not used. */
  uint32_t storage_there;
  /** The most bytes that one poll moves, so that no poll takes long. */
  uint32_t storage_poll_bytes;
  /** Bytes of a unit that is written; 0: the storage is read only. */
  uint32_t storage_write_bytes;
  /** Bytes of a block that is erased; 0: the storage is read only. */
  uint32_t storage_erase_bytes;
  /** 1: a write replaces what was there, as on a card. 0: it clears bits, as in
   * flash, and the bytes must have been erased. */
  uint32_t storage_replaces;
  /** Where the storage's bytes lie in memory, 16-byte aligned: programs are
   * used in place. Null: nowhere. */
  const void* mapped_storage;

  /** Fills `out` with `bytes` unpredictable bytes and returns 0 on success.
   * Null: the board has no source of them, and secure links are refused. */
  int (*draw_entropy)(void* user, void* out, uint32_t bytes);

  /** Sleeps until an interrupt is pending. Null: the firmware waits busily. */
  void (*wait_for_interrupt)(void* user);

#if defined(SHOAL_TWO_CORES)
  /** The second core. Null: there is none. */
  const shoal_second_core* second_core;
#endif
} shoal_port;

#ifdef __cplusplus
}
#endif

#endif
