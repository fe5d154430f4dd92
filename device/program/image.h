// The program image: everything a node needs to run its part of a network,
// in one little-endian block. This header is the only definition of the
// format; spec/image.md gives the same bytes in prose. The host writes it
// (host/program/emit), the device reads it in place (device/runtime).
//
//   head      Header, StageEntry[stages], IoEntry[inputs + outputs],
//             PeerEntry[peers], tag; before the tag, with weights in other
//             banks than the arena's BankTable; with these or variables
//             VariableHeader, VariableEntry[variables], initial values
//   stages    one record each: StageHeader, tables, padding, tag
//   chunks    weights, bias, multipliers, shifts of a range of channels, tag
//
// The first `program_bytes` are the program part: head, records and mapped
// chunks. What is read from storage lies behind it, in the tape part. A whole
// image may lie in storage, or its program part in mapped flash and the rest in
// storage; offsets are the same in both.
//
// All offsets in the image are from its first byte, offsets in the arena from
// the arena's first byte. Records and chunks start at multiples of 16. Row,
// column and channel numbers in a port are relative to its buffer's box;
// those of an actor's window are relative to its ports' boxes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

inline constexpr uint32_t kImageMagic = 0x4C4F4853;  // "SHOL"
// A program without variables is of the first version.
inline constexpr uint16_t kImageVersion = 7, kVariablesVersion = 8;
// One that keeps weights in other banks than the arena's, with variables or
// without.
inline constexpr uint16_t kBanksVersion = 9;
// One with weights of four bits; variables and other banks, or not.
inline constexpr uint16_t kInt4Version = 10;
// One with rows of 16-bit elements; any of the above, or none.
inline constexpr uint16_t kWideVersion = 11;
constexpr bool is_known_version(uint16_t version) {
  return version >= kImageVersion && version <= kWideVersion;
}
// Returns whether a BankTable and a VariableHeader are there.
constexpr bool has_bank_table(uint16_t version) {
  return version >= kBanksVersion;
}
// Returns whether that table may say that there are no other banks, and weights
// may have four bits.
constexpr bool may_have_int4(uint16_t version) {
  return version >= kInt4Version;
}
constexpr bool may_be_wide(uint16_t version) { return version >= kWideVersion; }
// Operator set 1, double rounding (1).
inline constexpr uint32_t kArithmetic = 0x00010001;
inline constexpr uint16_t kNone = 0xFFFF;
inline constexpr uint32_t kNowhere = 0xFFFFFFFF;
inline constexpr int kMaxWindowRows = 16;  // row pointers a kernel gets
inline constexpr int kMaxBuffers = 1024;   // and actors, of a stage
// A box has at most these, and fewer bytes than kMaxBoxBytes.
inline constexpr int kMaxRows = 1 << 24, kMaxColumns = 0xFFFF;
inline constexpr int kMaxChannels = 0xFFFF;
inline constexpr uint32_t kMaxBoxBytes = 1u << 31;
// Strides, dilations and the sides of windows.
inline constexpr int kMaxStep = 0xFFFF;
inline constexpr int kMaxBand = 0xFFFF;     // rows of a firing
inline constexpr int kMaxFirings = 0xFFFE;  // of an actor in a frame
inline constexpr int kMaxLoopActors = 6;
inline constexpr int kMaxSpills = 8;  // of a stage
inline constexpr int kMaxBanks = 3;   // of SRAM, besides the arena's
inline constexpr int kMaxPeers = 256;
inline constexpr int kMaxFlights = 1024;  // fragments in flight to one peer
inline constexpr int kMaxGaps = 1024;     // of an in-stream
inline constexpr uint16_t kCoordinator = 0xFFFF;  // as a peer's node number
inline constexpr uint32_t kTagBytes = 16;
inline constexpr uint32_t kAlign = 16;

// The kind that a tag is bound to, besides address, generation and length.
enum class TagKind : uint32_t {
  kHead = 1,
  kStage = 2,
  kChunk = 3,
  kDirectory = 4,  // of a store; see device/storage/directory.h
  kPage = 5,       // of a spill area; the address is its number
  kLedger = 6,     // an entry of a spill area's ledger
};

enum ImageFlags : uint16_t {
  kImageUnmapped = 1,  // written for storage: the arena has room for the head
                       // and a record
  kStoreSealed = 2,    // all that is read from storage is sealed with a key
};

