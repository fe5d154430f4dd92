// What a board on a network is flashed with besides its firmware: who it is.
// It lies at the beginning of its storage's last block. spec/stores.md has the
// same bytes in prose.
//
// Where what the storage keeps is sealed, the key must not lie in it: the
// storage's has zeros for it, and one with the key lies in the flash that the
// board runs from, kChipFlashedFromEnd bytes before its end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

inline constexpr uint32_t kFlashedMagic = 0x464C4853;  // "SHLF"
inline constexpr uint16_t kFlashedVersion = 1;

inline constexpr uint32_t kChipFlashedFromEnd = 1024;

enum Secure : uint16_t {
  kOpen = 0,    // without a key: key and seed are zeros
  kSecure = 1,  // with a key
  kSealed = 2,  // with a key, in the chip, and programs are sealed with it
};

struct Flashed {
  uint32_t magic;
  uint16_t version;
  uint16_t secure;  // a Secure
  char name[32];    // of the node, padded with zeros, at least one
  uint8_t key[32];  // of the cluster; zeros in the storage, if kSealed
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
bool has_key(const Flashed&);

// Whether a board is who these say: what its storage has, and what its chip
// has; null: nothing. `out` is the one that has the key. A storage does not
// talk a chip with a key down to anything else.
bool who_it_is(const Flashed& storage, const Flashed* chip, Flashed& out);

}  // namespace shoal
