/// @file
/// What a board does with programs that a computer sends. programs.h does it; a
/// board without that takes none, and does not link it.
#pragma once

#include <cstdint>

#include "device/alone/wire.h"

namespace shoal {

/// A board that takes programs, as AloneServer sees it.
class ProgramTaker {
 public:
  virtual alone::ProgramRoom room(uint32_t network) const = 0;
  /// Says how a program comes that is announced next. `count`: of its seal; 0:
  /// it has none.
  virtual alone::Said expect(const uint8_t* hash, uint32_t bytes,
                             uint32_t count) = 0;
  /// Opens a block of a sealed program in place: `bytes` bytes, behind which
  /// its tag lies (seal.h).
  virtual alone::Said unseal(uint32_t block, uint8_t* data, uint32_t bytes) = 0;
  /// Announces a program of `bytes` bytes with this SHA-256, whose SentHead
  /// (sent.h) is `head`. `from`: the first byte that is missing.
  virtual alone::Said begin(const uint8_t* head, uint32_t bytes,
                            const uint8_t* hash, uint32_t& from) = 0;
  /// Takes the next bytes.
  virtual alone::Said write(uint32_t offset, const uint8_t* from,
                            uint32_t bytes) = 0;
  /// All have come: kGood if it is the network from now on. `waits` is called
  /// again and again while this takes.
  virtual alone::Said end(void (*waits)(void* user), void* user) = 0;

 protected:
  ~ProgramTaker() = default;
};

}  // namespace shoal