// The first bytes of an image, which say what follows.
struct Header {
  uint32_t magic;
  uint16_t version;
  uint16_t node;  // number of this node in the plan
  uint32_t arithmetic;
  uint32_t generation;   // of a build of a store, low half; in every tag
  uint32_t image_bytes;  // both parts
  uint32_t head_bytes;   // header, stage and io tables, tag
  uint32_t arena_bytes;  // exactly what the runtime needs
  uint16_t nodes;
  uint16_t stages;
  uint16_t inputs;   // rows that the caller pushes
  uint16_t outputs;  // rows that the caller takes
  uint16_t peers;    // 0: rows cross the C API, not a link
  uint16_t flags;    // ImageFlags
  uint32_t cursors;  // arena offset of uint32 cursors
  uint32_t cursor_count;
  uint32_t states;        // arena offset of ActorState, 2 bytes each
  uint32_t state_count;   // the largest actor count of a stage
  uint32_t record;        // arena offset of the current record if unmapped
  uint32_t record_bytes;  // the largest record if unmapped, else 0
  uint32_t head;          // arena offset of the head if unmapped, else kNowhere
  uint32_t program_bytes;  // of the program part; the hash covers it
  uint32_t keep;           // arena offset of the weight sets that stay
  uint32_t keep_bytes;     // 0: there are none
  uint32_t poll_gap_us;    // longest time away from the link; 0: not stated
  uint8_t plan_id[16];     // first bytes of the plan's SHA-256
  uint32_t link;           // arena offset of the link's tables, behind all
                           // other fixed regions; link_layout.h
  uint16_t targets;        // of all stages' out-streams
  uint16_t stage_targets;  // most of any stage
  uint16_t stage_streams;  // most in-streams at once; early.h
  uint16_t gaps;           // ranges of bytes behind gaps that each in-stream
                           // may have; 0: bytes are placed in order only
  uint32_t spill;          // arena offset of the state of spills, or kNowhere;
                           // device/program/spill_layout.h
  uint32_t spill_pages;    // that a frame writes
  uint32_t spill_page_bytes;  // an erase block of the storage, tag included
  uint32_t generation_high;   // bound, with the low half, into the key
  // First 16 bytes of SHA-256 over the plain bytes of the chunks in the tape
  // part, in their order; zeros: there are none.
  uint8_t store_id[16];
  uint8_t
      hash[32];  // SHA-256 of the program part, this and the head's tag zero
};
static_assert(sizeof(Header) == 176);
static_assert(offsetof(Header, hash) == 144);

constexpr uint64_t generation_of(const Header& h) {
  return uint64_t{h.generation_high} << 32 | h.generation;
}

// Where the record of a stage lies.
struct StageEntry {
  uint32_t offset;  // of the record in the image
  uint32_t bytes;   // of the record, tag included
};
static_assert(sizeof(StageEntry) == 8);

// One input or output of the program: rows that cross the C API.
struct IoEntry {
  uint16_t stage;
  uint16_t port;
  uint32_t unused : 3;  // 0
  uint32_t is_output : 1;
  uint32_t element_bytes : 3;
  uint32_t rows : 25;  // of the port's box
  uint32_t row_bytes;  // of the port's box
  uint32_t reserved;
};
static_assert(sizeof(IoEntry) == 16);

// Another node of the cluster with which this one exchanges rows.
struct PeerEntry {
  uint16_t node;         // its number in the plan, or kCoordinator
  uint16_t window;       // fragments in flight to it, at least 1
  uint32_t poll_gap_us;  // its longest time away from the link
};
static_assert(sizeof(PeerEntry) == 8);

// The banks of a program of version kBanksVersion or later. Bank 0 is the
// arena's.
struct BankTable {
  uint32_t bytes[kMaxBanks];  // of banks 1 and on; not all 0 in kBanksVersion
  uint32_t reserved;          // 0
};
static_assert(sizeof(BankTable) == 16);

// The variables of a program of version kVariablesVersion or later.
struct VariableHeader {
  uint16_t variables;  // in kVariablesVersion at least 1
  uint16_t reserved;   // 0
  uint32_t initial_bytes;
};
static_assert(sizeof(VariableHeader) == 8);

// A box of a tensor that this node keeps from frame to frame, whole. Two
// copies lie in the arena, `arena` and variable_stride() behind it: frame f
// reads the first and writes the second if f is even, else the other way
// round. So a frame that begins again reads what the one before it has left.
struct VariableEntry {
  uint32_t arena;    // multiple of 16; behind all other fixed regions
  uint32_t bytes;    // of a copy
  uint32_t initial;  // offset of the first frame's bytes among the initial
                     // values; kNowhere: all of them are `fill`
  int8_t fill;
  uint8_t reserved[3];  // 0
};
static_assert(sizeof(VariableEntry) == 16);

