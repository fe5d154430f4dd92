// The node behind device/shoal.h. It lies in the caller's shoal_node and holds
// pointers and what is under way; all that grows with the program (cursors,
// actor states, records, chunk slots, rows) lies in the arena.
//
// Its parts, each of which can be read alone:
//   ports.h      rows of the stage: which are there, where they lie
//   schedule.h   which actor fires next, and whom that wakes
//   tape.h       which chunk of the tape comes next
//   reader.h     reads of the storage, one at a time, counted
// and what joins them:
//   node.cc      opening, the C API
//   load.cc      head and records from mapped memory or storage; stages
//   fire.cc      one slice of a firing: from the record to the kernel
//   fetch.cc     weights as they arrive
//   spill.cc     rows to storage and back
//   io.cc        rows across the API
//   stream.cc    rows to and from peers
#pragma once

#include "device/kernels/kernels.h"
#include "device/link/link.h"
#include "device/program/actor.h"
#include "device/program/check.h"
#include "device/program/vault.h"
#include "device/runtime/reader.h"
#include "device/runtime/schedule.h"
#include "device/runtime/tap.h"
#include "device/runtime/tape.h"
#include "device/shoal.h"
#include "device/storage/spill_area.h"

namespace shoal {

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
  Status begin_again(bool reset);
  uint64_t next_timer_us() const;
  shoal_counters counters() const { return {link_.counters(), reader_.counts}; }
  uint32_t push(uint32_t input, const uint8_t* data, uint32_t rows);
  uint32_t take(uint32_t output, uint8_t* data, uint32_t rows);
  shoal_row input_row(uint32_t input) const;
  shoal_row output_row(uint32_t output) const;

  // Whether the whole program has been checked.
  bool loaded() const { return phase_ > Phase::kRecover; }
  const Header& header() const { return *head_.header; }
  uint32_t variable_count() const { return head_.variable_count(); }
  const IoEntry& io(uint32_t index) const { return head_.ios[index]; }
  uint32_t frames() const { return ports_.frames; }
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
  void reset_variables();
  Status recover_step();
  Status start_frame();
  Status enter_stage(uint16_t stage);
  void begin_stage();
  Status end_stage();

  // fire.cc
  enum class Progress : uint8_t { kSlice, kActor, kFiring };
  Status run_slice();
  Progress next_slice(const ActorRecord&);
  void call_tap(const Slice&, uint16_t index, uint16_t iteration);

  // fetch.cc
  Status start_read(uint32_t offset, uint32_t bytes, uint8_t* to);
  Status poll_read();  // kOk when the bytes are there
  Status read_failed();
  bool storage_is_busy() const { return reader_.busy() || area_.busy(); }
  void fetch_begin();
  Status fetch_step();
  Status fetch_next();
  bool next_fetch(Fetch&);
  Status fetched();
  Fault chunk_fault(Status, const ChunkRecord&) const;
  const ActorRecord& user_of(const ChunkRecord&) const;
  const ChunkRecord* next_of_sets(SetWalk&) const;
  void pass_set_chunk(SetWalk&) const;
  const uint8_t* chunk_bytes(const ActorRecord&, const ChunkRecord&);

  // io.cc
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
  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

  shoal_config config_;
  Reader reader_;
  const KernelSet* kernels_;
  ImageSource source_;
  uint32_t arena_bytes_;
  HeadView head_;
  Ports ports_;
  Link link_;
  Schedule schedule_{ports_, link_};
  Tape tape_{ports_};
  uint16_t stage_index_ = 0;
  Phase phase_ = Phase::kFailed;
  bool waiting_ = false;  // for storage, in the last step
  bool again_ = false;    // a head or record has been read again
  bool linked_ = false;   // there are peers
  Fault fault_;

  Place last_;  // what the last step has worked on, unit kNone: nothing

  uint8_t key_[kStoreKeyBytes] = {};  // of the store

  // Of `asked_for_` chunks the first `arrived_` are there and are checked while
  // the last one is read. The first one may have to be read again.
  enum class Repair : uint8_t { kNone, kWanted, kReading };
  Fetch fetch_[2];
  uint8_t asked_for_ = 0, arrived_ = 0;
  Repair repair_ = Repair::kNone;
  SetWalk next_set_, there_;  // to ask for; to check

  SpillArea area_;
  SpillPort spills_[kMaxSpills];
  uint16_t paged_ = 0;       // the spill whose page is, or was, under way
  bool spill_turn_ = false;  // storage was last used for weights

  StageNumbers numbers_;        // of the stage that runs or comes next
  uint16_t in_streams_ = 0;     // of the stage
  mutable uint16_t asked_ = 0;  // out-stream that was asked for last
};

}  // namespace shoal
