/**
 * @file
 * shoal on a device: load a program, push input rows, step, take output rows.
 *
 * The caller provides all memory: the node struct and the arena, whose size the
 * program states to the byte. shoal allocates nothing, writes only to the
 * arena, the banks, the node struct and the buffers that it is given, and never
 * blocks.
 *
 *     static uint8_t arena[ARENA_BYTES] __attribute__((aligned(16)));
 *     shoal_node node;
 *     if (shoal_open(&node, &config, arena, sizeof arena) < 0) fail();
 *     while (got < out_rows) {
 *       sent += shoal_push_rows(&node, 0, picture + sent * row_bytes,
 *                               rows - sent);
 *       shoal_status status = shoal_step(&node);
 *       got += shoal_take_rows(&node, 0, scores + got * out_row_bytes,
 *                              out_rows - got);
 *       if (status < 0) fail(shoal_status_text(status));
 *       if (status == SHOAL_WAIT) sleep until rows, space or storage come
 *     }
 *
 * A program of a cluster has peers instead of inputs and outputs: rows come and
 * go in datagrams. Its loop passes on what arrives and steps:
 *
 *     while ((bytes = transport.receive(..., &from, packet, sizeof packet)))
 *       shoal_receive(&node, from, packet, bytes);
 *     if (shoal_step(&node) == SHOAL_WAIT) sleep until a datagram comes or
 *                                          shoal_next_timer_us()
 *
 * A node is used by one thread at a time, and never from an interrupt. Nodes
 * share no state. Unless a function says otherwise, pointers must not be null,
 * and the node must have been given to shoal_open().
 */
#ifndef SHOAL_DEVICE_SHOAL_H_
#define SHOAL_DEVICE_SHOAL_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The result of a call: a value below 0 is an error. */
typedef enum shoal_status {
  /** The call did its work. */
  SHOAL_OK = 0,
  /** There is nothing to do until input, space or storage comes. */
  SHOAL_WAIT = 1,
  /** The caller broke the contract of the call. */
  SHOAL_BAD_ARGUMENT = -1,
  /** The image is not a shoal program. */
  SHOAL_BAD_MAGIC = -2,
  /** This runtime does not read the program's format version. */
  SHOAL_BAD_VERSION = -3,
  /** The program needs another operator set or rounding mode, or a kind of
   * actor that this build left out. */
  SHOAL_BAD_ARITHMETIC = -4,
  /** The image's SHA-256 does not match. */
  SHOAL_BAD_HASH = -5,
  /** A record's or chunk's tag does not match: it is damaged or forged. */
  SHOAL_BAD_TAG = -6,
  /** A table entry fails the loader's checks. */
  SHOAL_BAD_RECORD = -7,
  /** The image ends before what it announces. */
  SHOAL_TOO_SHORT = -8,
  /** The program needs a larger arena. */
  SHOAL_ARENA_TOO_SMALL = -9,
  /** Storage is missing, or fails even when an operation is repeated. */
  SHOAL_STORAGE = -10,
  /** A datagram belongs to another epoch, or was seen before. */
  SHOAL_STALE = -11,
  /** The store is sealed, and there is no key for it. */
  SHOAL_NO_KEY = -12,
  /** There is a key, and the store is not sealed. */
  SHOAL_NOT_SEALED = -13,
  /** The store or spill area belongs to another program. */
  SHOAL_WRONG_STORE = -14,
  /** The spill area is too small, or too many of its blocks are worn out. */
  SHOAL_SPILL_FULL = -15,
  /** The program spills to a sealed store, and there is no start_salt. */
  SHOAL_NO_SALT = -16,
  /** The ledger has an entry that this start did not write: another node or
   * process uses the same spill area. */
  SHOAL_OTHER_WRITER = -17,
  /** The program keeps weights in a bank that is missing or too small; the
   * fault's index is the bank's place in shoal_config::banks. */
  SHOAL_BANK_TOO_SMALL = -18,
  /** The board's second core did not start, or does not answer any more. */
  SHOAL_SECOND_CORE = -19,
} shoal_status;

/** Describes a status in English, for a person. A program that does not call
 * this function does not link the texts.
 * @param status any value
 * @return a constant string; never null */
const char* shoal_status_text(shoal_status status);

