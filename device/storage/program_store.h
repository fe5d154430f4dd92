// Where a node keeps the program that it is given, if not in memory: as its
// agent sees it. All of it ends at once or in a while, and nothing else may use
// the storage meanwhile.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/shoal.h"

namespace shoal {

// The room that a node's storage has for programs, and one of those that are
// there. It goes over the network as it stands (device/agent/session_wire.h).
struct HeldPrograms {
  uint32_t storage_bytes;  // that programs may have
  uint32_t free_bytes;     // of these, what new ones may have though all stay
  uint32_t programs;       // that are there
  uint32_t program_bytes;  // of the one that was asked for; 0: there is none
  uint8_t program_hash[32];
};
static_assert(sizeof(HeldPrograms) == 48);

class ProgramStore {
 public:
  // Returns the largest program, in bytes.
  virtual uint32_t capacity() const = 0;
  // Returns the bytes of the whole program that is there; 0: none. `hash`: 32
  // bytes.
  virtual uint32_t program(uint8_t* hash) const = 0;
  // All that are there; `index` counts them from 0.
  virtual void tell(uint32_t index, HeldPrograms&) const = 0;

  // Announces a program of `bytes` bytes with this SHA-256. `from`: what is
  // here already, from a broken transfer or all of it; then it is the one that
  // is there.
  virtual Status begin(uint32_t bytes, const uint8_t* hash, uint32_t& from) = 0;
  // Takes the bytes at `offset`. kWait: others must come first.
  virtual Status write(uint32_t offset, const uint8_t* data,
                       uint32_t bytes) = 0;
  // Asks whether all have come. kWait: not yet; kBadHash: they are not what was
  // announced. kOk: it is the one that is there, also after a loss of power.
  virtual Status end() = 0;
  // The program that is there is damaged: it is there no more.
  virtual void discard() = 0;

  // Waits for what a node has left under way.
  virtual void settle() = 0;
  // Returns the storage of the program that is there, offset 0 being its first
  // byte.
  virtual const shoal_storage& storage() const = 0;
  virtual bool read(uint32_t offset, void* to, uint32_t bytes) = 0;
  // Returns where the program lies in memory; null: it does not.
  virtual const uint8_t* mapped() const { return nullptr; }

 protected:
  ~ProgramStore() = default;
};

}  // namespace shoal
