#include <algorithm>

#include "host/check/tokens.h"

namespace shoal {
namespace {

std::vector<int> row_by_row_release(const Box& box, int rows_after) {
  std::vector<int> released;
  for (int y = box.y0; y < box.y1; ++y) {
    released.push_back(y + 1 < box.y1 ? y + 1 : rows_after);
  }
  return released;
}

// Storage gives or takes one row after the other; it ends whatever it has
// begun.
Process spilled(const PlanStage& stage, int port) {
  const PlanPort& p = stage.ports[port];
  Process process;
  process.name = "spill " + std::to_string(p.owner_index);
  process.firings = p.box.rows();
  std::vector<Interval> rows;
  for (int y = p.box.y0; y < p.box.y1; ++y) rows.push_back({y, y + 1});
  if (p.is_read) {
    process.reads.push_back({port, rows, row_by_row_release(p.box, p.box.y1)});
  } else {
    process.out = port;
    process.made = rows;
  }
  return process;
}

Process single(const Net& net, const PlanStage& stage, int index) {
  const PlanActor& a = stage.actors[index];
  const auto all = firings_of(net.layers[a.layer], a, stage);
  Process process;
  process.name = "actor " + std::to_string(index) + " (layer " +
                 std::to_string(a.layer) + ")";
  process.actor = index;
  process.firings = static_cast<int>(all.size());
  for (int i = 0; i < 2; ++i) {
    if (a.in[i] < 0) continue;
    Process::Read read{a.in[i], {}, {}};
    for (const FiringNeeds& f : all) {
      read.rows.push_back(f.in[i]);
      read.released.push_back(f.released[i]);
    }
    process.reads.push_back(read);
  }
  process.out = a.out;
  for (const FiringNeeds& f : all) {
    process.made.push_back(f.writes ? f.out : Interval{f.out.lo, f.out.lo});
  }
  if (a.partial >= 0) {
    Process::Read read{a.partial, {}, {}};
    for (const FiringNeeds& f : all) {
      read.rows.push_back(f.out);
      read.released.push_back(f.writes ? f.out.hi : f.out.lo);
    }
    process.reads.push_back(read);
  }
  return process;
}

// One firing makes a band of the last actor's rows; what it needs follows
// from actor to actor back to the loop's input.
Process looped(const Net& net, const PlanStage& stage, const PlanLoop& loop) {
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  const PlanActor& first = stage.actors[loop.first_actor];
  const Box& out = stage.ports[last.out].box;
  Process process;
  process.name = "the loop at actor " + std::to_string(loop.first_actor);
  process.actor = loop.first_actor;
  process.out = last.out;
  Process::Read in{first.in[0], {}, {}}, partial{last.partial, {}, {}};
  for (int y = out.y0; y < out.y1; y += loop.band) {
    Interval rows{y, std::min(y + loop.band, out.y1)};
    process.made.push_back(rows);
    partial.rows.push_back(rows);
    partial.released.push_back(rows.hi);
    for (int j = loop.actors - 1; j >= 0; --j) {
      const Layer& l = net.layers[stage.actors[loop.first_actor + j].layer];
      rows = row_dependence(l, 0, rows, {0, l.kernel_h});
    }
    in.rows.push_back(rows);
  }
  process.firings = static_cast<int>(process.made.size());
  in.released.resize(in.rows.size());
  int rest = stage.ports[first.in[0]].box.y1;
  for (size_t f = in.rows.size(); f-- > 0;) {
    in.released[f] = rest;
    rest = std::min(rest, in.rows[f].lo);
  }
  process.reads.push_back(in);
  if (last.partial >= 0) process.reads.push_back(partial);
  return process;
}

}  // namespace

std::vector<Process> processes_of(const Net& net, const PlanStage& stage) {
  std::vector<Process> processes, outputs;
  for (size_t p = 0; p < stage.ports.size(); ++p) {
    if (stage.ports[p].owner != Owner::kSpill) continue;
    auto& list = stage.ports[p].is_read ? outputs : processes;
    list.push_back(spilled(stage, static_cast<int>(p)));
  }
  for (int a = 0; a < static_cast<int>(stage.actors.size()); ++a) {
    const int l = stage.actors[a].loop;
    if (l < 0) {
      processes.push_back(single(net, stage, a));
    } else if (stage.loops[l].first_actor == a) {
      processes.push_back(looped(net, stage, stage.loops[l]));
    }
  }
  processes.insert(processes.end(), outputs.begin(), outputs.end());
  return processes;
}

}  // namespace shoal
