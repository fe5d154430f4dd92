// The node behind device/shoal.h. It lies in the caller's shoal_node and holds
// pointers and what is under way; all that grows with the program (cursors,
// actor states, records, chunk slots, rows) lies in the arena.
//
//   node.cc      opening, the C API
//   load.cc      head and records from mapped memory or storage; stages
//   schedule.cc  which actor fires next; cursors
//   fire.cc      one slice of a firing: from the record to the kernel
//   tape.cc      weights from storage, ahead of their use
//   io.cc        rows across the API
//   stream.cc    rows to and from peers
#pragma once

#include "device/kernels/kernels.h"
#include "device/link/link.h"
#include "device/program/actor.h"
#include "device/program/check.h"
#include "device/runtime/tap.h"
#include "device/shoal.h"

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

struct Slice;

class Node final : private Streams {
  friend struct NodeProbe;  // tests

 public:
  Node(const shoal_config&, void* arena, uint32_t arena_bytes);

  Status open();
  Status step();
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes);
  void poll_link();
  uint64_t next_timer_us() const;
  shoal_link_counters counters() const { return link_.counters(); }
  uint32_t push(uint32_t input, const uint8_t* data, uint32_t rows);
  uint32_t take(uint32_t output, uint8_t* data, uint32_t rows);
  shoal_row input_row(uint32_t input) const;
  shoal_row output_row(uint32_t output) const;

  // Whether the whole program has been checked.
  bool loaded() const { return phase_ > Phase::kRecords; }
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
    kEnter,  // reading the record of the stage to enter
    kRun,
  };

  // load.cc
  Status fail(const Fault&);
  Status fail(Status);
  Status open_mapped();
  Status load_step();
  Status run_step();
  Status start_read(uint32_t offset, uint32_t bytes, uint8_t* destination);
  Status poll_read();  // kOk when the bytes are there
  Status read_record(uint16_t stage);
  Status header_read();
  Status head_read();
  Status record_read();
  void place_tables();
  void start_keeping(const StageView&);
  Status start_frames();
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

  // tape.cc
  const uint8_t* chunk_bytes(const ActorRecord&, const ChunkRecord&);
  uint8_t* slot(uint32_t number) const;
  void tape_begin();
  Status tape_step();
  Status tape_arrived();
  bool tape_next();
  void enter_run();
  void next_run();
  bool walk_unit(const ActorRecord&);
  bool walk_loop(const LoopRecord&);
  bool want(const ActorRecord&, int firing, int iteration, int group);

  // io.cc
  Rows rows_of(uint16_t port) const;
  const PortRecord* current_port(uint32_t io) const;

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
  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;

  shoal_config config_;
  shoal_storage storage_{};
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
  bool reading_ = false;
  bool linked_ = false;  // there are peers
  Fault fault_;

  // Actors outside [scan_lo_, scan_hi_] are known not to be ready.
  int32_t scan_lo_ = 0, scan_hi_ = -1;
  int32_t overlay_lo_ = 0, overlay_hi_ = -1;  // writers of overlaying buffers
  uint32_t pending_ = 0;  // units, API and stream ports that have not finished
  uint32_t run_ = 0, run_fired_ = 0;  // of the recorded order
  Active active_;
  Place last_;  // what the last step has worked on, unit kNone: nothing

  // The tape: slots [used_, loaded_) hold chunks, counted without end. A
  // chunk that is used several times in a row is read once.
  TapeWalk walk_;
  uint32_t tape_used_ = 0, tape_loaded_ = 0;
  const ChunkRecord* tape_last_ = nullptr;     // asked for last
  const ChunkRecord* tape_current_ = nullptr;  // in slot tape_used_
  OpCode tape_op_{};                           // of tape_last_

  Link link_;
  StageNumbers numbers_;        // of the stage that runs or comes next
  uint16_t in_streams_ = 0;     // of the stage
  mutable uint16_t asked_ = 0;  // out-stream that was asked for last
};

}  // namespace shoal
