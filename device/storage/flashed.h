// The identity with which a board on a network is flashed besides its firmware.
// It lies at the beginning of its storage's last block. spec/stores.md has the
// same bytes in prose.
//
// Where the storage's contents are sealed, the key must not lie in it: the
// storage's copy has zeros for it, and one with the key lies in the flash that
// the board runs from, kChipFlashedFromEnd bytes before its end.
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
  // Unpredictable, and never the same for two starts: a board without a source
  // of its own draws everything unpredictable from it. Zeros where the storage
  // stays: there it has a unit of its own, to be overwritten (seeds.h).
  uint8_t seed[32];
  uint32_t reserved[5];  // 0
  uint32_t crc;          // CRC-32C of the bytes before
};
static_assert(sizeof(Flashed) == 128);
static_assert(offsetof(Flashed, crc) == 124);

// Fills in the CRC.
void seal_flashed(Flashed&);
// Returns whether it is whole, of this version, and its fields make sense.
bool check_flashed(const Flashed&);
bool has_seed(const Flashed&);
bool has_key(const Flashed&);

// Returns whether the board's identity is valid, given the copies in its
// storage and in its chip (null: none). `out` is the one that has the key. A
// storage cannot make a chip with a key accept anything else.
bool who_it_is(const Flashed& storage, const Flashed* chip, Flashed& out);

}  // namespace shoal
