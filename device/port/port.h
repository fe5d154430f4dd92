/* All that a board gives to shoal. A board fills in one shoal_port; the
 * firmware in boards/firmware knows nothing else of it.
 *
 * Functions get `user` as their first argument and are called from one thread
 * at a time, never from an interrupt. Memory stays the board's unless said
 * otherwise.
 */
#ifndef SHOAL_DEVICE_PORT_PORT_H_
#define SHOAL_DEVICE_PORT_PORT_H_

#include <stdint.h>

#include "device/shoal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the memory of the node goes, in bytes; known when asked. */
typedef struct shoal_memory {
  uint32_t sram_bytes;          /* of the bank that holds the arena */
  uint32_t fixed_bytes;         /* of it, before the arena */
  uint32_t stack_bytes;         /* of these, the stack's reserve */
  uint32_t stack_used;          /* high-water mark, at least 4 */
  uint32_t handler_stack_bytes; /* likewise for interrupts; 0: the same stack */
  uint32_t handler_stack_used;
  uint32_t flash_bytes; /* of the board */
  uint32_t flash_used;  /* by the firmware */
} shoal_memory;

typedef struct shoal_port {
  void* user;
  const char* board; /* id: the name of the folder in boards/ */
  /* Options of this start, separated by spaces; "" if there are none. */
  const char* command;

  /* The arena's memory: all that the board can give. 16-byte aligned. */
  void* arena;
  uint32_t arena_bytes;
  void (*measure_memory)(void* user, shoal_memory* out);

  /* Clock: ticks since the start. Never goes back, does not wrap; the same
   * rate all the time, at least 10,000 a second. */
  uint64_t (*read_ticks)(void* user);
  uint32_t ticks_per_second;

  /* Console: takes all bytes in order, waits as long as that needs. */
  void (*write_console)(void* user, const void* data, uint32_t bytes);

  /* Storage with the node's program and room to spill; see shoal_storage.
   * `write` and `erase` may be null: then nothing spills. An operation is
   * refused (not 0) beyond storage_bytes and while one is under way. One poll
   * moves at most storage_poll_bytes, so that no poll takes long. */
  shoal_storage storage;
  uint32_t storage_bytes;
  /* Bytes of the storage that is plugged in (0: nothing answers); one with less
   * than storage_bytes is not used. */
  uint32_t storage_there;
  uint32_t storage_poll_bytes;
  uint32_t storage_write_bytes, storage_erase_bytes; /* units; 0: read only */
  /* 1: a write replaces what was there, as on a card; 0: it clears bits, as in
   * flash, and what is written must have been erased. */
  uint32_t storage_replaces;
  /* Where the storage's bytes lie in memory, 16-byte aligned: programs are used
   * in place. Null: nowhere. */
  const void* mapped_storage;

  /* Fills `out` with `bytes` unpredictable bytes and returns 0. Null: the
   * board has no source of them, and secure links are refused. */
  int (*draw_entropy)(void* user, void* out, uint32_t bytes);

  /* Null: busy waiting. */
  void (*wait_for_interrupt)(void* user);
} shoal_port;

#ifdef __cplusplus
}
#endif

#endif