/** Asynchronous storage: an SD card, NOR flash, a file. `read`, `write` and
 * `erase` begin an operation and return 0 if it was accepted, another value if
 * it cannot begin now. One operation is under way at a time. A read that is
 * refused or fails is repeated twice. The node copies this struct. */
typedef struct shoal_storage {
  /** First argument of all functions; the node does not look at it. */
  void* user;
  /** Begins to read `bytes` bytes at `offset`, both in bytes and without
   * alignment, to `destination`, which stays valid until the end. */
  int (*read)(void* user, uint32_t offset, uint32_t bytes, void* destination);
  /** Asks for the end of the operation under way: 1 if it has ended and all
   * bytes are there, 0 while it goes on, a negative value if it failed. After a
   * failure nothing is assumed about the bytes. */
  int (*poll)(void* user);
  /** Begins to write whole units of shoal_spill_area::write_bytes that were
   * erased before; `source` stays valid until the end. May be null if nothing
   * spills. */
  int (*write)(void* user, uint32_t offset, uint32_t bytes, const void* source);
  /** Begins to erase whole blocks of shoal_spill_area::erase_bytes to 0xFF. May
   * be null if nothing spills. */
  int (*erase)(void* user, uint32_t offset, uint32_t bytes);
} shoal_storage;

/** The part of a node's storage to which it may spill activations. */
typedef struct shoal_spill_area {
  /** First byte in the storage; a multiple of erase_bytes. */
  uint32_t offset;
  /** Size in bytes; a multiple of erase_bytes. Two blocks are the ledger's; the
   * plan says how many others a frame takes at least. */
  uint32_t bytes;
  /** Bytes of a block, which is erased as a whole; the program is planned for
   * this size. */
  uint32_t erase_bytes;
  /** Bytes of a unit, the least that is written; divides erase_bytes. */
  uint32_t write_bytes;
} shoal_spill_area;

/** A network that carries datagrams, in any order, any number of times or not
 * at all. An address is the transport's own handle (an IPv4 address and port,
 * an index); the node only keeps and compares it. No function blocks. */
typedef struct shoal_transport {
  /** First argument of all functions; the node does not look at it. */
  void* user;
  /** The most bytes of a datagram, from 96 to 65,535. Larger values count as
   * 65,535, smaller ones are SHOAL_BAD_ARGUMENT. */
  uint32_t max_payload;
  /** Sends `bytes` bytes, at most max_payload. Returns 0 if the datagram is on
   * its way or lost, another value if it could not be taken now; it is then
   * sent later. The datagram is valid during the call only. */
  int (*send)(void* user, uint64_t address, const void* datagram,
              uint32_t bytes);
  /** Copies the next datagram that has come, at most `capacity` bytes (the rest
   * is lost), and its sender's address. Returns its bytes, 0 if none has come.
   * The caller's loop uses it; the node does not. */
  uint32_t (*receive)(void* user, uint64_t* address, void* datagram,
                      uint32_t capacity);
  /** Returns the time in microseconds since any moment; never goes back. */
  uint64_t (*now_us)(void* user);
} shoal_transport;

/** How datagrams and chunks are protected; device/link/cipher.h has two. Both
 * functions work in place and return 0 on success. The tag lies behind the
 * `bytes` bytes of `data`; `head` is authenticated, not encrypted. */
typedef struct shoal_cipher {
  /** Bytes of a tag; 16 for a store. */
  uint32_t tag_bytes;
  /** Encrypts `data` and writes the tag behind it. `key` has 32 bytes. `packet`
   * is the nonce: a number that is never used twice with one key. */
  int (*seal)(const uint8_t* key, uint64_t packet, const void* head,
              uint32_t head_bytes, void* data, uint32_t bytes);
  /** Checks the tag and decrypts `data`; returns another value than 0 if the
   * tag does not match. `data` is then undefined. */
  int (*open)(const uint8_t* key, uint64_t packet, const void* head,
              uint32_t head_bytes, void* data, uint32_t bytes);
} shoal_cipher;

/** A peer of the program. The caller sets address and keys before shoal_open();
 * the other fields are the node's own. */
