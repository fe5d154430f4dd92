/* shoal on a device: load a program, push input rows, step, take output rows.
 *
 * All memory comes from the caller: the node struct and the arena, whose size
 * the program states to the byte. Nothing is allocated, nothing outside the
 * arena and the node struct is written, nothing blocks.
 *
 *   static uint8_t arena[ARENA_BYTES] __attribute__((aligned(16)));
 *   shoal_node node;
 *   if (shoal_open(&node, &config, arena, sizeof arena) < 0) fail();
 *   while (got < out_rows) {
 *     sent += shoal_push_rows(&node, 0, picture + sent * row_bytes,
 *                             rows - sent);
 *     shoal_status status = shoal_step(&node);
 *     got += shoal_take_rows(&node, 0, scores + got * out_row_bytes,
 *                            out_rows - got);
 *     if (status < 0) fail(shoal_status_text(status));
 *     if (status == SHOAL_WAIT) sleep until rows, space or storage come
 *   }
 *
 * A program of a cluster has peers instead of inputs and outputs: rows come
 * and go in datagrams. Its loop hands in what arrives and steps:
 *
 *     while ((bytes = transport.receive(..., &from, packet, sizeof packet)))
 *       shoal_receive(&node, from, packet, bytes);
 *     if (shoal_step(&node) == SHOAL_WAIT) sleep until a datagram comes or
 *                                          shoal_next_timer_us()
 */
#ifndef SHOAL_DEVICE_SHOAL_H_
#define SHOAL_DEVICE_SHOAL_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The result of a call: a value below 0 is an error. */
typedef enum shoal_status {
  SHOAL_OK = 0,
  SHOAL_WAIT = 1, /* nothing to do until input, space or storage comes */
  SHOAL_BAD_ARGUMENT = -1, /* the caller broke the contract of the call */
  SHOAL_BAD_MAGIC = -2,    /* not a shoal program */
  SHOAL_BAD_VERSION = -3, /* a program format that this runtime does not read */
  SHOAL_BAD_ARITHMETIC = -4,  /* another operator set or rounding mode */
  SHOAL_BAD_HASH = -5,        /* the image's SHA-256 does not match */
  SHOAL_BAD_TAG = -6,         /* a record's or chunk's tag does not match */
  SHOAL_BAD_RECORD = -7,      /* a table entry fails the loader's checks */
  SHOAL_TOO_SHORT = -8,       /* the image ends before what it announces */
  SHOAL_ARENA_TOO_SMALL = -9, /* the program needs a larger arena */
  SHOAL_STORAGE = -10, /* storage refused or failed, and again when repeated */
  SHOAL_STALE = -11,   /* a datagram of another epoch, or one seen before */
  SHOAL_NO_KEY = -12,  /* a sealed store, and no key for it */
  SHOAL_NOT_SEALED = -13,  /* a key, and a store that is not sealed */
  SHOAL_WRONG_STORE = -14, /* the store or spill area is another program's */
  SHOAL_SPILL_FULL = -15,  /* no room to spill, or all of it is worn out */
  /* A sealed store to spill to, and no salt of this start. */
  SHOAL_NO_SALT = -16,
  /* The ledger has an entry that this start did not write. */
  SHOAL_OTHER_WRITER = -17,
  /* The program keeps weights in a bank that the node lacks, or needs more. */
  SHOAL_BANK_TOO_SMALL = -18,
} shoal_status;
/* The text of a status for a person, in English; never null. A program that
 * does not call it does not pay for the texts. */
const char* shoal_status_text(shoal_status status);

/* Asynchronous storage: `read`, `write` and `erase` begin an operation, one at
 * a time, and return 0 if it was accepted; `poll` asks for its end. It
 * returns 1 when it has ended and the bytes are all there, 0 while under way,
 * negative on failure: then nothing is known of the bytes. Reads may have any
 * offset and length. A node that spills nothing neither writes nor erases, and
 * `write` and `erase` may be null. */
