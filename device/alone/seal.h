/// @file
/// A program that is sealed on its way to a board that runs alone: blocks of
/// it, each with a tag behind it; spec/alone.md has the key. A program has a
/// key of its own, so that its blocks are numbered from 0 and no random numbers
/// are needed.
#pragma once

#include <cstdint>

#include "device/alone/wire.h"
#include "device/keys/program_key.h"
#include "device/shoal.h"

namespace shoal {

/// Opens sealed programs. A board without a key links none.
class ProgramSeal {
 public:
  /// A program with this SHA-256 comes next. `count`: of its seal.
  virtual void begin(const uint8_t* hash, uint32_t bytes, uint32_t count) = 0;
  /// Opens a block of `bytes` bytes in place, behind which its tag lies. False:
  /// the tag is wrong, and the bytes are undefined.
  virtual bool open(uint32_t block, uint8_t* data, uint32_t bytes) = 0;

 protected:
  ~ProgramSeal() = default;
};

/// The same by a key.
class KeyedSeal final : public ProgramSeal {
 public:
  /// Both must outlive it. `key`: of the export, 32 bytes. The tags of `cipher`
  /// have alone::kSealBytes.
  KeyedSeal(const shoal_cipher& cipher, const uint8_t* key)
      : cipher_(cipher), key_(key) {}

  void begin(const uint8_t* hash, uint32_t bytes, uint32_t count) override {
    derive_program_key(key_, hash, bytes, count, program_key_);
  }
  bool open(uint32_t block, uint8_t* data, uint32_t bytes) override {
    return cipher_.tag_bytes == alone::kSealBytes &&
           cipher_.open(program_key_, block, nullptr, 0, data, bytes) == 0;
  }
  /// Seals a block of `bytes` bytes in place, with room for the tag behind it.
  bool seal(uint32_t block, uint8_t* data, uint32_t bytes) {
    return cipher_.tag_bytes == alone::kSealBytes &&
           cipher_.seal(program_key_, block, nullptr, 0, data, bytes) == 0;
  }

 private:
  const shoal_cipher& cipher_;
  const uint8_t* const key_;
  uint8_t program_key_[kProgramKeyBytes] = {};
};

}  // namespace shoal
