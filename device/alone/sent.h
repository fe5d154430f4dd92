/// @file
/// A program that is sent to a board that runs alone, as it comes and as it
/// stays in flash; spec/alone.md has it in prose. Its head, then the image, the
/// description and the labels, one behind the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "device/alone/wire.h"
#include "device/base/crc32c.h"

namespace shoal {

inline constexpr uint32_t kSentMagic = 0x4E504853;  // "SHPN"
inline constexpr uint16_t kSentVersion = 1;

struct SentHead {
  uint32_t magic;
  uint16_t version;
  uint16_t flags;                          // 1: it has weights of four bits
  char board[16];                          // id, padded with zeros
  uint8_t replaces[alone::kProgramBytes];  // the network's as exported
  uint8_t program[alone::kProgramBytes];   // its own identity
  char name[alone::kNetworkNameBytes];     // of the network, padded with zeros
  uint32_t image_bytes, description_bytes, label_bytes;
  uint32_t arena_bytes, variable_bytes;
  uint16_t inputs, outputs;
  uint64_t kinds, wide;  // that its actors have; as in alone::ProgramRoom
  uint32_t arithmetic;
  uint32_t network;   // number of the one that it replaces
  uint32_t reserved;  // 0
  uint32_t crc;       // CRC-32C of the bytes before
};
static_assert(sizeof(SentHead) == alone::kSentHeadBytes);
static_assert(sizeof(SentHead) % 16 == 0, "the image lies aligned");
static_assert(offsetof(SentHead, crc) == 140);

inline constexpr uint16_t kSentInt4 = 1;

inline uint32_t crc_of(const SentHead& h) {
  return crc32c(0, reinterpret_cast<const uint8_t*>(&h),
                offsetof(SentHead, crc));
}

/// Returns the bytes of all parts.
constexpr uint64_t bytes_of(const SentHead& h) {
  return sizeof(SentHead) + uint64_t{h.image_bytes} + h.description_bytes +
         h.label_bytes;
}

}  // namespace shoal
