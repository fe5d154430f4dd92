// The checker's own token simulation of one node: rows are tokens, firings
// move them. It keeps two things apart: what the node's rules allow (cursors)
// and what is really in the arena (which row each slot holds, per writer), so
// that a plan whose rules allow too much is caught reading a wrong row.
#pragma once

#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "host/check/findings.h"
#include "host/check/instances.h"
#include "host/check/rows.h"

namespace shoal {

// An actor, a loop, or storage's side of a spill.
struct Process {
  struct Read {
    int port;
    std::vector<Interval> rows;  // by firing
    std::vector<int> released;   // by firing
  };
  std::string name;
  int actor = -1;  // of a loop the first; -1: storage
  int firings = 0;
  std::vector<Read> reads;
  int out = -1;                // port
  std::vector<Interval> made;  // by firing; empty span: nothing yet
};

// Returns the processes of a stage: what fills buffers from outside, actors and
// loops in order of depth, what takes from buffers. Inputs and outputs move as
// streams do, and are not among them.
std::vector<Process> processes_of(const Net&, const PlanStage&);

class Tokens {
 public:
  Tokens(const Net&, const PlanNode&, const Instances&, Findings&);

  void enter(int stage);
  int process_count() const { return static_cast<int>(processes().size()); }
  const Process& process(int a) const { return processes()[a]; }
  bool done(int a) const { return fired_[a] >= processes()[a].firings; }
  bool all_done() const { return left_ == 0; }
  bool can_fire(int a) const;
  void fire(int a);

  // A port of an input, output or stream: whether rows of it are there, whether
  // they may be written; taking a copy of them, putting them there, letting
  // rows below go.
  bool has_rows(int port, Interval rows) const { return ready(port, rows); }
  bool has_space(int port, Interval rows) const {
    return rows.size() <= slots(port) && space(port, rows);
  }
  void copy_rows(const std::string& who, int port, Interval rows) {
    read(who, port, rows);
  }
  void put_rows(int port, Interval rows);
  void release(int port, int row) { advance(port, row); }

  // Buffers of the stage that got rows ready or slots free since the last
  // call, or since the stage began.
  std::vector<int> take_changed() { return std::exchange(changed_, {}); }

 private:
  // The lowest of a buffer's cursors, and how many ports are there.
  struct Low {
    int value = INT_MAX, ports = 0;
  };
  const std::vector<Process>& processes() const { return stages_[stage_]; }
  const PlanStage& stage() const { return node_.stages[stage_]; }
  int slots(int port) const {
    return stage().buffers[stage().ports[port].buffer].slots;
  }
  bool ready(int port, Interval rows) const;
  bool space(int port, Interval rows) const;
  bool clear_of_overlaid(const PlanBuffer&, Interval rows) const;
  void read(const std::string& who, int port, Interval rows);
  void write(int port, Interval rows);
  void overwrite(int instance, uint64_t begin, uint64_t end);
  void advance(int port, int row);
  void find_meeting(int stage);
  void find_low(int buffer, bool is_read);
  const Low& low(int buffer, bool is_read) const {
    return low_[2 * size_t(buffer) + is_read];
  }
  int& held(int instance, int slot, size_t writer) {
    const size_t n = instances_.all[instance].writers.size();
    return held_[instance][static_cast<size_t>(slot) * n + writer];
  }

  const PlanNode& node_;
  const Instances& instances_;
  Findings& found_;
  std::vector<std::vector<Process>> stages_;
  int stage_ = 0;
  int left_ = 0;
  std::vector<int> fired_;                   // by process
  std::vector<int> cursor_;                  // by port, in rows of the tensor
  std::vector<std::vector<int>> of_buffer_;  // ports by buffer
  std::vector<Low> low_;                     // by buffer: writers, readers
  std::vector<int> changed_;
  // Writers of the port's instance that share columns and channels with it;
  // of a write port, its own first. By stage and port.
  std::vector<std::vector<std::vector<int>>> meeting_;
  std::vector<std::vector<int>> partners_;  // instances that share its bytes
  std::vector<std::vector<int>> held_;  // by instance: row by slot and writer
};

}  // namespace shoal
