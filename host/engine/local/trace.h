// The bytes of every tensor of the file, collected by the taps of all nodes
// while a plan runs, though no tensor need ever exist whole on any of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/engine/local/tap.h"
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
  // The tap of a node of the plan throws Error(kNode) for a firing that the
  // plan does not have.
  Tap tap(int node = 0) {
    return {&TraceCollector::on_firing, &points_[static_cast<size_t>(node)]};
  }
  // Looks at this frame of each node only: several may be under way.
  void watch(uint32_t frame) { frame_ = frame; }

  // The bytes of all tensors of the file after one frame; of a batch, those of
  // its frame `frame`, whose input this is. Elided operators (views, folded
  // PADs) are derived from what the tap saw. Throws
  // Error(kDiffers) if rows were computed twice with different results,
  // Error(kInternal) if a layer's rows are missing.
  Values values(std::span<const uint8_t> input, int frame = 0);
  // Forgets the frame.
  void reset();

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
  std::vector<uint8_t> stored_value(int file_tensor, const Stored&) const;

  const Graph& graph_;
  const Net& net_;
  std::vector<Point> points_;  // by node
  std::optional<uint32_t> frame_;
  std::vector<std::vector<int8_t>> bytes_;  // by net tensor
  std::vector<std::vector<bool>> seen_;
  std::string conflict_;  // the first one
};

}  // namespace shoal
