// The node behind device/shoal.h. It lies in the caller's shoal_node and holds
// pointers and what is under way; all that grows with the program (cursors,
// actor states, records, chunk slots, rows) lies in the arena.
//
//   node.cc      opening, the C API
//   load.cc      head and records from mapped memory or storage; stages
//   schedule.cc  which actor fires next; cursors
//   fire.cc      one slice of a firing: from the record to the kernel
//   fetch.cc     the one storage operation at a time; weights as they arrive
//   tape.cc      which chunk of the tape comes next
//   spill.cc     rows to storage and back
//   io.cc        rows across the API
//   stream.cc    rows to and from peers
#pragma once

#include "device/kernels/kernels.h"
#include "device/link/link.h"
#include "device/program/actor.h"
#include "device/program/check.h"
#include "device/program/vault.h"
#include "device/runtime/tap.h"
#include "device/shoal.h"
#include "device/storage/spill_area.h"

namespace shoal {

// Rows of a port in the arena. Row y of the port's box lies at row(y).
struct Rows {
  uint8_t* memory;     // slot 0, at the box's first column and channel
  uint32_t row_bytes;  // from slot to slot
  uint32_t slots;
  uint32_t first;  // number of the box's row 0, counted as cursors are
  int stride;      // elements from pixel to pixel
  int rows, columns, channels;

  uint8_t* at(int y) const {
    uint32_t slot = first + static_cast<uint32_t>(y);
    if (slot >= slots) slot %= slots;
    return memory + slot * row_bytes;
  }
  const int8_t* bytes(int y) const {
    return reinterpret_cast<const int8_t*>(at(y));
  }
};

// Which slice of which firing.
struct Place {
  uint16_t unit = kNone;  // actor, or first actor of a loop
  uint16_t firing = 0;
  uint16_t iteration = 0;
  uint16_t inner = 0;  // actor of the loop
  uint16_t group = 0;  // chunk of the part
  uint16_t slice = 0;
};

// The firing under way. Only one is, so private memory of loops may be shared
// between them.
struct Active : Place {
  FiringRange range{};              // of the unit's last actor
  RowRange made[kMaxLoopActors]{};  // by each actor of a loop
};

// What the prefetcher will read next: a position in the recorded order.
struct TapeWalk {
  uint32_t run = 0;
  uint16_t firing = 0;     // of the run
  uint32_t before = 0;     // firings of the unit in earlier runs
  uint16_t iteration = 0;  // chunk of the firing, or iteration of a loop
  uint16_t inner = 0;      // actor of the loop
};

// A position among the chunks of the stage's sets in SRAM.
struct SetWalk {
  uint32_t offset = 0;  // from the set's first byte
  uint16_t weights = 0;
  uint16_t index = 0;  // of the set's chunks
};

// A chunk that has been asked for and is not checked yet.
struct Fetch {
  const ChunkRecord* chunk = nullptr;
  uint8_t* to = nullptr;
  bool of_set = false;
  bool again = false;  // it was wrong once and has been asked for again
};

// A port whose rows go through pages.
struct SpillPort {
  enum State : uint8_t { kRows, kWants, kPage, kEnded };
  uint32_t at = 0;      // bytes of the frame that have been copied
  State state = kRows;  // rows and buffer; a page is wanted; under way
};

struct Slice;

class Node final : private Streams {
  friend struct NodeProbe;  // tests

 public:
  Node(const shoal_config&, void* arena, uint32_t arena_bytes);

  Status open();
  Status step();
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes);
  void flush();
  uint64_t next_timer_us() const;
  shoal_counters counters() const { return {link_.counters(), counts_}; }
  uint32_t push(uint32_t input, const uint8_t* data, uint32_t rows);
  uint32_t take(uint32_t output, uint8_t* data, uint32_t rows);
  shoal_row input_row(uint32_t input) const;
  shoal_row output_row(uint32_t output) const;

  // Whether the whole program has been checked.
  bool loaded() const { return phase_ > Phase::kRecover; }
  const Header& header() const { return *head_.header; }
  const IoEntry& io(uint32_t index) const { return head_.ios[index]; }
  uint32_t frames() const { return frames_; }
  const Fault& fault() const { return fault_; }
  uint16_t last_layer() const;
  shoal_work last_work() const;

