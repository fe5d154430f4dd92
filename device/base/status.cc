#include "device/base/status.h"

// No default: the compiler misses what has no text.
const char* shoal_status_text(shoal_status status) {
  switch (status) {
    case SHOAL_OK:
      return "done";
    case SHOAL_WAIT:
      return "waits for input, space or storage";
    case SHOAL_BAD_ARGUMENT:
      return "a call or configuration that breaks the contract";
    case SHOAL_BAD_MAGIC:
      return "not a shoal program";
    case SHOAL_BAD_VERSION:
      return "a program format that this runtime does not read";
    case SHOAL_BAD_ARITHMETIC:
      return "a program for another arithmetic";
    case SHOAL_BAD_HASH:
      return "the program does not have its hash";
    case SHOAL_BAD_TAG:
      return "a tag does not match: the bytes have changed";
    case SHOAL_BAD_RECORD:
      return "the program is wrong";
    case SHOAL_TOO_SHORT:
      return "the program ends before what it announces";
    case SHOAL_ARENA_TOO_SMALL:
      return "the arena is too small";
    case SHOAL_STORAGE:
      return "the storage failed";
    case SHOAL_STALE:
      return "a datagram of another epoch, or seen before";
    case SHOAL_NO_KEY:
      return "the store is sealed, and there is no key";
    case SHOAL_NOT_SEALED:
      return "there is a key, and the store is not sealed";
    case SHOAL_WRONG_STORE:
      return "the store is another program's";
    case SHOAL_SPILL_FULL:
      return "no room to spill, or all of it is worn out";
    case SHOAL_NO_SALT:
      return "the store is sealed, and there is no salt to spill with";
    case SHOAL_OTHER_WRITER:
      return "somebody else has written to the spill area";
    case SHOAL_BANK_TOO_SMALL:
      return "a bank of SRAM beside the arena's is missing or too small";
    case SHOAL_SECOND_CORE:
      return "the second core does not answer";
  }
  return "not a status";
}
