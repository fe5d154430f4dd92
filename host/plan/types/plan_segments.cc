#include "host/plan/types/plan_segments.h"

#include <algorithm>
#include <map>
#include <set>

namespace shoal {
namespace {

// The shares of a layer, over all nodes.
struct Shares {
  std::set<int> nodes;
  std::map<int, std::set<int>> x_by_y;  // where boxes begin
  std::set<int> c;
  bool sums = false;
  bool turned = false;  // the net's rows are the file's columns
};

std::string cut_of(const Shares& s) {
  if (s.sums) return "inputs";
  if (s.nodes.size() == 1) return "one";
  const size_t rows = s.x_by_y.size();
  const size_t columns = s.x_by_y.begin()->second.size();
  std::string bands;
  bool is_grid = true;
  for (const auto& [y, x] : s.x_by_y) {
    is_grid = is_grid && x.size() == columns;
    bands += (bands.empty() ? "bands " : "+") + std::to_string(x.size());
  }
  if (!is_grid) return bands;
  if (rows * columns == 1) return s.c.size() > 1 ? "outputs" : "each all";
  std::string text = "grid " + std::to_string(s.turned ? columns : rows) + "x" +
                     std::to_string(s.turned ? rows : columns);
  return s.c.size() > 1 ? text + "x" + std::to_string(s.c.size()) : text;
}

void add_stage(const PlanStage& stage, int node,
               std::map<int, Shares>& by_layer) {
  for (const PlanActor& a : stage.actors) {
    if (a.copy) continue;
    Shares& s = by_layer[a.layer];
    const PlanPort& out = stage.ports[a.out];
    s.nodes.insert(node);
    s.x_by_y[out.box.y0].insert(out.box.x0);
    s.sums = s.sums || !a.init || !a.final;
    s.turned = stage.buffers[out.buffer].turned;
    if (!stage.buffers[out.buffer].is_private) {
      s.c.insert(out.box.c0);
    } else if (!a.weights.chunks.empty()) {
      s.c.insert(a.weights.chunks.front().out0);
    }
  }
}

void add_traffic(const PlanStage& stage, SegmentSummary& s) {
  for (const PlanPort& p : stage.ports) {
    const int64_t bytes =
        p.box.elements() * stage.buffers[p.buffer].element_bytes;
    if (p.owner == Owner::kInput) s.input_bytes += bytes;
    if (p.owner == Owner::kOutput) s.output_bytes += bytes;
    if (p.owner == Owner::kStream && !p.is_read) s.exchanged_bytes += bytes;
  }
}

std::vector<CutRun> runs_of(const std::map<int, Shares>& by_layer) {
  std::vector<CutRun> runs;
  for (const auto& [layer, shares] : by_layer) {
    const CutRun run{layer, layer, static_cast<int>(shares.nodes.size()),
                     *shares.nodes.begin(), cut_of(shares)};
    const bool same_nodes =
        !runs.empty() && runs.back().nodes == run.nodes &&
        (run.nodes > 1 || runs.back().first_node == run.first_node);
    if (same_nodes && runs.back().cut == run.cut &&
        runs.back().last_layer + 1 == layer) {
      runs.back().last_layer = layer;
    } else {
      runs.push_back(run);
    }
  }
  return runs;
}

}  // namespace

std::vector<SegmentSummary> summarize_segments(const Plan& plan) {
  std::map<int, SegmentSummary> all;
  std::map<int, std::map<int, Shares>> layers;
  for (int n = 0; n < static_cast<int>(plan.nodes.size()); ++n) {
    for (const PlanStage& stage : plan.nodes[n].stages) {
      SegmentSummary& s = all[stage.segment];
      s.number = stage.segment;
      ++s.nodes;
      s.macs += stage.macs;
      if (s.slowest_node < 0 || stage.seconds > s.seconds) {
        s.seconds = stage.seconds;
        s.slowest_node = n;
        s.bound = stage.bound;
      }
      add_stage(stage, n, layers[stage.segment]);
      add_traffic(stage, s);
    }
  }
  std::vector<SegmentSummary> list;
  for (auto& [number, summary] : all) {
    summary.cuts = runs_of(layers[number]);
    list.push_back(summary);
  }
  return list;
}

std::string layer_ranges(const PlanStage& s) {
  std::string text;
  for (size_t i = 0; i < s.actors.size();) {
    const int first = s.actors[i].layer;
    int last = first;
    while (++i < s.actors.size() && s.actors[i].layer == last + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
  }
  return text.empty() ? "-" : text;
}

int64_t replay_bytes(const Net& net, const PlanNode& node) {
  int64_t bytes = 0;
  for (const NetIo& io : net.inputs) bytes -= io.place.view.box.elements();
  for (const PlanStage& stage : node.stages) {
    for (const PlanPort& p : stage.ports) {
      if (p.owner == Owner::kInput) bytes += p.box.elements();
    }
  }
  return std::max<int64_t>(0, bytes);
}

}  // namespace shoal