// The beginning of a record, which has the tables of one stage.
struct StageHeader {
  uint32_t magic;  // "STG1"
  uint32_t bytes;  // of the record, tag included
  uint16_t index;
  uint16_t buffers;
  uint16_t ports;
  uint16_t actors;
  uint16_t loops;
  uint16_t weights;
  uint16_t chunks;
  uint16_t params;   // int32 each
  uint16_t maps;     // uint16 each
  uint16_t order;    // runs; 0: data-driven
  uint16_t streams;  // in-streams, then out-streams
  uint16_t targets;  // of the out-streams
  uint32_t slots;    // arena offset of the slots for chunks of the tape
  uint32_t slot_bytes;
  uint16_t slot_count;  // 0: no tape; else at least 2
  uint16_t spills;
  uint32_t room;  // arena offset of the memory into which firings unpack
                  // weights of four bits; 0: no actor does
};
static_assert(sizeof(StageHeader) == 48);
inline constexpr uint32_t kStageMagic = 0x31475453;

// A ring of `slots` rows of a tensor box; slots == rows holds it whole.
// Absolute row r lies in slot r % slots.
enum BufferFlags : uint8_t {
  kBufferPrivate = 1,   // inside a loop: no cursors, rows of one band
  kBufferComplete = 2,  // filled by an earlier stage: always ready
  kBufferKeep = 4,      // cursors count over all frames, are never reset
  kBufferVariable = 8,  // a variable: its value before the frame if complete
                        // (in even frames the first copy), else after it
};
struct BufferRecord {
  uint16_t tensor;    // for taps and messages
  uint16_t channels;  // of the buffer's box
  uint32_t flags : 4;
  uint32_t element_bytes : 3;  // 1, 2 or 4
  uint32_t rows : 25;          // of the buffer's box
  uint32_t slots;
  uint32_t row_bytes;   // columns of the box * channels * element_bytes
  uint32_t offset;      // in the arena, multiple of 16
  uint16_t first_port;  // write ports, then read ports
  uint8_t writers, readers;
  uint16_t overlay;  // index of the buffer whose bytes this one reuses
  uint16_t base;     // index of the cursor with the frame's first row, or
                     // kNone for a buffer that does not keep its cursors
};
static_assert(sizeof(BufferRecord) == 28);

constexpr uint32_t pixel_bytes(const BufferRecord& b) {
  return uint32_t{b.channels} * b.element_bytes;
}
constexpr uint32_t columns(const BufferRecord& b) {
  return b.row_bytes / pixel_bytes(b);
}

// Cursor indices increase strictly along the buffers of a stage: base, then
// the cursors of the ports. A private buffer has one writer and one reader,
// whose boxes are the whole buffer.
// The owner's index has 15 bits, in two fields; see owner_index().
enum class PortOwner : uint8_t { kActor, kApi, kStream, kSpill };
struct PortRecord {
  uint32_t owner_low : 8;
  uint32_t y0 : 24;
  uint32_t owner_high : 7;
  uint32_t row_count : 25;
  uint16_t is_read : 1;
  uint16_t owned_by : 2;  // a PortOwner; see owner()
  uint16_t unused : 2;    // 0
  uint16_t buffer : 11;
  uint16_t cursor;  // kNone in private buffers; see BufferRecord
  uint16_t x0, x1, c0, c1;

  constexpr PortOwner owner() const { return static_cast<PortOwner>(owned_by); }
  // Actor, input or output, entry of `streams` or of `spills`.
  constexpr uint16_t owner_index() const {
    return static_cast<uint16_t>(owner_high << 8 | owner_low);
  }
  constexpr uint32_t y1() const { return y0 + row_count; }
};
static_assert(sizeof(PortRecord) == 20);

constexpr void set_owner_index(PortRecord& p, uint32_t index) {
  p.owner_low = index & 0xFF, p.owner_high = index >> 8 & 0x7F;
}

