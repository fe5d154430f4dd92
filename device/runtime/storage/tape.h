// Which chunk of the tape comes next, and which of them lie in the slots. The
// walk goes over the recorded order as execution does, only ahead of it, and
// names the same chunks in the same sequence.
#pragma once

#include "device/program/actor.h"
#include "device/runtime/ports.h"

namespace shoal {

class Tape {
 public:
  explicit Tape(const Ports& ports) : ports_(ports) {}

  void begin();  // of a stage
  // Returns the next chunk to read and its place; null: no slot is free, or the
  // end.
  const ChunkRecord* ask(uint8_t*& to);
  // The first chunk that was asked for and not yet loaded is there.
  void loaded() { ++loaded_; }
  // Returns the bytes of the chunk that execution uses next; null: not there
  // yet. What it used before is given up.
  const uint8_t* use(const ChunkRecord&);
  uint32_t used() const { return used_; }

 private:
  uint8_t* slot(uint32_t number) const;
  bool next();
  void enter_run();
  void next_run();
  bool walk_unit(const ActorRecord&);
  bool walk_loop(const LoopRecord&);
  bool want(const ActorRecord&, int firing, int iteration, int group);

  const Ports& ports_;
  // The next read: a position in the recorded order.
  struct {
    uint32_t run = 0;
    uint16_t firing = 0;     // of the run
    uint32_t before = 0;     // firings of the unit in earlier runs
    uint16_t iteration = 0;  // chunk of the firing, or iteration of a loop
    uint16_t inner = 0;      // actor of the loop
  } walk_;
  // Slots [used_, loaded_) hold chunks, counted without end. A chunk that is
  // used several times in a row is read once.
  uint32_t used_ = 0, loaded_ = 0, asked_ = 0;
  const ChunkRecord* last_ = nullptr;     // asked for last
  const ChunkRecord* current_ = nullptr;  // in slot used_
};

}  // namespace shoal