typedef struct shoal_peer {
  /** Where the peer was heard last. The node updates it when an authentic
   * datagram comes from another address. */
  uint64_t address;
  /** The key for datagrams to the peer. The node replaces it when it has
   * expired (shoal_link::key_packets). */
  uint8_t send_key[32];
  /** The key for datagrams from the peer; replaced likewise. */
  uint8_t receive_key[32];
  /** The node's own: the address with which it was opened. A peer that is
   * silent at `address` is also tried here, because the sender of a forwarded
   * datagram must not lead away from it. */
  uint64_t home;
  /** The node's own: the packet number at which send_key came into use. */
  uint64_t phase_packet;
  /** The node's own: the time at which send_key came into use. */
  uint64_t phase_us;
  /** The node's own: the packet number from which receive_key is valid. */
  uint64_t receive_from;
  /** The node's own: flags of the change of keys. */
  uint8_t phases;
} shoal_peer;

/** The links of a program with peers. The caller owns this struct and all that
 * it points to; they must outlive the node. */
typedef struct shoal_link {
  /** The network; `send` and `now_us` must not be null. */
  const shoal_transport* transport;
  /** One entry per peer of the program, in its order. */
  shoal_peer* peers;
  /** How datagrams are protected; all nodes of a cluster need the same one. */
  const shoal_cipher* cipher;
  /** Number of the run. Datagrams of another epoch are refused. */
  uint32_t epoch;
  /** Room for a datagram under construction: transport->max_payload bytes. */
  uint8_t* packet;
  /** Datagrams after which a key is replaced; 0: 2^32. */
  uint64_t key_packets;
  /** Microseconds after which a key is replaced; 0: a day. */
  uint64_t key_us;
} shoal_link;

/** Counts of a node's links since it was opened. Bytes of datagrams include
 * heads and tags. */
typedef struct shoal_link_counters {
  uint64_t sent;           /**< datagrams that the transport took */
  uint64_t received;       /**< authentic datagrams */
  uint64_t sent_bytes;     /**< in datagrams that were sent */
  uint64_t received_bytes; /**< in authentic datagrams */
  uint64_t row_bytes;      /**< of streams, sent for the first time */
  uint64_t resent_bytes;   /**< of streams, sent again */
  uint64_t placed_bytes;   /**< of streams, received for the first time */
  uint64_t forged;         /**< datagrams of no peer or without a valid tag */
  uint64_t stale;          /**< datagrams of another epoch, or seen before */
  uint64_t malformed;      /**< authentic, but not of this version's format */
  uint64_t early; /**< out of order or beyond credit: not acknowledged */
  /** Sent datagrams with fragments, by the sixteenths of max_payload that they
   * fill. */
  uint64_t fill[16];
} shoal_link_counters;

/** Counts of a node's storage since the node was opened. */
typedef struct shoal_storage_counters {
  uint64_t reads;      /**< read operations that were accepted */
  uint64_t read_bytes; /**< bytes of these */
  /** Bytes of chunks and pages, with tags, that the core opened or checked, or
   * (pages) sealed. */
  uint64_t checked_bytes;
  uint64_t retries; /**< reads that failed or were wrong and were repeated */
  uint64_t writes;  /**< write operations, of spills */
  uint64_t written_bytes; /**< bytes of these */
  uint64_t erases;        /**< erase operations */
  uint64_t waits;         /**< times that storage alone held the node up */
} shoal_storage_counters;

/** All counts of a node. */
typedef struct shoal_counters {
  shoal_link_counters link;       /**< zeros without peers */
  shoal_storage_counters storage; /**< zeros without storage */
} shoal_counters;

/** A piece of SRAM in another bank than the arena's, in which a program may
 * keep weights. */
typedef struct shoal_bank {
  /** 16-byte aligned, apart from the arena and other banks; null if bytes is 0.
   * The memory stays the caller's. */
  void* data;
  /** Size in bytes. */
  uint32_t bytes;
} shoal_bank;

/** Two cores that share the work: device/shoal_cores.h. */
typedef struct shoal_pair shoal_pair;

/** The arguments of shoal_open(), which copies this struct; what its
 * pointers point to must outlive the node, except `storage`, which is copied
 * too. Set all of it to zero first: zero is the default of every field. */