 private:
  enum class Phase : uint8_t {
    kFailed,
    kHeader,  // reading the header, the head, each record to check it
    kHead,
    kRecords,
    kKeep,     // reading the weights that stay, a record's after the other
    kRecover,  // the ledger of spills
    kEnter,    // reading the record of the stage to enter
    kRun,
  };

  // load.cc
  Status fail(const Fault&);
  Status fail(Status);
  Status open_mapped();
  Status load_step();
  Status run_step();
  void set_key(const Header&);
  Status load_head();
  Status head_failed(const Fault&);
  Status read_record(uint16_t stage);
  Status header_read();
  Status head_read();
  Status record_read();
  void place_tables();
  void start_keeping(const StageView&);
  Status keep_stage();
  Status keep_step();
  Status start_frames();
  Status recover_step();
  Status start_frame();
  Status enter_stage(uint16_t stage);
  void begin_stage();
  Status end_stage();
  void rebase(const BufferRecord&);

  // schedule.cc
  uint16_t unit_of(uint16_t actor) const {
    const uint16_t loop = stage_.actors[actor].loop;
    return loop == kNone ? actor : stage_.loops[loop].first_actor;
  }
  uint32_t base(const BufferRecord& b) const {
    return b.base == kNone ? 0 : cursors_[b.base];
  }
  uint32_t passed(const BufferRecord& b, const PortRecord& p) const {
    return cursors_[p.cursor] - base(b);
  }
  bool pick();
  bool sets_are_there(uint16_t unit) const;
  bool prepare(uint16_t unit);
  bool prepare_actor(uint16_t unit);
  bool prepare_loop(uint16_t unit);
  void complete();
  void complete_actor(const ActorRecord&, int firing);
  void complete_loop(const LoopRecord&, int firing);
  RowRange loop_input(const LoopRecord&, RowRange band, RowRange* made) const;
  bool rows_ready(uint16_t port, RowRange) const;
  bool rows_free(uint16_t port, RowRange) const;
  uint32_t writable(const BufferRecord&, uint32_t from) const;
  uint32_t readable(const BufferRecord&) const;
  void pass(uint16_t port, int rows);
  void wake(uint16_t unit) {
    if (unit < scan_lo_) scan_lo_ = unit;
    if (unit > scan_hi_) scan_hi_ = unit;
  }
  void wake_owner(const PortRecord& port) {
    if (port.owner == PortOwner::kActor) wake(unit_of(port.owner_index));
    if (port.owner == PortOwner::kStream) link_.wake();
  }
  void wake_readers(const BufferRecord&);
  void wake_writers(const BufferRecord&);
  void wake_overlays();

  // fire.cc
  enum class Progress : uint8_t { kSlice, kActor, kFiring };
  Status run_slice();
  Progress next_slice(const ActorRecord&);
  void call_tap(const Slice&, uint16_t index, uint16_t iteration);

  // fetch.cc
  static int count_read(void*, uint32_t offset, uint32_t bytes, void* to);
  static int count_poll(void*);
  static int count_write(void*, uint32_t offset, uint32_t bytes,
                         const void* from);
  static int count_erase(void*, uint32_t offset, uint32_t bytes);
  void take_storage(const shoal_storage*);
  Status start_read(uint32_t offset, uint32_t bytes, uint8_t* destination);
  Status ask();
  Status poll_read();  // kOk when the bytes are there
  bool storage_is_busy() const { return reading_ || area_.busy(); }
  void fetch_begin();
  Status fetch_step();
  Status fetch_next();
  bool next_fetch(Fetch&);
  Status fetched();
  Fault chunk_fault(Status, const ChunkRecord&) const;
  const ActorRecord& user_of(const ChunkRecord&) const;
  const ChunkRecord* next_of_sets(SetWalk&) const;
  void pass_set_chunk(SetWalk&) const;
  bool set_is_there(const ActorRecord&) const;
  const uint8_t* chunk_bytes(const ActorRecord&, const ChunkRecord&);

