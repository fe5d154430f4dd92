// What a board on a network is flashed with besides its firmware: who it is.
// It lies at the beginning of its storage's last block. spec/stores.md has the
// same bytes in prose.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

inline constexpr uint32_t kFlashedMagic = 0x464C4853;  // "SHLF"
inline constexpr uint16_t kFlashedVersion = 1;

struct Flashed {
  uint32_t magic;
  uint16_t version;
  uint16_t secure;  // 1: with key; 0: without, key and seed are zeros
  char name[32];    // of the node, padded with zeros, at least one
  uint8_t key[32];  // of the cluster
  // Unpredictable, and never the same for two starts: without a source of its
  // own a board draws all that nobody may foresee from it. Zeros where the
  // storage stays: there it has a unit of its own, to be overwritten (seeds.h).
  uint8_t seed[32];
  uint32_t reserved[5];  // 0
  uint32_t crc;          // CRC-32C of the bytes before
};
static_assert(sizeof(Flashed) == 128);
static_assert(offsetof(Flashed, crc) == 124);

// Fills in the CRC.
void seal_flashed(Flashed&);
// Whether it is whole, of this version, and its fields make sense.
bool check_flashed(const Flashed&);
bool has_seed(const Flashed&);

}  // namespace shoal