typedef struct shoal_config {
  /** The program image if it is memory mapped, 16-byte aligned. Null: the image
   * is read through `storage`, whose offset 0 is its first byte. A mapped image
   * whose chunks lie on a tape needs storage as well, with the same offsets. */
  const void* image;
  /** Bytes of the mapped image; without one, bytes of the storage. */
  uint32_t image_bytes;
  /** The node's storage. Null: the image must be mapped, with all weights. */
  const shoal_storage* storage;
  /** Bytes of the storage beside a mapped image. */
  uint32_t storage_bytes;
  /** The identity of the store that the program must belong to, 16 bytes
   * (device/storage/directory.h). Null: any; programs that keep nothing in a
   * store have none. */
  const uint8_t* store_id;
  /** The cipher of the store, with tags of 16 bytes. Set it together with
   * store_key. With a key a store that is not sealed is refused, without one a
   * sealed store is. */
  const shoal_cipher* store_cipher;
  /** This node's key, 32 bytes. */
  const uint8_t* store_key;
  /** Where the node may spill. Null: programs that spill are refused. */
  const shoal_spill_area* spill_area;
  /** 16 unpredictable bytes of this start alone, from the board's entropy or
   * from the node's driver, never from what lies in storage: the key of spilled
   * pages is made from them. Null: a program that spills to a sealed store is
   * refused. */
  const uint8_t* start_salt;
  /** The links. Null: programs with peers are refused. */
  const shoal_link* link;
  /** Called after every firing with a shoal::Firing (device/runtime/firing.h),
   * in builds with SHOAL_TAP; others ignore it. May be null. */
  void (*tap)(void* user, const void* firing);
  /** First argument of `tap`. */
  void* tap_user;
  /** The banks from 1 on (bank 0 is the arena's). Null: programs that keep
   * weights outside of the arena are refused. */
  const shoal_bank* banks;
  /** Entries of `banks`; the node uses at most 3. */
  uint32_t bank_count;
  /** The second core's, which was started; one node of a pair is stepped at a
   * time. Null: the core that calls does all of the work. */
  shoal_pair* pair;
} shoal_config;

/** Words of 8 bytes of a node that uses one core, besides its pointers. */
#define SHOAL_NODE_WORDS 87
/** Bytes of a node; checked where the node is built. Only nodes of PCs and of
 * builds with SHOAL_TWO_CORES, which all of a program's sources define, know of
 * a second core. */
#if defined(SHOAL_TWO_CORES) || UINTPTR_MAX > 0xFFFFFFFF
#define SHOAL_NODE_BYTES (8 * (SHOAL_NODE_WORDS + 1 + 11 * sizeof(void*)))
#else
#define SHOAL_NODE_BYTES (8 * (SHOAL_NODE_WORDS + 11 * sizeof(void*)))
#endif

/** A node. The caller owns it; it holds pointers and copies of keys, and must
 * not be moved. It needs no destruction, but see device/shoal.hpp for erasing
 * keys. */
typedef struct shoal_node {
  uint64_t opaque[SHOAL_NODE_BYTES / 8]; /**< the runtime's own */
} shoal_node;

/** The form of an input or output. */
typedef struct shoal_io_info {
  uint32_t rows;          /**< rows of a frame */
  uint32_t row_bytes;     /**< bytes of a row: columns x channels x elements */
  uint32_t element_bytes; /**< 1 for int8, 4 for int32 */
} shoal_io_info;

/** Where an error was found. 0xFFFF: the number does not apply. */
typedef struct shoal_fault {
  shoal_status status; /**< the error; SHOAL_OK if there was none */
  uint8_t table;       /**< kind of table: shoal::Table, device/base/status.h */
  uint16_t stage;      /**< stage whose record fails */
  uint16_t index;      /**< entry of the table */
  uint16_t check;      /**< source line of the check; 0 if there is none */
  uint16_t layer;      /**< layer of a chunk or actor that fails */
} shoal_fault;

/** Checks the whole program and prepares the first frame. A node may be opened
 * again at any time, with any program.
 * @param node   room for the node; what it holds is overwritten
 * @param config the program, its storage and links
 * @param arena  16-byte aligned memory, the node's until it is opened again
 * @param arena_bytes bytes of it, at least what the plan says
 * @return SHOAL_OK: ready. SHOAL_WAIT: the image is not mapped, has weights
 * that stay in SRAM, or spills; shoal_step() goes on reading and checking, and
 * until that has ended there are no inputs and outputs. An error:
 *         shoal_last_fault() says where. */
