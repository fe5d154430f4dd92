#include "host/plan/types/segment.h"

#include <algorithm>

namespace shoal {

LiveTensors::LiveTensors(const std::vector<TensorUses>& uses) {
  int positions = 0;
  for (const TensorUses& t : uses) positions = std::max(positions, t.last + 1);
  begun_.resize(size_t(positions)), kept_.resize(size_t(positions));
  for (int t = 0; t < std::ssize(uses); ++t) {
    const TensorUses& of = uses[size_t(t)];
    if (of.variable >= 0) variables_.push_back(t);
    if (of.variable >= 0 || of.first < 0) continue;
    begun_[size_t(of.first)].push_back(t);
    for (int p = of.first + 1; p <= of.last; ++p) kept_[size_t(p)].push_back(t);
  }
}

std::vector<int> LiveTensors::during(const std::vector<TensorUses>& uses,
                                     Segment s) const {
  std::vector<int> live;
  const auto add = [&live](const std::vector<int>& some) {
    live.insert(live.end(), some.begin(), some.end());
  };
  const int end = std::min(s.end, static_cast<int>(begun_.size()));
  if (s.begin < end) add(kept_[size_t(s.begin)]);
  for (int p = s.begin; p < end; ++p) add(begun_[size_t(p)]);
  for (const int t : variables_) {
    if (is_touched(uses[size_t(t)], s)) live.push_back(t);
  }
  std::ranges::sort(live);
  return live;
}

Segment whole_net(const Net& net) {
  return {0, std::max(1, static_cast<int>(net.layers.size()))};
}

int end_of_layers(const Net& net, Segment s) {
  return std::min(s.end, static_cast<int>(net.layers.size()));
}

int64_t page_buffers(const TensorUses& t, Segment s) {
  if (t.page_bytes == 0) return 0;
  int64_t bytes = 0;
  t.each([&](const Use& u) {
    if (u.owner == Owner::kSpill && s.holds(u.position)) bytes += t.page_bytes;
  });
  return bytes;
}

bool can_be_stage(const std::vector<TensorUses>& uses, Segment s) {
  int64_t spills = 0;
  for (const TensorUses& t : uses) {
    if (t.page_bytes > 0) spills += page_buffers(t, s) / t.page_bytes;
    if (t.stored_at >= 0 && s.holds(t.stored_at) && s.holds(t.first)) {
      return false;
    }
    const bool before = t.first_write < s.begin;
    const bool later = t.last_write >= s.begin;
    const bool beyond = t.last_write >= s.end;
    if (!(before && later) && !(beyond && !before)) continue;
    for (const Use& r : t.readers) {
      if (s.holds(r.position)) return false;
    }
  }
  return spills <= kMaxSpills;
}

}  // namespace shoal
