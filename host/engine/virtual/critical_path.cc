#include "host/engine/virtual/critical_path.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/base/units.h"

namespace shoal {
namespace {

constexpr size_t kNothing = SIZE_MAX;

// Returns the part of `time`, evenly spread over `whole`, that lies in `part`.
Nanos share(Nanos time, Nanos part, Nanos whole) {
  if (part >= whole) return time;
  return std::llround(static_cast<double>(time) * static_cast<double>(part) /
                      static_cast<double>(whole));
}

// Walks back through activities; `at_` is the end of what is not yet
// explained.
class Walk {
 public:
  Walk(const Recorder& r, uint32_t endpoint, Nanos begin, Nanos end)
      : recorder_(r), endpoint_(endpoint), begin_(begin), at_(end) {}

  std::vector<PathStep> run() {
    size_t i = last_before(at_);
    Reason idle = Reason::kTimer;
    while (at_ > begin_) {
      if (i == kNothing) {
        explain(idle, begin_);
        break;
      }
      const Activity& a = list()[i];
      // Nothing happened here between: a timer; or storage, if what it brought
      // is checked before the next slice.
      explain(idle, a.end);
      explain(a);
      if (a.doing == Doing::kCheck) idle = Reason::kStorage;
      if (a.doing == Doing::kSlice) idle = Reason::kTimer;
      if (a.doing == Doing::kReceive && idle != Reason::kStorage) {
        const size_t cause = cause_of(i);
        if (cause != kNothing) {
          i = follow(list()[cause]);
          continue;
        }
      }
      i = i == 0 ? kNothing : i - 1;
    }
    return std::move(steps_);
  }

 private:
  const std::vector<Activity>& list() const {
    return recorder_.activities(endpoint_);
  }

  size_t last_before(Nanos at) const {
    const auto& l = list();
    const auto it =
        std::upper_bound(l.begin(), l.end(), at,
                         [](Nanos t, const Activity& a) { return t < a.end; });
    return it == l.begin() ? kNothing : static_cast<size_t>(it - l.begin()) - 1;
  }

  void add(PathStep step, Nanos begin) {
    step.begin = std::max(begin, begin_);
    step.end = at_;
    if (step.begin >= step.end) return;
    at_ = step.begin;
    steps_.push_back(step);
  }
  void explain(Reason reason, Nanos begin) {
    add({.reason = reason, .endpoint = endpoint_, .to = endpoint_}, begin);
  }
  void explain(const Activity& a) {
    const Reason reason = a.doing == Doing::kSlice   ? Reason::kCompute
                          : a.doing == Doing::kCheck ? Reason::kStorage
                          : a.doing == Doing::kOther ? Reason::kOther
                                                     : Reason::kDatagrams;
    const Nanos whole = a.end - a.begin;
    const Nanos told = std::min(whole, at_ - std::max(a.begin, begin_));
    add({.reason = reason,
         .endpoint = endpoint_,
         .to = endpoint_,
         .stage = a.stage,
         .actor = a.actor,
         .flash = share(a.flash, told, whole)},
        a.begin);
  }

  // Returns the datagram that took longest of those taken since the endpoint
  // last waited: it brought the rows. None if it was computing all the time, or
  // waited for its storage.
  size_t cause_of(size_t i) const {
    const auto& l = list();
    size_t best = kNothing;
    uint32_t most = 0;
    for (size_t j = i;; --j) {
      if (l[j].doing == Doing::kSlice || l[j].doing == Doing::kCheck) {
        return kNothing;
      }
      const Travel* const t = l[j].doing == Doing::kReceive
                                  ? recorder_.travel(l[j].serial)
                                  : nullptr;
      if (t && t->arrived != kNever && t->bytes > most) {
        best = j;
        most = t->bytes;
      }
      if (j == 0 || l[j - 1].end != l[j].begin) break;
    }
    return best;
  }

  // From its receiver to the activity that sent it.
  size_t follow(const Activity& received) {
    const Travel& t = *recorder_.travel(received.serial);
    explain(Reason::kDatagrams, t.arrived);
    add({.reason = Reason::kWire, .endpoint = t.from, .to = endpoint_},
        t.asked);
    endpoint_ = t.from;
    size_t i = last_before(at_);
    while (i != kNothing && list()[i].end == at_) {
      if (list()[i].doing == Doing::kSend &&
          list()[i].serial == received.serial) {
        return i;
      }
      i = i == 0 ? kNothing : i - 1;
    }
    return kNothing;
  }