shoal_status shoal_open(shoal_node* node, const shoal_config* config,
                        void* arena, uint32_t arena_bytes);

/** Runs one slice of one firing, enters a stage, or reads a piece of the
 * program; with peers it also sends what is ready.
 * @param node the node
 * @return SHOAL_OK: something was done, call again. SHOAL_WAIT: input rows,
 *         output space, datagrams or storage are needed first. An error is
 *         final, and every call returns it until the node is opened again;
 *         after SHOAL_SECOND_CORE, a node without peers can also repeat its
 *         frame when that core is back. */
shoal_status shoal_step(shoal_node* node);

/** Begins the frame under way again, with its first row and with what the
 * variables held before it. Variables are tensors that a model keeps from frame
 * to frame, in the arena; what a frame assigns to them counts when it has
 * ended.
 * @param node the node
 * @return SHOAL_OK. SHOAL_WAIT: storage is busy; step, then ask again.
 *         SHOAL_BAD_ARGUMENT: the program is still being read, or has peers
 *         (then only the next session begins again, with the initial values),
 *         or the node has failed. After SHOAL_SECOND_CORE it begins again if
 *         that core and the storage are idle. */
shoal_status shoal_repeat_frame(shoal_node* node);

/** Begins the frame under way again, with the initial values of all variables,
 * as after shoal_open().
 * @param node the node
 * @return as of shoal_repeat_frame() */
shoal_status shoal_reset_variables(shoal_node* node);

/** Begins again as after shoal_open(), without its checks: for a node whose
 * arena another node has used since. Nodes that share an arena in this way run
 * one after the other, a whole frame each.
 * @param node the node; its program lies where it lay when it was checked, and
 *             is the same
 * @return SHOAL_OK. SHOAL_BAD_ARGUMENT: the program keeps something outside of
 *         its image and the arena (storage, weights in SRAM, peers), or was
 *         not opened. Another error: the node's, as of shoal_step(); after
 *         SHOAL_SECOND_CORE it begins again if that core is idle. */
shoal_status shoal_restart(shoal_node* node);

/** Takes one datagram of kind data (its first byte). A refused one is counted
 * and changes nothing.
 * @param node     the node
 * @param address  the sender, as the transport gives it
 * @param datagram the datagram, which is decrypted in place; the node keeps no
 *                 pointer to it
 * @param bytes    bytes of it
 * @return SHOAL_OK: taken. SHOAL_WAIT: dropped, because the program is still
 *         being read or has no peers. SHOAL_BAD_TAG, SHOAL_STALE or
 *         SHOAL_BAD_RECORD: refused. Another error: the node's, as of
 *         shoal_step(). */
shoal_status shoal_receive(shoal_node* node, uint64_t address, void* datagram,
                           uint32_t bytes);

/** Sends everything that waits to be sent: for when a timer has passed. A
 * shoal_step() that returns SHOAL_WAIT does so itself.
 * @param node the node */
void shoal_flush(shoal_node* node);

/** Returns when shoal_step() must be called even if nothing arrives.
 * @param node the node
 * @return microseconds in the transport's time; UINT64_MAX: never */
uint64_t shoal_next_timer_us(const shoal_node* node);

/** Returns all counts since the node was opened.
 * @param node the node
 * @return the counts */
shoal_counters shoal_read_counters(const shoal_node* node);

/** Copies rows of an input into the arena, as many as there is space for while
 * the stage that reads them is running. Rows beyond the frame belong to the
 * next frame and are taken later.
 * @param node  the node
 * @param input number of the input, below shoal_inputs()
 * @param data  rows of shoal_io_info::row_bytes bytes, one behind the other;
 *              null: the row was made in place (shoal_input_row())
 * @param rows  the most rows to copy
 * @return rows that were taken; 0 also if there is no such input */
uint32_t shoal_push_rows(shoal_node* node, uint32_t input, const void* data,
                         uint32_t rows);

