// The bytes of every tensor of the file, collected by the taps of all nodes
// while a plan runs, though no tensor need ever exist whole on any of them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/engine/common/firing_observer.h"
#include "host/lower/net.h"
#include "host/model/graph/graph.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Firing;

class TraceCollector {
 public:
  // The references must outlive the collector.
  TraceCollector(const Graph&, const Net&, const Plan&);
  TraceCollector(const TraceCollector&) = delete;
  TraceCollector& operator=(const TraceCollector&) = delete;
  // Returns the observer of a node of the plan. It throws Error(kNode) for a
  // firing that the plan does not have.
  FiringObserver observer(int node = 0) {
    return {&TraceCollector::on_firing, &points_[static_cast<size_t>(node)]};
  }
  // Looks at this frame of each node only: several may be under way.
  void watch(uint32_t frame) { frame_ = frame; }

  // Returns the bytes of all tensors of the file after one frame; of a batch,
  // those of its frame `frame`, whose input this is. Elided operators (views,
  // folded PADs) are derived from what the observer saw. Throws Error(kDiffers)
  // if rows were computed twice with different results, Error(kInternal) if a
  // layer's rows are missing.
  Values values(std::span<const uint8_t> input, int frame = 0);
  // Forgets the frame, except for what it has assigned to variables, which the
  // next one finds.
  void reset();
  // The next frame finds initial values, or these.
  void reset_variables() {
    kept_ = initial_values(graph_);
    fired_ = false;
  }
  void set_variables(Kept kept) { kept_ = std::move(kept); }
  // Returns the values that the nodes hold after the frame. Throws as values()
  // does.
  Kept variables() const;

 private:
  struct Point {
    TraceCollector* collector;
    const PlanNode* node;
  };
  static const PlanStage& stage_of(const PlanNode&, const Firing&);
  static void on_firing(void* point, const void* firing);
  void add_input(const NetIo&, std::span<const uint8_t> bytes);
  void write_row(int tensor, int y, int x0, int x1, int c0, int c1,
                 const int8_t* row, size_t pixel_stride);
  std::vector<uint8_t> value_at(int file_tensor, const FilePlace&) const;

  const Graph& graph_;
  const Net& net_;
  std::vector<Point> points_;  // by node
  std::optional<uint32_t> frame_;
  Kept kept_;  // what variables held before the frame
  bool fired_ = false;
  std::vector<std::vector<int8_t>> bytes_;  // by net tensor
  std::vector<std::vector<bool>> seen_;
  std::string conflict_;  // the first one
};

// The same for frames that depend on each other, of nodes that may be in
// several at once.
class SequenceTrace {
 public:
  SequenceTrace(const Graph&, const Net&, const Plan&);
  SequenceTrace(const SequenceTrace&) = delete;
  SequenceTrace& operator=(const SequenceTrace&) = delete;
  FiringObserver observer(int node) {
    return {&SequenceTrace::on_firing, &points_[static_cast<size_t>(node)]};
  }
  // Returns the values of the first frame, then of the one behind; all nodes
  // have ended it.
  Values next(std::span<const uint8_t> input);

 private:
  struct Point {
    SequenceTrace* trace;
    int node;
  };
  static void on_firing(void* point, const void* firing);
  TraceCollector& frame(uint32_t number);

  const Graph& graph_;
  const Net& net_;
  const Plan& plan_;
  std::vector<Point> points_;
  std::deque<TraceCollector> frames_;  // from next_ on
  uint32_t next_ = 0;
  Kept kept_;
};

}  // namespace shoal
