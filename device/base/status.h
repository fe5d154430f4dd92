// The results of device functions. Every decoder and the runtime return a
// Status (shoal_status of device/shoal.h, which lists them); a Fault says where
// in the program a check failed, so that the host can name it.
#pragma once

#include <cstdint>

#include "device/shoal.h"

namespace shoal {

enum class [[nodiscard]] Status : int8_t{
    kOk = SHOAL_OK,
    kWait = SHOAL_WAIT,
    kBadArgument = SHOAL_BAD_ARGUMENT,
    kBadMagic = SHOAL_BAD_MAGIC,
    kBadVersion = SHOAL_BAD_VERSION,
    kBadArithmetic = SHOAL_BAD_ARITHMETIC,
    kBadHash = SHOAL_BAD_HASH,
    kBadTag = SHOAL_BAD_TAG,
    kBadRecord = SHOAL_BAD_RECORD,
    kTooShort = SHOAL_TOO_SHORT,
    kArenaTooSmall = SHOAL_ARENA_TOO_SMALL,
    kStorage = SHOAL_STORAGE,
    kStale = SHOAL_STALE,
    kNoKey = SHOAL_NO_KEY,
    kNotSealed = SHOAL_NOT_SEALED,
    kWrongStore = SHOAL_WRONG_STORE,
    kSpillFull = SHOAL_SPILL_FULL,
    kNoSalt = SHOAL_NO_SALT,
    kOtherWriter = SHOAL_OTHER_WRITER,
    kBankTooSmall = SHOAL_BANK_TOO_SMALL,
    kSecondCore = SHOAL_SECOND_CORE,
};
constexpr bool failed(Status status) { return status < Status::kOk; }

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
  kVariable,
  kBank,
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
