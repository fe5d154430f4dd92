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
