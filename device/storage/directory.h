// The first bytes of a node's store: what lies where in it. Written by `shoal
// build`, read by firmware and by runs from a store. spec/stores.md has the
// same bytes in prose.
//
//   offset 0    Directory
//   program     a program image (device/program/image.h), both parts
//   input       `frames` frames, one after another; a frame is the rows of
//               input 0, then those of input 1 and so on, packed, int8
//   spill       the spill area (spill_area.h), if there is one
//
// The tag finds damage; it is not keyed. Trust rests on the tags of the program
// and its chunks: nothing that is computed depends on a directory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/program/image.h"

namespace shoal {

inline constexpr uint32_t kDirectoryMagic = 0x444C4853;  // "SHLD"
inline constexpr uint16_t kDirectoryVersion = 3;

struct Directory {
  uint32_t magic;
  uint16_t version;
  uint16_t node;   // the program's
  char board[16];  // id, padded with zeros
  uint16_t nodes;
  uint16_t reserved;              // 0
  uint32_t generation;            // the program's, low half
  uint32_t total_bytes;           // of the store
  uint32_t program, image_bytes;  // offset is a multiple of 16, and of a block
                                  // if there is a spill area
  uint32_t spill, spill_bytes;    // whole blocks; 0 bytes: none
  uint32_t spill_erase_bytes;     // of a block
  uint32_t spill_write_bytes;     // of a unit
  uint32_t input, input_bytes;    // all frames together; 0: none
  uint32_t frames;
  uint32_t generation_high;
  uint32_t reserved2;  // 0
  uint8_t plan_id[16];
  uint8_t store_id[16];    // the program's; zeros: nothing on a tape
  uint8_t hash[32];        // the program's
  uint8_t tag[kTagBytes];  // TagKind::kDirectory, of the bytes before
};
static_assert(sizeof(Directory) == 160);
static_assert(offsetof(Directory, tag) == 144);

constexpr uint64_t generation_of(const Directory& d) {
  return uint64_t{d.generation_high} << 32 | d.generation;
}

enum class DirectoryFault : uint8_t {
  kNone = 0,
  kTooShort,    // fewer bytes than a directory has
  kNoMagic,     // not a store
  kVersion,     // of another version
  kDamaged,     // its tag does not match
  kOtherBoard,  // made for another board
  kTooLong,     // the store is longer than the storage
  kNumbers,     // its numbers make no sense
};

// The tag, over all that is filled in.
void seal_directory(Directory&);

// `bytes`: the storage's first ones, `available` of them. `storage_bytes`: of
// the whole storage. `board`: the reader's id; null: any. `out` is filled in
// from kVersion on, for messages; use it only after kNone.
DirectoryFault check_directory(const uint8_t* bytes, uint32_t available,
                               uint64_t storage_bytes, const char* board,
                               Directory& out);

}  // namespace shoal