enum class OpCode : uint8_t {
  kConv = 1,  // also pointwise and fully connected
  kDepthwise,
  kTransposeConv,
  kAveragePool,
  kMaxPool,
  kReduceSum,  // MEAN and SUM
  kReduceMax,
  kAdd,  // ADD and SUB
  kMul,
  kMaximum,
  kMinimum,
  kPrelu,
  kLut,  // any int8 -> int8 function, 256 bytes of weights
  kSoftmax,
  kMove,    // copy, slice, stride, pad
  kResize,  // nearest neighbour, by maps
  kSpaceToDepth,
  kDepthToSpace,
  kTranspose,   // needs its input whole
  kReshape,     // re-chunks the row-major byte sequence
  kConstant,    // rows from weights
  kRequantize,  // int32 rows -> int8 rows
  kDivide,
  kSquaredDifference,
  kLogSoftmax,
  kBilinear,     // resize between two rows and two columns
  kArgMax,       // ARG_MAX and ARG_MIN over channels: the place, two bytes
  kRunningSum,   // over channels
  kMatmul,       // of rows and a second operand that is held whole
  kL2Norm,       // over channels
  kProbability,  // softmax over channels, of any scale
  kRescale,      // one value to another, at least one of them of 16 bits
  kSigmoid,      // LOGISTIC and TANH of 16 bits
  kWideSoftmax,  // over channels, of 16 bits
  kLstm,         // a step for each row, from a state to the next one
  kCell,         // the same, of operations of int8 that the parameters list
};

enum ActorFlags : uint8_t {
  kActorInit = 1,       // starts from the bias; else from port `partial`
  kActorFinal = 2,      // ends in int8 or int16; else writes int32 rows
  kReduceColumns = 4,   // kReduce*: over x as well
  kReduceChannels = 8,  // kReduce*: over c as well
};

// One layer's share. Output row oy (of the out port's box) reads, of the in
// port's box, for the ops with a window
//   rows    oy * stride_y - pad_top  + ky * dilation_y,  ky in [0, kernel_h)
//   columns ox * stride_x - pad_left + kx * dilation_x,  kx in [0, kernel_w)
// and positions outside that box are padding. kReduceSum and kReduceMax over
// rows have kernel_h = input rows and one output row.
//
// A firing makes `band` output rows, or, if part < kernel_h, a part of one
// output row: kernel rows [p * part, (p + 1) * part). So an actor fires
// ceil(rows / band) * ceil(kernel_h / part) times a frame.
struct ActorRecord {
  OpCode op;
  int8_t zero_in, zero_weight, zero_out;
  int8_t act_min, act_max;
  uint16_t layer;    // for taps and messages
  uint16_t in[2];    // ports; in[1] for binary operators
  uint16_t partial;  // port of int32 rows to start from
  uint16_t out;
  uint16_t weights;  // weight set
  uint16_t loop;
  uint16_t band;
  uint16_t part;
  uint16_t slices;  // column slices of a firing, at least 1
  // First entry in the int32 table, see params.h; kResize: in the table of
  // maps, that of the rows and then that of the columns.
  uint16_t param;
  uint16_t kernel_h, kernel_w;
  uint16_t stride_y, stride_x, dilation_y, dilation_x;
  uint32_t flags : 4;
  int32_t pad_top : 28;
  uint32_t
      is_wide : 1;      // elements have 16 bits; see element_bytes() in actor.h
  uint32_t unused : 3;  // 0
  int32_t pad_left : 28;
  uint16_t multiplier;  // kDepthwise: outputs per input channel
  uint16_t room16;      // kConv, kDepthwise: the bytes over 16 into which its
                        // weights of four bits are unpacked; 0: they have eight
  uint32_t accumulator;  // arena offset of private sums or of the state of
                         // kLstm and kCell, else kNowhere
};
static_assert(sizeof(ActorRecord) == 56);

// A fused channel group: a chain of contiguous actors, each but the last
// writing a private buffer that the next one reads. One firing of the loop
// runs all of them `iterations` times for one band of the last one's output.
// The first is kConv or kDepthwise, the last kConv, those between kDepthwise
// or kLut. In iteration i an actor uses chunk i of its weights (kLut: its
// only one): `iterations` groups, of the last one `iterations` parts. A chunk
// of out_n channels writes channels [0, out_n) of its private buffer; the last
// actor reads channels [0, in_n) and sums in its accumulator.
struct LoopRecord {
  uint16_t first_actor;
  uint16_t actors;
  uint16_t iterations;
  uint16_t band;  // output rows of the last actor a firing
};
static_assert(sizeof(LoopRecord) == 8);

