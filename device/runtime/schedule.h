// Chooses the actor of the stage that fires next. When it has fired, or a port
// was moved from outside, finds the actors that may be ready.
#pragma once

#include "device/program/actor.h"
#include "device/runtime/ports.h"

namespace shoal {

// Which slice of which firing.
struct Place {
  uint16_t unit = kNone;  // actor, or first actor of a loop
  uint16_t firing = 0;
  uint16_t iteration = 0;
  uint16_t inner = 0;  // actor of the loop
  uint16_t group = 0;  // chunk of the part
  uint16_t slice = 0;
};

// The ends of a firing of an actor outside of loops.
struct FiringEnds {
  int released[2];  // of its operands: rows that no later firing reads
  // For a plain actor, values that are needed several times a firing: its ports
  // and their buffers.
  const PortRecord *in, *out;
  const BufferRecord *read, *made;
};

// The firing under way. Only one is, so private memory of loops may be shared
// between them.
struct Active : Place {
  FiringRange range{};  // of the unit's last actor
  union {
    RowRange made[kMaxLoopActors]{};  // by each actor of a loop
    FiringEnds ends;
  };
  bool plain = false;  // see is_plain(); then only out_* of range are set
};

class Schedule {
 public:
  // The ports must outlive this.
  explicit Schedule(Ports& ports) : ports_(ports) {}

  // The stage of the ports begins: all cursors that do not outlive a stage go
  // to their first row.
  void begin();

  // Finds the next firing: the deepest of those that may have become ready, or
  // the next of the recorded order. True: `active` is the firing.
  bool pick();
  // The active firing has been made whole.
  void complete();

  void wake(uint16_t unit) {
    if (unit < scan_lo_) scan_lo_ = unit;
    if (unit > scan_hi_) scan_hi_ = unit;
  }
  // A port of a loop's actors is the loop's.
  uint16_t unit_of(uint16_t actor) const {
    const uint16_t loop = ports_.stage.actors[actor].loop;
    return loop == kNone ? actor : ports_.stage.loops[loop].first_actor;
  }
  void wake_readers(const BufferRecord&);
  void wake_writers(const BufferRecord&);
  // The first `bytes` bytes of the port's frame have been passed.
  void pass_bytes(uint16_t port, uint32_t bytes);

  Active active;
  // Units, ports of others and pages that have not finished.
  uint32_t pending = 0;
  ActorState* states = nullptr;  // of the program's actors, in the arena
  // Sets of weights in SRAM below this are there.
  uint16_t sets_there = 0;
  // A stream's port has news; its user takes the flag back.
  bool streams_may_move = false;
  // False: the stage has nothing for storage to do.
  bool storage_works = true;

 private:
  bool is_there(const ActorRecord&) const;
  bool sets_are_there(uint16_t unit) const;
  bool prepare(uint16_t unit);
  bool prepare_plain(const ActorRecord&, int firing);
  bool prepare_actor(uint16_t unit);
  bool prepare_loop(uint16_t unit);
  void complete_plain();
  void complete_actor(const ActorRecord&);
  void complete_loop(const LoopRecord&, int firing);
  // Releases `count` rows of a port that reads.
  void release(uint16_t port, int count);
  RowRange loop_input(const LoopRecord&, RowRange band, RowRange* made) const;
  void wake_owner(const PortRecord& port) {
    if (port.owner() == PortOwner::kActor) wake(unit_of(port.owner_index()));
    if (port.owner() == PortOwner::kStream) streams_may_move = true;
  }
  void wake_overlays();

  Ports& ports_;
  // Actors outside [scan_lo_, scan_hi_] are known not to be ready.
  int32_t scan_lo_ = 0, scan_hi_ = -1;
  int32_t overlay_lo_ = 0, overlay_hi_ = -1;  // writers of overlaying buffers
  uint16_t run_ = 0, run_fired_ = 0;          // of the recorded order
  // False where actors that may have become ready are not tracked.
  bool wakes_ = true;
};

}  // namespace shoal
