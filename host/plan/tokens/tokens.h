// The state of one stage as tokens: cursors of ports and firings of processes,
// no bytes. A process is an actor of the stage, an input whose rows the caller
// pushes, an output whose rows it takes, a spill that does the same for
// storage, or a stream that moves rows from one buffer to another. What may
// fire is decided as the runtime does it: all input rows ready, all output
// slots free, and no row written over bytes of an overlaid buffer that are
// still to be read.
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
  // The stage must outlive this; slots and offsets are read from it. Several
  // nodes' stages may lie side by side in it, `ties` between them. Without ties
  // the ports of streams are inputs and outputs, too.
  StageTokens(const Net&, const PlanStage&,
              const std::vector<StreamTie>& ties = {});

  int processes() const { return static_cast<int>(processes_.size()); }
  // An actor's process has the actor's number. Spills are among those that push
  // and take.
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
  // True if that may have changed the chance of others to fire.
  bool fire(int process);
  // The same for as many firings, one after the other, of a process that moves
  // row by row. A signal may have millions of rows and few firings.
  bool fire(int process, int firings);
  // Returns how often a process that moves row by row could fire if no other
  // one did; of an actor that can fire 1.
  int firings_in_a_row(int process) const;
  // The same, ending with the first firing that another process could notice:
  // what these do is what as many single firings would have done.
  int unnoticed_firings(int process) const;
  void reset();

  // Streams have the numbers from here on.
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
  // Returns the rows of an output that have been made, of an input that may be
  // pushed.
  int rows_ready(int process) const;
  int rows_free(int process) const;
  // Processes whose chance to fire may have changed after `process` fired.
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
    // State of the next firing: rows that must have been made of the buffers
    // that it reads, and rows that it makes. It is asked for far more often
    // than it changes.
    int in_buffer[kIns] = {-1, -1, -1}, wanted[kIns] = {};
    int lo = 0, hi = 0;
    bool last_part = false;
    bool is_by_row = false;  // the caller's, a stream's: a row each firing
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
    // The least cursor of ports that have not finished, and how many are
    // there.
    struct Least {
      int row = 0, ports = 0;
    };
    Least made = {}, released = {};
    bool is_overlaid = false;
  };
  void add_actor(const Net&, const PlanStage&, const PlanActor&);
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