typedef struct shoal_storage {
  void* user;
  int (*read)(void* user, uint32_t offset, uint32_t bytes, void* destination);
  int (*poll)(void* user);
  /* Whole units of write_bytes, erased before; `source` stays until the end. */
  int (*write)(void* user, uint32_t offset, uint32_t bytes, const void* source);
  int (*erase)(void* user, uint32_t offset, uint32_t bytes); /* whole blocks */
} shoal_storage;

/* Where a node may spill: part of its storage, whole blocks. */
typedef struct shoal_spill_area {
  uint32_t offset, bytes; /* in the storage, multiples of erase_bytes */
  uint32_t erase_bytes;   /* of a block: erased to 0xFF as a whole */
  uint32_t write_bytes;   /* of a unit; divides erase_bytes */
} shoal_spill_area;

/* A network that carries datagrams. An address is the transport's own handle
 * (an IPv4 address and port, an index); the node only keeps and compares it.
 * Nothing blocks. `send` returns 0 if the datagram is on its way or lost, else
 * it could not be taken now. */
typedef struct shoal_transport {
  void* user;
  uint32_t max_payload; /* bytes of a datagram, at least 96 */
  int (*send)(void* user, uint64_t address, const void* datagram,
              uint32_t bytes);
  /* Bytes of the next datagram that has come, 0: none. Longer ones are cut. */
  uint32_t (*receive)(void* user, uint64_t* address, void* datagram,
                      uint32_t capacity);
  uint64_t (*now_us)(void* user);
} shoal_transport;

/* How a datagram is protected; see device/link/cipher.h for those there are.
 * Both work in place and return 0 if all is well. The tag lies behind the
 * `bytes` of data; `head` is authenticated, not encrypted. The nonce is the
 * packet number, never used twice with one key. */
typedef struct shoal_cipher {
  uint32_t tag_bytes;
  int (*seal)(const uint8_t* key, uint64_t packet, const void* head,
              uint32_t head_bytes, void* data, uint32_t bytes);
  int (*open)(const uint8_t* key, uint64_t packet, const void* head,
              uint32_t head_bytes, void* data, uint32_t bytes);
} shoal_cipher;

/* One per peer of the program, in its order. */
typedef struct shoal_peer {
  uint64_t address; /* where it was when it was heard last */
  uint8_t send_key[32], receive_key[32];
  uint64_t home; /* the node's own: the address with which it was opened */
  /* The node's own: since when the keys are in use (device/link/phase.h). */
  uint64_t phase_packet, phase_us, receive_from;
  uint8_t phases;
} shoal_peer;

/* The links of a program with peers. All of it is the caller's and must outlive
 * the node; the node writes peers' addresses when an authenticated datagram
 * comes from a new one. A peer that is silent there is also tried at home:
 * whoever passed on its datagram must not lead away from it. */
typedef struct shoal_link {
  const shoal_transport* transport;
  shoal_peer* peers;
  const shoal_cipher* cipher;
  uint32_t epoch;
  uint8_t* packet; /* max_payload bytes, for datagrams under construction */
  /* So long a key to a peer lasts; 0: 2^32 datagrams, a day. */
  uint64_t key_packets, key_us;
} shoal_link;

typedef struct shoal_link_counters {
  uint64_t sent, received;             /* datagrams */
  uint64_t sent_bytes, received_bytes; /* in datagrams, of the payload */
  uint64_t row_bytes;                  /* sent, of streams, first time */
  uint64_t resent_bytes;               /* of streams, again */
  uint64_t placed_bytes;               /* came, of streams, new */
  uint64_t forged;                     /* no peer, no valid tag */
  uint64_t stale;     /* another epoch, a packet number seen before */
  uint64_t malformed; /* authentic, but not a datagram of this version */
  uint64_t early;     /* out of order or beyond credit: not acknowledged */
  uint64_t fill[16];  /* datagrams with fragments, by sixteenths of payload */
} shoal_link_counters;

