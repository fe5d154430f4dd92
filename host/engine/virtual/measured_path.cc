#include "host/engine/virtual/measured_path.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shoal {
namespace {

constexpr Nanos kNanosPerUs = 1'000;
// Shorter pieces are not divided.
constexpr Nanos kLeast = 10 * kNanosPerUs;
// A node that works for all but this part of a span has not waited: its clock
// and the coordinator's are read at slightly different times.
constexpr double kNoWait = 0.02;

Nanos nanos(uint64_t us) { return static_cast<Nanos>(us) * kNanosPerUs; }

Nanos scaled(Nanos time, double by) {
  return std::llround(static_cast<double>(time) * by);
}

MeasuredSpan span_between(const NodeSample& before, const NodeSample& now,
                          Nanos begin, Nanos end) {
  MeasuredSpan s{.begin = begin,
                 .end = end,
                 .receive = nanos(now.receive_us - before.receive_us),
                 .compute = nanos(now.compute_us - before.compute_us),
                 .send = nanos(now.send_us - before.send_us),
                 .stage = now.stage,
                 .woken_by = now.woken_by};
  const Nanos room = end - begin;
  if (s.work() > room) {
    const double by = static_cast<double>(room) / static_cast<double>(s.work());
    s.receive = scaled(s.receive, by);
    s.send = scaled(s.send, by);
    s.compute = room - s.receive - s.send;
  }
  return s;
}

bool gives_outputs(const PlanNode& node) {
  return std::ranges::any_of(node.stages, [](const PlanStage& stage) {
    return std::ranges::any_of(stage.ports, [](const PlanPort& port) {
      return port.owner == Owner::kOutput;
    });
  });
}

// Walks back; `at_` is the end of what is not yet explained.
class MeasuredWalk {
 public:
  MeasuredWalk(const MeasuredSpans& spans,
               const std::vector<MeasuredFrame>& frames, const Plan& plan)
      : spans_(spans), frames_(frames), plan_(plan), at_(spans.end) {}

  std::vector<PathStep> run() {
    follow_last_output();
    while (at_ > spans_.begin) {
      const MeasuredSpan* const s = span_at(node_);
      if (!s) {
        explain(Reason::kWait, spans_.begin);
      } else if (s->end < at_) {
        explain(Reason::kWait, s->end);
      } else {
        explain(*s);
      }
    }
    return std::move(steps_);
  }

 private:
  // Returns the last span that begins before `at_`; null: there is none.
  const MeasuredSpan* span_at(size_t node) const {
    const std::vector<MeasuredSpan>& list = spans_.nodes[node];
    const auto it =
        std::ranges::lower_bound(list, at_, {}, &MeasuredSpan::begin);
    return it == list.begin() ? nullptr : &*std::prev(it);
  }

  // Begins at the node that worked last of those whose rows are the answer.
  void follow_last_output() {
    Nanos last = -1;
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      if (!gives_outputs(plan_.nodes[n])) continue;
      for (const MeasuredSpan& s : spans_.nodes[n]) {
        if (s.begin >= at_) break;
        if (s.work() == 0) continue;
        const Nanos end = std::min(s.begin + s.work(), at_);
        if (end > last) node_ = receiver_ = n, last = end;
      }
    }
  }

  void explain(Reason reason, Nanos begin) {
    add({.reason = reason,
         .endpoint = static_cast<uint32_t>(node_),
         .to = static_cast<uint32_t>(node_)},
        begin);
  }
  void add(PathStep step, Nanos begin) {
    step.begin = std::max(begin, spans_.begin);
    step.end = at_;
    if (step.begin >= step.end) return;
    at_ = step.begin;
    steps_.push_back(step);
  }

  // The work of a span is taken to be spread over it evenly.
  double part_before(const MeasuredSpan& s) const {
    return static_cast<double>(at_ - s.begin) /
           static_cast<double>(s.end - s.begin);
  }
  Nanos work_before(const MeasuredSpan& s) const {
    return scaled(s.work(), part_before(s));
  }

