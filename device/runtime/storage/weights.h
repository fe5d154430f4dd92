// Weights that pass through SRAM: sets that lie there as a whole (read when
// their stage is entered, or once and for all) and the chunks of a tape. They
// are asked for ahead of their use, and checked (or opened, with a key) one at
// a time while the next one is read.
#pragma once

#include "device/runtime/storage/spills.h"
#include "device/runtime/storage/store.h"
#include "device/runtime/storage/tape.h"

namespace shoal {

class Weights {
 public:
  // Both must outlive this.
  Weights(Store& store, Spills& spills)
      : store_(store), spills_(spills), tape_(store.node.ports) {}

  // Begins with the sets of state.ports.stage that stay, or with everything
  // else.
  void begin(bool staying);
  // Takes in what has arrived, asks for the next chunk and then checks the one
  // that is there, so that storage is not idle meanwhile. kOk: one was checked.
  Status step();
  // Returns whether everything that was asked for is checked.
  bool idle() const { return asked_for_ == 0; }
  // Gives the bytes of a chunk; null while one of the tape is not there.
  Status use(const ActorRecord&, const ChunkRecord&, const uint8_t*& bytes);

 private:
  // A chunk that has been asked for and is not checked yet.
  struct Fetch {
    uint8_t* to = nullptr;
    uint16_t chunk = 0;  // of the stage
    bool of_set = false;
    bool again = false;  // it was wrong once and has been asked for again
  };
  // A position among the chunks of the stage's sets in SRAM.
  struct SetWalk {
    uint32_t offset = 0;  // from the set's first byte
    uint16_t weights = 0;
    uint16_t index = 0;  // of the set's chunks
  };

  Status ask();
  Status start(const Fetch&);
  bool next_fetch(Fetch&);
  Status check();
  Status fail(Status, const ChunkRecord&);
  const ActorRecord& user_of(const ChunkRecord&) const;
  const ChunkRecord* next_of_sets(SetWalk&) const;
  void pass_set_chunk(SetWalk&) const;
  NodeState& node() const { return store_.node; }
  const ChunkRecord& chunk_of(const Fetch& f) const {
    return stage().chunks[f.chunk];
  }
  const StageView& stage() const { return node().ports.stage; }

  Store& store_;
  Spills& spills_;
  Tape tape_;
  // The first `arrived_` of `asked_for_` chunks are there and are checked while
  // the last one is read. The first one may have to be read again.
  enum class Repair : uint8_t { kNone, kWanted, kReading };
  Fetch fetch_[2];
  uint8_t asked_for_ = 0, arrived_ = 0;
  Repair repair_ = Repair::kNone;
  bool staying_ = false;
  SetWalk next_set_, there_;  // to ask for; to check
};

}  // namespace shoal
