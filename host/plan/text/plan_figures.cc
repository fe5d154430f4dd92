#include "host/plan/text/plan_figures.h"

#include <algorithm>

#include "host/base/size.h"
#include "host/base/units.h"
#include "host/plan/text/text_line.h"

namespace shoal {

namespace {

void replicas_line(std::string& text, const Replicas& r) {
  if (r.nodes.empty()) {
    line(text,
         "apart from this plan: the whole network fits none of its nodes "
         "alone");
    return;
  }
  std::string others;
  if (!r.does_not_fit.empty()) {
    others = fmt::format("; the network does not fit {}",
                         fmt::join(r.does_not_fit, ", "));
  }
  line(text,
       "apart from this plan: whole frames, each on one of {} node{} alone, "
       "would be {} frames/s in all, {} a frame, arenas to {} B (modelled){}",
       r.nodes.size(), r.nodes.size() == 1 ? "" : "s",
       format_three_digits(frames_per_s(r)), format_time(latency_s(r)),
       format_count(arena_bytes(r)), others);
}

}  // namespace

double frames_per_s(const Replicas& replicas) {
  double sum = 0, port = 0;  // the part of the time that the port is busy
  for (const Replica& r : replicas.nodes) {
    sum += 1 / r.period_s;
    port += r.wire_s / r.period_s;
  }
  return sum / std::max(1.0, port);
}

double latency_s(const Replicas& replicas) {
  double most = 0;
  for (const Replica& r : replicas.nodes) most = std::max(most, r.latency_s);
  return most;
}

int64_t arena_bytes(const Replicas& replicas) {
  int64_t most = 0;
  for (const Replica& r : replicas.nodes) most = std::max(most, r.arena_bytes);
  return most;
}

std::string figures_text(Objective objective, const PlanFigures& f) {
  std::string text;
  if (objective == Objective::kThroughput) {
    line(text, "{} frames/s (modelled){}", format_three_digits(f.frames_per_s),
         f.frames_under_way > 1
             ? fmt::format(", {} under way", f.frames_under_way)
             : "");
    if (f.replicas) replicas_line(text, *f.replicas);
  }
  if (objective == Objective::kEnergy && f.energy_j) {
    line(text, "{} mJ a frame (modelled{})",
         format_three_digits(*f.energy_j * 1e3),
         f.has_network ? ", without the network" : "");
  }
  return text;
}

}  // namespace shoal
