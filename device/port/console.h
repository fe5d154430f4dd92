// Messages on a node's console: what emulated and wired boards say to the host.
// spec/stores.md has the same bytes in prose.
//
//   byte 0, 1   'S', 'F'
//   byte 2      ConsoleType
//   byte 3      0
//   byte 4-7    payload bytes, little-endian
//   then        the payload, and CRC-32 (as in zlib) of bytes 2 to its end
//
// All numbers in payloads are little-endian, structs as they are declared.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint8_t kConsoleMark[2] = {'S', 'F'};
inline constexpr uint32_t kConsoleHead = 8;
inline constexpr uint32_t kMaxConsolePayload = 1u << 20;

enum class ConsoleType : uint8_t {
  kHello = 1,  // ConsoleHello
  kOutput,     // ConsoleOutput, then the row's bytes
  kLayer,      // ConsoleLayer
  kFiring,     // ConsoleFiring, then its rows, packed (builds with SHOAL_TAP)
  kEnd,        // ConsoleEnd; the last one of a good run
  kRefused,    // ConsoleRefused; the last one of a program that is not run
  kFault,      // ConsoleFault; the last one after an exception of the CPU
  kMemory,  // shoal_memory, of a node on a network: ready, or a run has ended
  kWork,  // ConsoleWork, of a node on a network: ready, a run begins, has ended
  kStage,  // ConsoleStage, of one that was told to count
  kText,   // a line for persons, without its end
};

struct ConsoleHello {
  char board[16];  // id, padded with zeros
  uint32_t ticks_per_second;
  uint32_t has_observer;
};
static_assert(sizeof(ConsoleHello) == 24);

struct ConsoleOutput {
  uint32_t frame, output, row;
};

// The work on one layer since the last ConsoleLayer; layer 0xFFFF is work that
// belongs to none: loading, entering stages, waiting for storage.
struct ConsoleLayer {
  uint16_t layer, frame;
  uint32_t steps;
  uint32_t ticks;
};
static_assert(sizeof(ConsoleLayer) == 12);

// See device/runtime/firing.h. Rows [y0, y1) of (x1 - x0) * (c1 - c0) elements.
struct ConsoleFiring {
  uint16_t stage, actor;
  uint32_t y0, y1, x0, x1;
  uint16_t c0, c1;
  uint32_t element_bytes;
};
static_assert(sizeof(ConsoleFiring) == 28);

struct ConsoleEnd {
  uint32_t frames;
  uint32_t program_bytes;
  uint32_t arena_bytes;      // of the program
  uint32_t arena_available;  // what the board could give
  uint32_t arena_touched;    // up to the last byte that was ever written
  uint32_t memory[8];        // shoal_memory
  uint32_t program_read_bytes, input_read_bytes;
  uint32_t load_ticks_low, load_ticks_high;    // until the program was checked
  uint32_t frame_ticks_low, frame_ticks_high;  // of all frames
};
static_assert(sizeof(ConsoleEnd) == 76);

// Since the start: bytes of the storage, datagrams.
struct ConsoleWork {
  uint64_t read_bytes, written_bytes;
  uint32_t received, sent;
  uint32_t running;  // 1: a run begins
  uint32_t reserved;
};
static_assert(sizeof(ConsoleWork) == 32);

// The work in one stage since the last ConsoleStage; stage 0xFFFF is work that
// belongs to none: sessions, programs that come. Looks that found nothing to do
// are left out, a board that waits has as many as it waits long.
struct ConsoleStage {
  uint16_t stage, reserved;
  uint32_t steps;
  uint32_t ticks;
};
static_assert(sizeof(ConsoleStage) == 12);

// Why a node does not run what lies in its storage.
enum class Refusal : uint8_t {
  kProgram = 1,   // status, table ... are shoal_last_fault()'s
  kNoDirectory,   // storage holds nothing
  kVersion,       // a directory of another version
  kOtherBoard,    // made for another board
  kDirectoryTag,  // the directory's tag does not match
  kDirectory,     // its numbers make no sense
  kInput,         // the input's size is not the program's
  kStorage,       // storage failed a read
  kTooLong,       // the directory's store is longer than the storage
  kNoStorage,     // nothing answers where the storage should be
  kSmallStorage,  // `index` KB are there, `check` are needed
  kNoIdentity,    // of nodes on a network: its last block is not flashed
  kNoNetwork,     // of these, too: no interface, or no address for it
  kNoSeed,        // of these: the one that its storage kept is used or damaged
};
struct ConsoleRefused {
  uint8_t refusal;
  int8_t status;  // shoal_status
  uint8_t table, reserved;
  uint16_t stage, index, check, reserved2;
  char board[16];  // that the directory names
};
static_assert(sizeof(ConsoleRefused) == 28);

enum class FaultKind : uint8_t { kOther = 0, kStackOverflow, kBus, kMemory };
struct ConsoleFault {
  uint32_t kind;     // FaultKind
  uint32_t pc, lr;   // 0: not known
  uint32_t address;  // that was accessed; 0: not known
  uint32_t status;   // CFSR
  uint32_t hard;     // HFSR
};
static_assert(sizeof(ConsoleFault) == 24);

// CRC-32 of bytes after those that gave `crc`; begins with 0.
inline uint32_t crc32_add(uint32_t crc, const uint8_t* bytes, uint32_t count) {
  static constexpr uint32_t kNibble[16] = {
      0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
      0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
      0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  crc = ~crc;
  for (uint32_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ kNibble[crc & 15];
    crc = crc >> 4 ^ kNibble[crc & 15];
  }
  return ~crc;
}

}  // namespace shoal
