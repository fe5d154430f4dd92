// The state of one stage as tokens: cursors of ports and firings of processes,
// without bytes. A process is an actor of the stage, an input whose rows the
// caller pushes, an output whose rows it takes, a spill that does the same for
// storage, or a stream that moves rows from one buffer to another. A process
// may fire under the runtime's conditions: all input rows are ready, all output
// slots are free, and no row is written over bytes of an overlaid buffer that
// are still to be read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "device/program/geometry.h"
#include "host/plan/types/plan.h"

namespace shoal {

// One target of a stream: ports of the same box, both owned by kStream.
struct StreamTie {
  int from = -1, to = -1;
};

class StageTokens {
 public:
  // The stage must outlive the object, which reads slots and offsets from it.
  // Stages of several nodes may lie side by side in it, with `ties` between
  // them. Without ties the ports of streams are inputs and outputs, too.
  StageTokens(const Net&, const PlanStage&,
              const std::vector<StreamTie>& ties = {});

  int processes() const { return static_cast<int>(processes_.size()); }
  // An actor's process has the actor's number. The lists include spills.
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  std::string name(int process) const;

  int fired(int process) const { return processes_[process].fired; }
  int firings(int process) const { return processes_[process].count; }
  bool done(int process) const {
    return processes_[process].fired >= processes_[process].count;
  }
  bool all_done() const { return left_ == 0; }
  bool inputs_ready(int process) const;
  bool can_fire(int process) const {
    return !done(process) && inputs_ready(process) && output_free(process);
  }
  // Returns whether this may let other processes fire.
  bool fire(int process);
  // Does the same as `firings` firings, one after the other, of a process that
  // moves row by row: a signal may have millions of rows and few firings.
  bool fire(int process, int firings);
  // Returns how often a process that moves row by row could fire if no other
  // one did; 1 for an actor that can fire.
  int firings_in_a_row(int process) const;
  // Returns the number of those firings up to the first one that another
  // process could notice. As many single firings would leave the same state.
  int unnoticed_firings(int process) const;
  void reset();

  // Returns the number of the first stream; streams have the highest numbers.
  int first_stream() const { return first_stream_; }
  // Returns a process that must fire before `process` can have its inputs, or
  // -1.
  int missing_writer(int process) const;
  bool writes(int process, int buffer) const;
  bool has_readers(int buffer) const { return !buffers_[buffer].reads.empty(); }
  int out_buffer(int process) const;  // -1: an output
  static constexpr int kIns = 3;      // operands and int32 rows to start from
  int in_buffer(int process, int operand) const;  // -1: it has none
  int process_of(int port) const { return ports_[port].process; }
  // Return the rows of an output that have been made, and those of an input
  // that may be pushed.
  int rows_ready(int process) const;
  int rows_free(int process) const;
  // Returns the processes that may be able to fire after `process` fired.
  const std::vector<int>& touched(int process) const {
    return touched_[process];
  }

  // Returns the most rows of each buffer that were held at once.
  const std::vector<int>& peak_rows() const { return peak_; }
  // Returns the rows of the buffer that no reader wants any more.
  int released(int buffer) const;
  // Returns whether rows are there that a reader still wants.
  bool holds_rows(int buffer) const;
  // Returns the end of the bytes that the next firings in a row write, from the
  // buffer's start. Only for buffers that are held whole.
  int64_t next_write_end(int process, int firings) const;

 private:
  struct Process {
    int in[kIns] = {-1, -1, -1}, out = -1;
    RowRule rule[kIns];
    int fired = 0, count = 0;
    // Cached for the next firing, because it is asked for more often than it
    // changes: rows that must have been made of the buffers that it reads, and
    // rows that it makes.
    int in_buffer[kIns] = {-1, -1, -1}, wanted[kIns] = {};
    int lo = 0, hi = 0;
    bool last_part = false;
    bool is_by_row = false;  // of a caller or stream: each firing moves a row
    const char* kind = "layer";
    int index = 0;
    std::shared_ptr<std::vector<uint16_t>> maps[kIns];  // of the rules
    // In a loop: rows of in[0] by firing, in place of rule[0]'s.
    std::vector<RowRange> needs;
  };
  static RowRange needed(const Process&, int operand);
  static int given_back(const Process&, int operand);
  void add_loop(const Net&, const PlanStage&, const PlanLoop&);
  struct Port {
    int buffer, y0, y1, cursor, process;
  };
  struct Buffer {
    std::vector<int> writes, reads;
    int slots, overlay;
    int64_t row_bytes, offset, bytes;
    // The least cursor of ports that have not finished, and the number of ports
    // that are there.
    struct Least {
      int row = 0, ports = 0;
    };
    Least made = {}, released = {};
    bool is_overlaid = false;
  };
  void add_actor(const Net&, const PlanStage&, const PlanActor&);
  static Process by_row(const PlanPort&);
  void add_api(const PlanPort&, int port);
  void add_stream(const PlanPort&, StreamTie);
  void find_touched();
  void find_next(Process&);
  bool output_free(int process) const;
  bool overlay_free(const Buffer& out, int lo, int hi) const;
  int unready_port(int buffer, int hi) const;
  void find_least(const std::vector<int>& ports, Buffer::Least&) const;
  bool advance(const std::vector<int>& ports, Buffer::Least&, int port,
               int row);

  const Net& net_;
  std::vector<Process> processes_;
  std::vector<Port> ports_;
  std::vector<Buffer> buffers_;
  std::vector<int> inputs_, outputs_, peak_;
  std::vector<std::vector<int>> touched_;
  int left_ = 0, first_stream_ = 0;
};

}  // namespace shoal