/* The work of a node's storage since the node was opened. */
typedef struct shoal_storage_counters {
  uint64_t reads, read_bytes; /* requests */
  /* Bytes of chunks and pages, with tags: opened, checked or (pages) sealed. */
  uint64_t checked_bytes;
  uint64_t retries;               /* of reads that failed or were wrong */
  uint64_t writes, written_bytes; /* of spills */
  uint64_t erases;                /* requests */
  uint64_t waits;                 /* times that nothing else was to be done */
} shoal_storage_counters;

typedef struct shoal_counters {
  shoal_link_counters link; /* zeros without peers */
  shoal_storage_counters storage;
} shoal_counters;

/* A piece of SRAM in another bank than the arena's, 16-byte aligned and apart
 * from it, in which a program may keep weights. */
typedef struct shoal_bank {
  void* data;
  uint32_t bytes;
} shoal_bank;

typedef struct shoal_config {
  /* The program image if it is memory mapped (16-byte aligned), else null:
   * then the image is read through `storage`, offset 0 being its first byte.
   * A mapped image whose chunks lie on a tape needs storage as well; offset 0
   * is the image's first byte there, too. */
  const void* image;
  uint32_t image_bytes;         /* of the mapped image, or of the storage */
  const shoal_storage* storage; /* may be null */
  uint32_t storage_bytes;       /* of the storage beside a mapped image */
  /* The identity of a program's store (device/storage/directory.h), 16 bytes:
   * a program whose chunks are of another one is refused. Null: not
   * asked, for programs that keep nothing in a store. */
  const uint8_t* store_id;
  /* The key of what lies in storage and the cipher, both or none. With a key
   * a store that is not sealed is refused, without one a sealed store is. */
  const shoal_cipher* store_cipher;
  const uint8_t* store_key;           /* 32 bytes, of this node */
  const shoal_spill_area* spill_area; /* null: it may write nothing */
  /* 16 unpredictable bytes of this start alone, from the board's entropy or
   * from who drives the node, never from what lies in storage: what it spills
   * has a key made from them. Null: a sealed store is not spilled to. Must
   * outlive the node. */
  const uint8_t* start_salt;
  const shoal_link* link; /* null: the program must have no peers */
  /* Called after every firing in builds with SHOAL_TAP, else ignored. */
  void (*tap)(void* user, const void* firing);
  void* tap_user;
  /* Banks 1 and on; they and their table must outlive the node. Null: the
   * program must keep nothing but in the arena. */
  const shoal_bank* banks;
  uint32_t bank_count;
} shoal_config;

/* Caller-owned; holds pointers, so it is not part of the arena. Its size is a
 * constant of the compiler's, checked where the node is built. */
#define SHOAL_NODE_BYTES (8 * (87 + 11 * sizeof(void*)))
typedef struct shoal_node {
  uint64_t opaque[SHOAL_NODE_BYTES / 8];
} shoal_node;

typedef struct shoal_io_info {
  uint32_t rows, row_bytes;
  uint32_t element_bytes;
} shoal_io_info;

typedef struct shoal_fault {
  shoal_status status;
  uint8_t table; /* shoal::Table */
  uint16_t stage, index, check;
  uint16_t layer; /* of a chunk that fails; 0xFFFF */
} shoal_fault;

/* Checks the whole program and prepares the first frame. `arena` must be
 * 16-byte aligned. On failure shoal_last_fault() says where.
 * SHOAL_WAIT: the image is not mapped, has weights that stay in SRAM, or
 * spills; shoal_step() goes on reading and checking, and until that has ended
 * there are no inputs and outputs. */
shoal_status shoal_open(shoal_node* node, const shoal_config* config,
                        void* arena, uint32_t arena_bytes);

/* Runs one slice of one firing, or enters a stage. SHOAL_OK: something was
 * done, call again.
 * SHOAL_WAIT: input rows, output space or storage are needed first. Anything
 * else is final: the node must be opened again. */
