// The node behind device/shoal.h. It lies in the caller's shoal_node and holds
// pointers and what is under way; all that grows with the program (cursors,
// actor states, records, chunk slots, rows) lies in the arena.
//
// Its modules, each of which can be read alone:
//   ports.h       rows of the stage: which are there, where they lie
//   schedule.h    which actor fires next, and whom that wakes
//   node_state.h  what the modules share
//   modules.h     what is linked: kinds of actors, and behind interfaces
//     storage/    weights through SRAM, programs that are read, spills
//     link/       rows to and from peers
// and what joins them:
//   node.cc       opening, the C API
//   frames.cc     from a program to its frames, and from stage to stage
//   fire.cc       steps: one slice of a firing, from the record to the kernel
//   io.cc         rows across the API
#pragma once

#include "device/runtime/firing.h"
#include "device/runtime/modules.h"
#include "device/runtime/node_state.h"
#include "device/shoal.h"

namespace shoal {

class Node final {
  friend struct NodeProbe;  // tests

 public:
  Node(const shoal_config&, void* arena, uint32_t arena_bytes);

  Status open();
  Status step();
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes);
  void flush();
  Status begin_again(bool reset);
  Status restart();
  uint64_t next_timer_us() const;
  shoal_counters counters() const;
  uint8_t silent_peer(uint16_t& node) const {
    return link_ ? link_->silent_peer(node) : uint8_t{0};
  }
  uint32_t push(uint32_t input, const uint8_t* data, uint32_t rows);
  uint32_t take(uint32_t output, uint8_t* data, uint32_t rows);
  shoal_row input_row(uint32_t input) const;
  shoal_row output_row(uint32_t output) const;

  // Returns whether the whole program has been checked.
  bool loaded() const { return !state_.failed() && phase_ > Phase::kRecover; }
  // Returns whether the program was loaded, also if the second core has failed
  // since, with which it can go on when that core is back.
  bool is_known() const {
#if defined(SHOAL_TWO_CORES)
    if (state_.fault.status == Status::kSecondCore) {
      return phase_ > Phase::kRecover;
    }
#endif
    return loaded();
  }
  // Returns whether it reads the record of the stage to enter: until it has, it
  // acknowledges nothing.
  bool enters_stage() const { return phase_ == Phase::kEnter; }
  const Header& header() const { return state_.header(); }
  uint32_t bank_bytes(uint32_t bank) const {
    return bank - 1 < kMaxBanks ? state_.head.bank_bytes(bank) : 0;
  }
  uint32_t variable_count() const { return state_.head.variable_count(); }
  // Returns the values of a variable before the frame under way, and their
  // bytes; null: there is no such variable. They stay until the frame ends.
  uint8_t* variable(uint32_t index, uint32_t& bytes);
  const IoEntry& io(uint32_t index) const { return state_.head.ios[index]; }
  uint32_t frames() const { return state_.ports.frames; }
  const Fault& fault() const { return state_.fault; }
  uint16_t last_layer() const;
  shoal_work last_work() const;

 private:
  bool may_begin_again() const;
  enum class Phase : uint8_t {
    kLoad,     // the program, or weights that stay, are read
    kRecover,  // the ledger of spills is
    kEnter,    // the record of the stage to enter is
    kRun,
  };

  // frames.cc
  Status open_mapped();
  Status load_step();
  Status start_frames();
  Status recover_step();
  void reset_variables();
  Status start_frame();
  StageView mapped_stage(uint16_t stage) const;
  Status enter_stage(uint16_t stage);
  void begin_stage();
  Status end_stage();
  Status begin_step();

  // fire.cc
  enum class Progress : uint8_t { kSlice, kActor, kFiring };
  Status run_step();
  Status run_plain();
  Status run_any_slice();
  template <class S>
  Status fire(void (*kernel)(const S&), const S&);
  void begin_slice(Slice&, uint16_t actor);
  void observe_plain();
  Progress next_slice(const ActorRecord&);
  void call_observer(const Slice&, uint16_t index, uint16_t iteration);

  // io.cc
  const PortRecord* current_port(uint32_t io) const;
  bool has_place(const PortRecord&, const BufferRecord&, uint32_t row) const;

  bool linking() const { return linked_ && loaded(); }

  NodeState state_;
  StorageModule* storage_ = nullptr;  // null: it has none
  LinkModule* link_ = nullptr;
#if defined(SHOAL_TWO_CORES)
  shoal_pair* const pair_;  // null: one core
#endif
  Phase phase_ = Phase::kLoad;
  bool linked_ = false;  // there are peers
  Place last_;  // what the last step has worked on, unit kNone: nothing

  alignas(8) uint8_t storage_memory_[kStorageModuleBytes];
  alignas(8) uint8_t link_memory_[kLinkModuleBytes];
};

// Returns the generation of the program that is there, to which all of its tags
// are bound, as the checked head states it. 0: not all of it is there yet.
uint64_t loaded_generation(const shoal_node&);
// As of Node.
bool enters_stage(const shoal_node&);
// As of Node; null, too, until the program has been read.
uint8_t* variable_of(shoal_node&, uint32_t index, uint32_t& bytes);
// As of Link.
uint8_t silent_peer(const shoal_node&, uint16_t& node);

}  // namespace shoal
