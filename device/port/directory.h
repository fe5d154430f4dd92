// The first bytes of a board's storage: what lies where in it. Written by
// `shoal build`, read by the firmware. SPEC.md has the same bytes in prose.
//
//   offset 0    Directory
//   program     a program image (device/program/image.h)
//   input       `frames` frames, one after another; a frame is the rows of
//               input 0, then those of input 1 and so on, packed, int8
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/program/image.h"

namespace shoal {

inline constexpr uint32_t kDirectoryMagic = 0x444C4853;  // "SHLD"
inline constexpr uint16_t kDirectoryVersion = 1;

struct Directory {
  uint32_t magic;
  uint16_t version;
  uint16_t reserved;                // 0
  char board[16];                   // id, padded with zeros
  uint32_t program, program_bytes;  // offset is a multiple of 16
  uint32_t input, input_bytes;      // all frames together
  uint32_t frames;
  uint32_t reserved2;      // 0
  uint8_t tag[kTagBytes];  // TagKind::kDirectory, of the bytes before
};
static_assert(sizeof(Directory) == 64);
static_assert(offsetof(Directory, tag) == 48);

}  // namespace shoal
