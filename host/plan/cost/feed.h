// The time of a stage whose weights come from storage: two queues, the reads
// and the core, that wait for each other. It is exact by these rules, which the
// runtime and the virtual storage follow, too:
//
//   * On entry the node reads the record, if the image is not mapped and has
//     several stages. Then the stage runs.
//   * One request at a time is under way; it takes the storage's latency and
//     the time of its bytes. First come the sets for SRAM, then the chunks of
//     the tape in the order of their use, each into a free slot. A chunk that
//     is used several times in a row is read once.
//   * Before each slice (a chunk of a firing) the core checks what has arrived;
//     before a check it starts the next read, if there is room for it. A slot
//     becomes free when the core asks for another chunk than the one in it;
//     then, too, the next read starts first. A slice waits for its chunk, or
//     for all of its set.
//   * A check costs the core the cipher if the storage is sealed, else the sums
//     of a plain tag.
//   * Mapped weights stall the core.
//
// Times are whole picoseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/types/plan.h"

namespace shoal {

// How fast a node gets its weights: the rates of its flash and storage, and the
// cost of the cipher.
struct Supply {
  const Board* board = nullptr;
  const Storage* storage = nullptr;  // null: nothing is read from storage
  bool sealed = false;
  int64_t read_ps(int64_t bytes) const;  // of one request
  int64_t check_ps(int64_t bytes) const;
  // The check of an unsealed record is short, and left out.
  int64_t check_record_ps(int64_t bytes) const {
    return sealed ? check_ps(bytes) : 0;
  }
};

// Returns the bytes of the record that is read when the stage is entered; 0:
// none. The only record of a node is not read again.
int64_t entry_record(const Net&, const PlanNode&, const PlanStage&);

struct FeedTime {
  int64_t total_ps = 0;
  // Times of the core, and then of the storage: their sum is more than the
  // total.
  int64_t compute_ps = 0, firing_ps = 0, flash_ps = 0, check_ps = 0;
  int64_t storage_ps = 0;
  int64_t wait_ps = 0, waits = 0;   // of the core, for storage
  int64_t requests = 0, bytes = 0;  // bytes with tags
};

// Returns the times of one frame; sets with `keep` are in SRAM already.
// `record`: bytes of the stage's record to read on entry; 0: none. The order
// must be recorded if anything is on the tape. Without a tape the core waits
// for all sets.
FeedTime feed_time(const Net&, const PlanStage&, const Supply&,
                   int64_t record = 0);

// The chunks of one part of a slice, and the core's time for it (including
// stalls).
struct FeedSlice {
  int64_t core_ps = 0;
  int chunk = -1;   // on the tape, counted over the stage's actors; -1: none
  size_t sets = 0;  // chunks of sets that must be there
};

// A stage's firings, one by one in any order, and its storage beside them. A
// caller that must wait for storage may do other things meanwhile: a node with
// links talks.
class StageFeed {
 public:
  virtual ~StageFeed() = default;
  virtual void begin() = 0;  // of a frame
  // Returns whether the sets in SRAM are there that the actor's firings need.
  virtual bool has_sets(int actor) const = 0;
  // Sets the slices of the actor's next firing. The first actor of a loop gets
  // those of all turns.
  virtual void fire(int actor, std::vector<FeedSlice>& slices) = 0;
  // Starts the next read if there is room for it. Returns the time of the check
  // of what has arrived, one read at a time; none: nothing has.
  virtual std::optional<int64_t> check(int64_t now_ps) = 0;
  // Returns the core's time for a slice; none: its chunk is not there yet.
  virtual std::optional<int64_t> run(const FeedSlice&, int64_t now_ps) = 0;
  // Returns when the read that is under way ends; none: there is none.
  virtual std::optional<int64_t> arrival_ps() const = 0;
};
// Net and stage must outlive the result.
std::unique_ptr<StageFeed> make_stage_feed(const Net&, const PlanStage&,
                                           const Supply&);

}  // namespace shoal
