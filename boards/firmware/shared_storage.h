// One storage for two users: the node, which reads its program and spills, and
// the firmware, which reads input frames. Each sees a shoal_storage of its own
// part; an operation of one waits while one of the other is under way.
#pragma once

#include <cstdint>

#include "device/shoal.h"

namespace shoal {

class SharedStorage {
 public:
  enum Reader { kProgram = 0, kInput = 1, kReaders = 2 };

  explicit SharedStorage(const shoal_storage& hardware);

  // The part [first, first + bytes) of the hardware's storage.
  void set_part(Reader, uint32_t first, uint32_t bytes);
  // Offsets count from the part's first byte. Lives as long as this does.
  const shoal_storage& of(Reader reader) const { return parts_[reader].face; }
  // Returns the bytes that were read so far.
  uint32_t read_bytes(Reader reader) const { return parts_[reader].read; }

 private:
  enum class State : uint8_t { kIdle, kQueued, kUnderWay, kDone, kFailed };
  enum class Operation : uint8_t { kRead, kWrite, kErase };
  struct Part {
    SharedStorage* storage = nullptr;
    shoal_storage face{};
    uint32_t first = 0, bytes = 0, read = 0;
    State state = State::kIdle;
    Operation operation = Operation::kRead;
    uint32_t offset = 0, wanted = 0;
    void* destination = nullptr;
    const void* source = nullptr;
  };
  static int read(void* part, uint32_t offset, uint32_t bytes, void* to);
  static int write(void* part, uint32_t offset, uint32_t bytes,
                   const void* from);
  static int erase(void* part, uint32_t offset, uint32_t bytes);
  static int poll(void* part);
  static int queue(Part&, Operation, uint32_t offset, uint32_t bytes);
  int begin(const Part&) const;
  void advance();

  const shoal_storage& hardware_;
  Part parts_[kReaders];
};

}  // namespace shoal