  // tape.cc
  uint8_t* slot(uint32_t number) const;
  void tape_begin();
  bool tape_next();
  void enter_run();
  void next_run();
  bool walk_unit(const ActorRecord&);
  bool walk_loop(const LoopRecord&);
  bool want(const ActorRecord&, int firing, int iteration, int group);

  // io.cc
  Rows rows_of(uint16_t port) const;
  const PortRecord* current_port(uint32_t io) const;

  // spill.cc
  Status open_area();
  void spill_begin();
  Status spill_step();
  Status poll_area();
  Status area_step();
  bool spill_rows(uint16_t spill);
  Status start_page(uint16_t spill);
  Status spill_fault(Status, uint16_t spill);

  // stream.cc
  Status open_link();
  void close_streams();
  void begin_streams();
  bool linking() const {
    return linked_ && (phase_ == Phase::kEnter || phase_ == Phase::kRun);
  }
  const StreamRecord& stream_of(uint16_t target) const;
  uint32_t row_bytes(const PortRecord&) const;
  uint32_t start_of(const PortRecord&) const;
  void pass_bytes(uint16_t port, uint32_t bytes);
  uint32_t bytes_ready(const PortRecord&) const;
  uint32_t bytes_free(const PortRecord&) const;
  void copy_from(uint16_t port, uint32_t at, uint8_t* to, uint32_t bytes) const;
  void copy_to(uint16_t port, uint32_t at, const uint8_t* from, uint32_t bytes);
  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

  shoal_config config_;
  shoal_storage storage_{};
  shoal_storage counted_{};  // the same, counted
  shoal_storage_counters counts_{};
  const KernelSet* kernels_;
  ImageSource source_;
  uint8_t* arena_;
  uint32_t arena_bytes_;
  HeadView head_;
  StageView stage_;
  uint32_t* cursors_ = nullptr;
  ActorState* states_ = nullptr;
  uint32_t frames_ = 0;
  uint16_t stage_index_ = 0;
  Phase phase_ = Phase::kFailed;
  bool waiting_ = false;  // for storage, in the last step
  bool again_ = false;    // a head or record has been read again
  bool linked_ = false;   // there are peers
  Fault fault_;

  // Actors outside [scan_lo_, scan_hi_] are known not to be ready.
  int32_t scan_lo_ = 0, scan_hi_ = -1;
  int32_t overlay_lo_ = 0, overlay_hi_ = -1;  // writers of overlaying buffers
  uint32_t pending_ = 0;  // units, API and stream ports that have not finished
  uint32_t run_ = 0, run_fired_ = 0;  // of the recorded order
  Active active_;
  Place last_;  // what the last step has worked on, unit kNone: nothing

  // The read under way, or the last one.
  bool reading_ = false;
  uint8_t attempts_ = 0;
  uint32_t read_offset_ = 0, read_bytes_ = 0;
  uint8_t* read_to_ = nullptr;
  uint8_t key_[kStoreKeyBytes] = {};  // of the store

  // Of `asked_for_` chunks the first `arrived_` are there and are checked while
  // the last one is read. The first one may have to be read again.
  enum class Repair : uint8_t { kNone, kWanted, kReading };
  Fetch fetch_[2];
  uint8_t asked_for_ = 0, arrived_ = 0;
  Repair repair_ = Repair::kNone;
  SetWalk next_set_, there_;  // to ask for; to check

  // The tape: slots [used_, loaded_) hold chunks, counted without end. A
  // chunk that is used several times in a row is read once.
  TapeWalk walk_;
  uint32_t tape_used_ = 0, tape_loaded_ = 0, tape_asked_ = 0;
  const ChunkRecord* tape_last_ = nullptr;     // asked for last
  const ChunkRecord* tape_current_ = nullptr;  // in slot tape_used_

  SpillArea area_;
  SpillPort spills_[kMaxSpills];
  uint16_t paged_ = 0;       // the spill whose page is, or was, under way
  bool spill_turn_ = false;  // storage was last used for weights

  Link link_;
  StageNumbers numbers_;        // of the stage that runs or comes next
  uint16_t in_streams_ = 0;     // of the stage
  mutable uint16_t asked_ = 0;  // out-stream that was asked for last
};

}  // namespace shoal
