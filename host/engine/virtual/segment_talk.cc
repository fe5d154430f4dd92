#include "host/engine/virtual/segment_talk.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "host/engine/virtual/critical_path.h"

namespace shoal {
namespace {

// By node: when slices of the frame begin, and their segments.
using Slices = std::vector<std::vector<std::pair<Nanos, int>>>;

Slices slices_of(const Recorder& recorder, const Plan& plan, Nanos begin,
                 Nanos end) {
  Slices all(plan.nodes.size());
  for (uint32_t n = 0; n < plan.nodes.size(); ++n) {
    const std::vector<PlanStage>& stages = plan.nodes[n].stages;
    for (const Activity& a : recorder.activities(n)) {
      if (a.doing != Doing::kSlice || a.begin < begin || a.begin >= end ||
          a.stage >= stages.size()) {
        continue;
      }
      const int segment = stages[a.stage].segment;
      auto& slices = all[n];
      // Only where a segment ends counts.
      if (!slices.empty() && slices.back().second == segment) {
        slices.back().first = a.begin;
      } else {
        slices.emplace_back(a.begin, segment);
      }
    }
  }
  return all;
}

// That of the node's next slice; kForTheEnd: none is left.
int segment_behind(const Slices& slices, uint32_t node, Nanos at) {
  const auto next = std::ranges::lower_bound(slices[node], at, {},
                                             &std::pair<Nanos, int>::first);
  return next == slices[node].end() ? kForTheEnd : next->second;
}

// Returns the same, at the end that of its last one; none: it has no share.
std::optional<int> segment_at(const Slices& slices, uint32_t node, Nanos at) {
  if (node >= slices.size() || slices[node].empty()) return std::nullopt;
  const int behind = segment_behind(slices, node, at);
  return behind == kForTheEnd ? slices[node].back().second : behind;
}

}  // namespace

std::vector<SegmentTalk> segment_talk(const Recorder& recorder,
                                      const Plan& plan,
                                      const std::vector<LinkModel>& links,
                                      Nanos begin, Nanos end) {
  std::map<int, SegmentTalk> all;
  const auto of = [&](int segment) -> SegmentTalk& {
    SegmentTalk& t = all[segment];
    t.segment = segment;
    t.waits.resize(plan.nodes.size());
    t.links.resize(links.size());
    return t;
  };
  const Slices slices = slices_of(recorder, plan, begin, end);
  for (uint32_t n = 0; n < plan.nodes.size(); ++n) {
    Nanos busy_until = begin;
    const auto wait = [&](Nanos until) {
      if (until <= busy_until) return;
      of(segment_behind(slices, n, until)).waits[n] += until - busy_until;
    };
    for (const Activity& a : recorder.activities(n)) {
      if (a.begin >= end) break;
      wait(a.begin);
      busy_until = std::max(busy_until, a.end);
    }
    wait(end);
  }
  for (const Travel& t : recorder.travels()) {
    if (t.asked < begin || t.asked >= end) continue;
    const bool came = t.arrived != kNever;
    const std::optional<int> sent = segment_at(slices, t.from, t.asked);
    const std::optional<int> got =
        came ? segment_at(slices, t.to, t.arrived) : std::nullopt;
    const auto busy = [&](const LinkModel& link) {
      return Network::airtime(link, t.bytes);
    };
    if (const std::optional<int> s = sent ? sent : got) {
      of(*s).links[t.from].up += busy(links[t.from]);
    }
    if (!came) continue;
    if (const std::optional<int> s = got ? got : sent) {
      of(*s).links[t.to].down += busy(links[t.to]);
    }
  }
  std::vector<SegmentTalk> list;
  for (auto& [segment, talk] : all) {
    if (segment != kForTheEnd) list.push_back(std::move(talk));
  }
  list.push_back(std::move(of(kForTheEnd)));
  return list;
}

SegmentTalk frame_talk(const std::vector<SegmentTalk>& segments) {
  SegmentTalk sum;
  for (const SegmentTalk& t : segments) {
    sum.waits.resize(std::max(sum.waits.size(), t.waits.size()));
    sum.links.resize(std::max(sum.links.size(), t.links.size()));
    for (size_t i = 0; i < t.waits.size(); ++i) sum.waits[i] += t.waits[i];
    for (size_t i = 0; i < t.links.size(); ++i) {
      sum.links[i].up += t.links[i].up;
      sum.links[i].down += t.links[i].down;
    }
  }
  return sum;
}

}  // namespace shoal
