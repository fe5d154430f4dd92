#include "host/plan/tokens/merge.h"

#include <algorithm>
#include <map>

#include "host/base/error.h"

namespace shoal {
namespace {

int moved(int index, int by) { return index < 0 ? index : index + by; }

void append(const PlanStage& from, MergedSegment& to, int node, int index) {
  PlanStage& all = to.stage;
  const int buffer = static_cast<int>(all.buffers.size());
  const int port = static_cast<int>(all.ports.size());
  const int actor = static_cast<int>(all.actors.size());
  const int loop = static_cast<int>(all.loops.size());
  to.parts.push_back({node, index, buffer, port, actor});
  for (PlanBuffer b : from.buffers) {
    b.overlay = moved(b.overlay, buffer);
    all.buffers.push_back(b);
  }
  for (PlanPort p : from.ports) {
    p.buffer += buffer;
    if (p.owner == Owner::kActor) p.owner_index += actor;
    all.ports.push_back(p);
  }
  for (const PlanActor& from_actor : from.actors) {
    PlanActor a = from_actor;
    a.weights = {};
    for (int* p : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      *p = moved(*p, port);
    }
    a.loop = moved(a.loop, loop);
    all.actors.push_back(std::move(a));
  }
  for (PlanLoop l : from.loops) {
    l.first_actor += actor;
    all.loops.push_back(l);
  }
}

const MergedSegment::Part* find_part(const MergedSegment& in,
                                     const PlanStream::End& end) {
  const auto at = std::find_if(
      in.parts.begin(), in.parts.end(), [&](const MergedSegment::Part& p) {
        return p.node == end.node && p.stage == end.stage;
      });
  return at == in.parts.end() ? nullptr : &*at;
}

}  // namespace

std::vector<MergedSegment> merge_segments(const Plan& plan) {
  std::map<int, MergedSegment> by_segment;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const std::vector<PlanStage>& stages = plan.nodes[n].stages;
    for (size_t s = 0; s < stages.size(); ++s) {
      const int index = static_cast<int>(s);
      append(stages[s], by_segment[plan.linked ? stages[s].segment : index],
             static_cast<int>(n), index);
    }
  }
  for (const PlanStream& stream : plan.streams) {
    const PlanStage& stage =
        plan.nodes[stream.from.node].stages[stream.from.stage];
    MergedSegment& merged = by_segment[stage.segment];
    const MergedSegment::Part* from = find_part(merged, stream.from);
    for (const PlanStream::End& end : stream.to) {
      const MergedSegment::Part* to = find_part(merged, end);
      if (!from || !to) {
        throw Error(Exit::kInternal, "a stream leaves its segment");
      }
      merged.ties.push_back(
          {from->first_port + stream.from.port, to->first_port + end.port});
    }
  }
  std::vector<MergedSegment> all;
  for (auto& [segment, merged] : by_segment) all.push_back(std::move(merged));
  return all;
}

}  // namespace shoal