// Executed in place; through the stage's slots, in the order of use; read as a
// whole into the arena when the stage is entered.
enum class WeightPlace : uint8_t { kMapped, kTape, kSram };
enum WeightFlags : uint8_t {
  kWeightsKeep = 1,  // kSram: read before the first frame, and stays
  kWeightsBank = 6,  // the number of the bank that it stays in, times 2
};
// The weights of one actor (its *set*): `parts` x `groups` chunks, part-major.
// Groups cut output channels (kConstant: rows, all groups but the last being as
// high, a multiple of the band). Parts cut the reduced axis: kernel rows if the
// actor's window is cut, input channels if it is inside a loop.
struct WeightRecord {
  uint16_t first_chunk;
  uint16_t parts;
  uint16_t groups;
  WeightPlace place;
  uint8_t flags;
  uint32_t arena;  // kSram: offset of chunk 0 in its bank; each takes
                   // sram_bytes(), and the next one follows. Else 0
};
static_assert(sizeof(WeightRecord) == 12);

// See chunk.h for what lies inside.
struct ChunkRecord {
  uint32_t offset;       // in the image, multiple of 16
  uint32_t bytes;        // without the tag, multiple of 4
  uint16_t out0, out_n;  // output channels, of the out port's box
  uint16_t in0, in_n;    // input channels of the last actor of a loop, else
                         // kernel rows (0, kernel_h if the window is not cut)
};
static_assert(sizeof(ChunkRecord) == 16);

// `firings` firings of actor `actor` (a loop by its first actor).
struct OrderRun {
  uint16_t actor;
  uint16_t firings;
};
static_assert(sizeof(OrderRun) == 4);

// A stream carries the rows of one port's box, frame after frame, as bytes in
// row order; byte n of frame f has the absolute offset f * bytes of a frame +
// n (mod 2^32). An in-stream writes its port; its sender is one peer. An
// out-stream reads its port and goes to one or more targets, in the target
// table one after another; a row is released when all of them have it.
//
// Numbers: in-streams and targets are each counted over all stages of the
// program, so those of a stage are contiguous. Fragments carry the receiver's
// in-stream number, credit the sender's target number.
struct StreamRecord {
  uint16_t port;
  uint16_t number;    // in: of this stream; out: of its first target
  uint16_t peer;      // in: index of the sender in the peer table; out: kNone
  uint16_t there;     // in: the target's number at the sender; out: index of
                      // its first target in the stage's table
  uint16_t targets;   // out: at least 1; in: 0
  uint16_t reserved;  // in: kComesEarly (early.h), or 0; out: 0
};
static_assert(sizeof(StreamRecord) == 12);

// One end of an out-stream.
struct TargetRecord {
  uint16_t peer;   // index in the peer table
  uint16_t there;  // the in-stream's number at the receiver
};
static_assert(sizeof(TargetRecord) == 4);

// A port whose rows go to storage (it reads) or come from it (it writes): the
// bytes of its box in row order fill the payloads of pages first_page, + 1, ...
// of the frame. Page numbers count over the spills of all stages; a page is
// read in stages behind the one that writes it, by any number of ports.
struct SpillRecord {
  uint16_t port;
  uint16_t reserved;
  uint32_t first_page;
  uint32_t pages;
  uint32_t buffer;  // arena offset of a page
};
static_assert(sizeof(SpillRecord) == 16);

// In the arena. Only one firing is under way at a time; how far it has come
// is kept in the node itself.
struct ActorState {
  uint16_t firing;  // firings of this frame that are complete
};
static_assert(sizeof(ActorState) == 2);

// Returns the bytes into which an actor unpacks weights of four bits.
constexpr uint32_t room_bytes(const ActorRecord& a) {
  return uint32_t{a.room16} * kAlign;
}
constexpr bool has_int4_weights(const ActorRecord& a) { return a.room16 > 0; }

constexpr uint32_t align_up(uint32_t v, uint32_t to = kAlign) {
  return (v + to - 1) / to * to;
}

// Returns the distance from a variable's first copy to its second.
constexpr uint32_t variable_stride(uint32_t bytes) { return align_up(bytes); }

// Returns the bytes of the arena that a chunk takes.
constexpr uint32_t sram_bytes(const ChunkRecord& c) {
  return align_up(c.bytes + kTagBytes);
}
// Returns the bytes of rows in a page.
constexpr uint32_t page_payload(uint32_t page_bytes) {
  return page_bytes - kTagBytes;
}

}  // namespace shoal