  void explain(const MeasuredSpan& s) {
    const Nanos length = at_ - s.begin;
    const double part = part_before(s);
    const Nanos waited = length - work_before(s);
    const bool waits = static_cast<double>(waited) >
                       kNoWait * static_cast<double>(s.end - s.begin);
    if (!waits || length <= kLeast) return explain_all(s);
    // No wait has ended: the node had done its work, and its rows were on
    // their way.
    const bool is_told = s.woken_by >= NodeSample::kCoordinator;
    if (!is_told) add_wire(receiver_, at_ - waited);
    const auto work = [&](Reason reason, Nanos time) {
      add({.reason = reason,
           .endpoint = static_cast<uint32_t>(node_),
           .to = static_cast<uint32_t>(node_),
           .stage = s.stage,
           .actor = kNoActor},
          at_ - scaled(time, part));
    };
    work(Reason::kDatagrams, s.send);
    work(Reason::kCompute, s.compute);
    work(Reason::kDatagrams, s.receive);
    if (is_told) follow_cause(s);
  }

  // The piece is too short, or the node was busy all of the time.
  void explain_all(const MeasuredSpan& s) {
    const Reason most = s.work() == 0               ? Reason::kWait
                        : s.compute >= s.work() / 2 ? Reason::kCompute
                                                    : Reason::kDatagrams;
    add({.reason = most,
         .endpoint = static_cast<uint32_t>(node_),
         .to = static_cast<uint32_t>(node_),
         .stage = s.stage,
         .actor = kNoActor},
        s.begin);
  }

  void add_wire(size_t to, Nanos begin) {
    add({.reason = Reason::kWire,
         .endpoint = static_cast<uint32_t>(node_),
         .to = static_cast<uint32_t>(to)},
        begin);
  }

  // Goes on at the node that ended the wait with which the span begins.
  void follow_cause(const MeasuredSpan& waited) {
    if (waited.woken_by == NodeSample::kCoordinator)
      return follow_frame(waited);
    const auto sender = static_cast<size_t>(waited.woken_by);
    if (sender >= plan_.nodes.size()) {
      return explain(Reason::kWait, waited.begin);
    }
    receiver_ = std::exchange(node_, sender);
    const MeasuredSpan* const s = span_at(node_);
    // If it did nothing, its rows were on their way.
    if (!s || s->end < at_ || work_before(*s) <= kNanosPerUs) {
      add_wire(receiver_, waited.begin);
    }
  }

  // Rows of the input ended the wait. Earlier the previous frame was under way.
  void follow_frame(const MeasuredSpan& waited) {
    Nanos given = spans_.begin;
    for (const MeasuredFrame& f : frames_) {
      if (nanos(f.begin_us) < at_) given = std::max(given, nanos(f.begin_us));
    }
    explain(Reason::kWait, std::max(given, waited.begin));
    if (at_ == given) follow_last_output();
  }

  const MeasuredSpans& spans_;
  const std::vector<MeasuredFrame>& frames_;
  const Plan& plan_;
  Nanos at_;
  size_t node_ = 0, receiver_ = 0;  // whose rows are awaited, and by whom
  std::vector<PathStep> steps_;
};

}  // namespace

MeasuredSpans measured_spans(const MeasuredRun& run, size_t nodes) {
  MeasuredSpans spans{.nodes = {}, .begin = nanos(run.frames.front().begin_us)};
  spans.nodes.resize(nodes);
  for (const MeasuredFrame& f : run.frames) {
    spans.end = std::max(spans.end, nanos(f.end_us));
  }
  for (size_t n = 0; n < nodes; ++n) {
    // An answer comes at least half a round trip after the node counted.
    uint64_t least_us = UINT64_MAX;
    for (const NodeSample& s : run.samples) {
      if (s.node == n) {
        least_us = std::min(least_us, s.answered_us - s.asked_us);
      }
    }
    NodeSample before;
    before.asked_us = run.frames.front().begin_us;
    Nanos from = spans.begin;
    for (const NodeSample& s : run.samples) {
      if (s.node != n) continue;
      const Nanos to =
          std::clamp(nanos(s.answered_us - least_us / 2), from, spans.end);
      if (to <= from) continue;
      spans.within =
          std::max(spans.within, nanos(s.answered_us - before.asked_us));
      spans.nodes[n].push_back(span_between(before, s, from, to));
      from = to;
      before = s;
    }
  }
  return spans;
}

std::vector<PathStep> measured_path(const MeasuredSpans& spans,
                                    const std::vector<MeasuredFrame>& frames,
                                    const Plan& plan) {
  const bool is_told = std::ranges::any_of(spans.nodes, [](const auto& list) {
    return std::ranges::any_of(list, [](const MeasuredSpan& s) {
      return s.woken_by != NodeSample::kUnknown;
    });
  });
  if (!is_told) return {};
  return MeasuredWalk(spans, frames, plan).run();
}

}  // namespace shoal
