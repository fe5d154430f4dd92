#include <algorithm>

#include "host/probe/probe.h"

namespace shoal {
namespace {

const ProbeResult* find(const ProbeReport& r, ProbeCost cost) {
  for (const ProbeResult& one : r.results) {
    if (one.shape->cost == cost && one.meter && one.work > 0) return &one;
  }
  return nullptr;
}

double taken(const ProbeReport& r, const MeterReading& m) {
  return r.in_cycles() ? m.ticks : m.seconds();
}

// Two runs of additions, many elements a firing and few: what a firing takes
// beside its elements.
double firing_of(const ProbeReport& r) {
  const ProbeResult* const few = find(r, ProbeCost::kFiring);
  const ProbeResult* const many = find(r, ProbeCost::kElement);
  if (!few || !many || few->meter->firings == 0) return 0;
  const double few_fired = static_cast<double>(few->meter->firings);
  const double many_fired = static_cast<double>(many->meter->firings);
  const double few_work = static_cast<double>(few->work);
  const double many_work = static_cast<double>(many->work);
  const double det = few_fired * many_work - many_fired * few_work;
  const double a = taken(r, *few->meter), b = taken(r, *many->meter);
  if (det <= 0) return a / few_fired;
  const double firing = (a * many_work - b * few_work) / det;
  return std::clamp(firing, 0.0, a / few_fired);
}

}  // namespace

bool ProbeReport::metered() const { return reading() != nullptr; }

const MeterReading* ProbeReport::reading() const {
  for (const ProbeResult& r : results) {
    if (r.meter) return &*r.meter;
  }
  return nullptr;
}

bool ProbeReport::in_cycles() const {
  const auto in = [](const ProbeResult& r) {
    return !r.meter || r.meter->counts_cycles();
  };
  return metered() && std::ranges::all_of(results, in);
}

double ProbeReport::clock_hz() const {
  constexpr double kLeastUs = 1000;  // a clock of microseconds says little
  if (!in_cycles()) return 0;
  double ticks = 0, us = 0;
  for (const ProbeResult& r : results) {
    if (r.meter) ticks += r.meter->ticks, us += r.meter->us;
  }
  return us < kLeastUs ? 0 : ticks / us * 1e6;
}

std::optional<double> ProbeReport::cycles_of(ProbeCost cost, double hz) const {
  // The cost of several shapes is all time that they take, over all that they
  // compute: a stride's share of a network is as small as its work is here.
  double all = 0, work = 0;
  for (const ProbeResult& r : results) {
    if (r.shape->cost != cost || !r.meter || r.difference) continue;
    all += r.each * static_cast<double>(r.work);
    work += static_cast<double>(r.work);
  }
  // Under the clock's step nothing was measured, and no kernel is free.
  if (work == 0 || all <= 0) return std::nullopt;
  return all / work * (in_cycles() ? 1 : hz);
}

bool ProbeReport::ran() const {
  return std::ranges::any_of(
      results, [](const ProbeResult& r) { return r.missing.empty(); });
}

int ProbeReport::differing() const {
  return static_cast<int>(std::ranges::count_if(
      results, [](const ProbeResult& r) { return r.difference.has_value(); }));
}

void evaluate_probe(ProbeReport& r) {
  r.firing = firing_of(r);
  for (ProbeResult& one : r.results) {
    if (!one.meter || one.work == 0) continue;
    const double all = taken(r, *one.meter);
    const double fired = r.firing * static_cast<double>(one.meter->firings);
    // No kernel is free: where firings are all that was seen, they share it.
    const double left = std::max(all - fired, all / 10);
    one.each = left / static_cast<double>(one.work);
  }
}

}  // namespace shoal