shoal_status shoal_step(shoal_node* node);

/* Variables are tensors that a model keeps from frame to frame, in the arena.
 * A node that is opened begins with their initial values.
 * shoal_repeat_frame(): the frame under way begins again, with its first row
 * and with what the variables held before it; what it has assigned counts only
 * when it has ended. shoal_reset_variables(): the same with their initial
 * values, as after shoal_open().
 * SHOAL_WAIT: storage is busy; step, then ask again. SHOAL_BAD_ARGUMENT: the
 * program is still being read, or has peers: then the next session begins with
 * the initial values, and nothing else does. */
shoal_status shoal_repeat_frame(shoal_node* node);
shoal_status shoal_reset_variables(shoal_node* node);

/* Hands in one datagram (of kind data) that came from `address`; it is opened
 * in place. Refused ones are counted, nothing else happens. SHOAL_WAIT: the
 * program is still being read, the datagram is dropped, or it has no peers. */
shoal_status shoal_receive(shoal_node* node, uint64_t address, void* datagram,
                           uint32_t bytes);
/* Sends what is waiting to be sent: for when shoal_step() returned SHOAL_WAIT
 * (which it has done itself already) and a timer has passed. */
void shoal_flush(shoal_node* node);
/* When to call shoal_step() though nothing arrives, in the transport's time;
 * UINT64_MAX: never. */
uint64_t shoal_next_timer_us(const shoal_node* node);
shoal_counters shoal_read_counters(const shoal_node* node);

/* Copies up to `rows` rows of the input into the arena, as far as there is
 * space and its stage is running; returns how many. Rows beyond the frame
 * belong to the next frame. */
uint32_t shoal_push_rows(shoal_node* node, uint32_t input, const void* data,
                         uint32_t rows);
/* Copies up to `rows` finished rows of the output; returns how many. */
uint32_t shoal_take_rows(shoal_node* node, uint32_t output, void* data,
                         uint32_t rows);

/* Rows in place, for whoever can make or use them where they lie (storage, a
 * camera, a console): the place of the next input row, or the next finished
 * output row, in the arena. `data` is null while there is none. When the row
 * is made (or done with), push (or take) one row with null as `data`. */
typedef struct shoal_row {
  uint8_t* data;
  uint32_t pieces, piece_bytes; /* so many runs of bytes */
  uint32_t step_bytes;          /* from one to the next */
} shoal_row;
shoal_row shoal_input_row(const shoal_node* node, uint32_t input);
shoal_row shoal_output_row(const shoal_node* node, uint32_t output);

/* Bytes of the arena that the program needs; 0 before they are known. */
uint32_t shoal_arena_bytes(const shoal_node* node);
/* Bytes of a bank besides the arena's, from 1, that it needs. */
uint32_t shoal_bank_bytes(const shoal_node* node, uint32_t bank);
uint32_t shoal_inputs(const shoal_node* node);
uint32_t shoal_outputs(const shoal_node* node);
/* Boxes of tensors that it keeps from frame to frame. */
uint32_t shoal_variables(const shoal_node* node);
shoal_io_info shoal_input_info(const shoal_node* node, uint32_t input);
shoal_io_info shoal_output_info(const shoal_node* node, uint32_t output);
/* Frames whose last stage has ended. */
uint32_t shoal_frames(const shoal_node* node);
shoal_fault shoal_last_fault(const shoal_node* node);
/* The layer that the last shoal_step() worked for, 0xFFFF if for none; for
 * counters and watchdogs. */
uint16_t shoal_last_layer(const shoal_node* node);
/* The work of the last step: slice `slice` of firing `firing`; actor 0xFFFF: no
 * slice. In a loop `actor` is the inner one and `iteration` counts. */
typedef struct shoal_work {
  uint16_t stage, actor, firing, iteration, group, slice;
} shoal_work;
shoal_work shoal_last_work(const shoal_node* node);

#ifdef __cplusplus
}
#endif

#endif