/** Copies finished rows of an output out of the arena and gives up their space.
 * @param node   the node
 * @param output number of the output, below shoal_outputs()
 * @param data   room for `rows` rows of shoal_io_info::row_bytes bytes; null:
 *               the row was used in place (shoal_output_row())
 * @param rows   the most rows to copy
 * @return rows that were taken; 0 also if there is no such output */
uint32_t shoal_take_rows(shoal_node* node, uint32_t output, void* data,
                         uint32_t rows);

/** A row in the arena, for code that makes or uses rows in place (storage, a
 * camera, a console). It is valid until the next call that changes the node. */
typedef struct shoal_row {
  uint8_t* data;        /**< the first piece; null: there is no such row now */
  uint32_t pieces;      /**< runs of bytes that make up the row */
  uint32_t piece_bytes; /**< bytes of a piece */
  uint32_t step_bytes;  /**< from the beginning of one piece to the next */
} shoal_row;

/** Returns the place of the next input row. When the row is written there, push
 * one row with null as data.
 * @param node  the node
 * @param input number of the input, below shoal_inputs()
 * @return the place; `data` is null while there is no space for a row */
shoal_row shoal_input_row(const shoal_node* node, uint32_t input);

/** Returns the next finished output row. When it has been used, take one row
 * with null as data.
 * @param node   the node
 * @param output number of the output, below shoal_outputs()
 * @return the place; `data` is null while no row is finished */
shoal_row shoal_output_row(const shoal_node* node, uint32_t output);

/** Returns the bytes of the arena that the program needs.
 * @param node the node
 * @return bytes; 0 until the program has been read, and after an error */
uint32_t shoal_arena_bytes(const shoal_node* node);

/** Returns the bytes that the program needs of another bank than the arena's.
 * @param node the node
 * @param bank number of the bank, from 1
 * @return bytes; 0 until the program has been read, and after an error */
uint32_t shoal_bank_bytes(const shoal_node* node, uint32_t bank);

/** Returns the number of inputs.
 * @param node the node
 * @return inputs; 0 with peers, until the program has been read, or after
 *         another error than SHOAL_SECOND_CORE */
uint32_t shoal_inputs(const shoal_node* node);

/** Returns the number of outputs.
 * @param node the node
 * @return outputs; 0 in the same cases as shoal_inputs() */
uint32_t shoal_outputs(const shoal_node* node);

/** Returns the number of variables: boxes of tensors that the node keeps from
 * frame to frame.
 * @param node the node
 * @return variables; 0 until the program has been read, and after another
 *         error than SHOAL_SECOND_CORE */
uint32_t shoal_variables(const shoal_node* node);

/** Returns the form of an input.
 * @param node  the node
 * @param input number of the input
 * @return its form; zeros if there is no such input */
shoal_io_info shoal_input_info(const shoal_node* node, uint32_t input);

/** Returns the form of an output.
 * @param node   the node
 * @param output number of the output
 * @return its form; zeros if there is no such output */
shoal_io_info shoal_output_info(const shoal_node* node, uint32_t output);

/** Returns the number of frames that have ended.
 * @param node the node
 * @return frames since the node was opened, modulo 2^32 */
uint32_t shoal_frames(const shoal_node* node);

/** Says where the last error was found.
 * @param node the node
 * @return the fault; its status is SHOAL_OK if there was none */
shoal_fault shoal_last_fault(const shoal_node* node);

/** Returns the layer that the last shoal_step() worked for; for counters and
 * watchdogs.
 * @param node the node
 * @return number of the layer; 0xFFFF: it worked for none */
uint16_t shoal_last_layer(const shoal_node* node);

/** The work of one step. */
typedef struct shoal_work {
  uint16_t stage;     /**< stage under way */
  uint16_t actor;     /**< actor of the stage, in a loop the inner one; 0xFFFF:
                           the step made no slice, and what follows is 0 */
  uint16_t firing;    /**< firing of the actor in this frame, from 0 */
  uint16_t iteration; /**< turn of the loop; 0 outside of loops */
  uint16_t group;     /**< group of output channels */
  uint16_t slice;     /**< slice of the firing */
} shoal_work;

/** Returns the work of the last shoal_step().
 * @param node the node
 * @return the work */
shoal_work shoal_last_work(const shoal_node* node);

#ifdef __cplusplus
}
#endif

#endif
