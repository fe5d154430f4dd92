// What a device function answers. Every decoder and the runtime return a
// Status; a Fault says where in the program a check failed, so that the host
// can name it. No strings here: they would cost flash.
#pragma once

#include <cstdint>

namespace shoal {

enum class [[nodiscard]] Status : uint8_t{
    kOk = 0,
    kWait,           // nothing to do until input, space or storage comes
    kBadArgument,    // the caller broke the contract of the call
    kBadMagic,       // not a shoal program
    kBadVersion,     // a program format that this runtime does not read
    kBadArithmetic,  // another operator set or rounding mode
    kBadHash,        // the image's SHA-256 does not match
    kBadTag,         // a record's or chunk's tag does not match
    kBadRecord,      // a table entry fails the loader's checks
    kTooShort,       // the image ends before what it announces
    kArenaTooSmall,  // arena_bytes of the program exceed what was given
    kStorage,        // storage refused or failed, and again when repeated
    kStale,          // a datagram of another epoch, or one seen before
    kNoKey,          // a sealed store, and no key for it
    kNotSealed,      // a key, and a store that is not sealed
    kWrongStore,     // the store or spill area is another program's
    kSpillFull,      // no room to spill, or all of it is worn out
    kNoSalt,         // a sealed store to spill to, and no salt of this start
    kOtherWriter,    // the ledger has an entry that this start did not write
};

// Which table of a stage record a fault lies in.
enum class Table : uint8_t {
  kNone = 0,
  kHeader,
  kStage,
  kIo,
  kBuffer,
  kPort,
  kActor,
  kLoop,
  kWeights,
  kChunk,
  kParam,
  kMap,
  kOrder,
  kPeer,
  kStream,
  kTarget,
  kSpill,
};

// Where a check failed: stage and table index are 0xFFFF where they do not
// apply; `check` is the number of the check inside its function (source line).
struct Fault {
  Status status = Status::kOk;
  Table table = Table::kNone;
  uint16_t stage = 0xFFFF;
  uint16_t index = 0xFFFF;
  uint16_t check = 0;
  uint16_t layer = 0xFFFF;  // of the net, of a chunk that fails
};

}  // namespace shoal