  const Recorder& recorder_;
  uint32_t endpoint_;
  Nanos begin_, at_;
  std::vector<PathStep> steps_;
};

const PlanStage* stage_of(const Plan& plan, uint32_t node, uint16_t stage) {
  if (node >= plan.nodes.size()) return nullptr;
  const auto& stages = plan.nodes[node].stages;
  return stage < stages.size() ? &stages[stage] : nullptr;
}

void add_slice(const PathStep& p, Nanos time, const Plan& plan,
               SliceTimes& to) {
  to.endpoints[p.endpoint] += time;
  const PlanStage* const stage = stage_of(plan, p.endpoint, p.stage);
  if (!stage) return;
  to.segments[stage->segment] += time;
  if (p.actor >= stage->actors.size()) return;
  to.layers[stage->actors[p.actor].layer] += time;
}

template <typename Map>
auto largest(const Map& map) {
  return std::max_element(
      map.begin(), map.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
}

std::string time_text(Nanos t) {
  return format_time(static_cast<double>(t) * 1e-9);
}

std::string percent(Nanos part, Nanos whole) {
  char text[16];
  std::snprintf(
      text, sizeof text, "%.0f %%",
      whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole)
            : 0.0);
  return text;
}

std::string most_of(const char* what, const SliceTimes& t,
                    const std::vector<std::string>& names,
                    const std::vector<std::string>& layers) {
  const auto node = largest(t.endpoints);
  const auto layer = largest(t.layers);
  const auto segment = largest(t.segments);
  if (node == t.endpoints.end()) return {};
  std::string text = what + std::string(", most of it on ") +
                     names[node->first] + " (" + time_text(node->second) + ")";
  if (segment != t.segments.end()) {
    text += " and in segment " + std::to_string(segment->first) + " (" +
            time_text(segment->second) + ")";
  }
  if (layer != t.layers.end()) {
    text += "; its longest layer is " +
            (layer->first < 0 ? std::string("a copy")
                              : layers[static_cast<size_t>(layer->first)]) +
            " (" + time_text(layer->second) + ")";
  }
  return text;
}

}  // namespace

const char* reason_name(Reason reason) {
  switch (reason) {
    case Reason::kCompute:
      return "compute";
    case Reason::kFlash:
      return "flash";
    case Reason::kDatagrams:
      return "datagrams";
    case Reason::kWire:
      return "network";
    case Reason::kTimer:
      return "timers";
    case Reason::kStorage:
      return "storage";
    case Reason::kWait:
      return "waits";
    case Reason::kOther:
      break;
  }
  return "stages";
}

std::vector<PathStep> critical_path(const Recorder& recorder, uint32_t endpoint,
                                    Nanos begin, Nanos end) {
  return Walk(recorder, endpoint, begin, end).run();
}

PathSums sum_up(const std::vector<PathStep>& path, const Plan& plan) {
  PathSums b;
  for (const PathStep& p : path) {
    const Nanos time = p.end - p.begin;
    b.total += time;
    const Nanos flash = std::min(p.flash, time);
    b.by_reason[p.reason] += time - flash;
    if (flash > 0) b.by_reason[Reason::kFlash] += flash;
    if (p.reason == Reason::kDatagrams) b.datagrams[p.endpoint] += time;
    if (p.reason == Reason::kWire) b.wire[{p.endpoint, p.to}] += time;
    if (p.reason != Reason::kCompute) continue;
    add_slice(p, time - flash, plan, b.compute);
    if (flash > 0) add_slice(p, flash, plan, b.flash);
  }
  return b;
}

std::vector<Wait> waits(const Recorder& recorder, const Plan& plan, Nanos begin,
                        Nanos end) {
  std::vector<Wait> all;
  for (uint32_t node = 0; node < plan.nodes.size(); ++node) {
    std::map<int, Nanos> by_segment;
    Nanos busy_until = begin, waited = 0;
    for (const Activity& a : recorder.activities(node)) {
      if (a.begin >= end) break;
      waited += std::max<Nanos>(a.begin - busy_until, 0);
      busy_until = std::max(busy_until, a.end);
      // Bytes from storage are checked before the next slice.
      const PlanStage* const stage =
          a.doing == Doing::kSlice ? stage_of(plan, node, a.stage) : nullptr;
      if (!stage && a.doing != Doing::kCheck) continue;
      by_segment[stage ? stage->segment : kForStorage] += waited;
      waited = 0;
    }
    by_segment[kForTheEnd] += waited + std::max<Nanos>(end - busy_until, 0);
    for (const auto& [segment, time] : by_segment) {
      all.push_back({node, segment, time});
    }
  }
  return all;
}

std::string describe(const PathSums& b, const std::vector<Wait>& waits,
                     const std::vector<std::string>& names,
                     const std::vector<std::string>& layers) {
  const auto reason = largest(b.by_reason);
  if (reason == b.by_reason.end()) return "nothing happened";
  std::string text = percent(reason->second, b.total) + " of the frame is ";
  switch (reason->first) {
    case Reason::kCompute:
      text += most_of("compute", b.compute, names, layers);
      break;
    case Reason::kFlash:
      text += most_of("waiting for weights in flash", b.flash, names, layers);
      break;
    case Reason::kDatagrams: {
      const auto most = largest(b.datagrams);
      text += "handling and encryption of datagrams, most of it on " +
              names[most->first] + " (" + time_text(most->second) + ")";
      break;
    }
    case Reason::kWire: {
      const auto most = largest(b.wire);
      text += "the network: links and queues, most of it from " +
              names[most->first.first] + " to " + names[most->first.second] +
              " (" + time_text(most->second) + ")";
      break;
    }
    case Reason::kTimer:
      text += "waiting for timers: answers held back, probes, what was lost";
      break;
    case Reason::kStorage:
      text += "waiting for storage and checking what came from it";
      break;
    case Reason::kOther:
      text += "entering stages";
      break;
    case Reason::kWait:
      text += "waiting, for what is not known";
      break;
  }
  const auto longest = std::max_element(
      waits.begin(), waits.end(),
      [](const Wait& x, const Wait& y) { return x.time < y.time; });
  if (longest != waits.end() && longest->time > 0) {
    text += "; " + names[longest->node] + " waits " + time_text(longest->time) +
            (longest->segment == kForStorage ? std::string(" for storage")
             : longest->segment == kForTheEnd
                 ? std::string(" for the others to end")
                 : " for rows of segment " + std::to_string(longest->segment));
  }
  return text;
}

}  // namespace shoal
