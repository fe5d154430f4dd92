#include "host/world/recorder.h"

#include <algorithm>

namespace shoal {

void Recorder::did(uint32_t endpoint, const Activity& a) {
  if (a.begin == a.end && a.doing == Doing::kOther) return;
  std::vector<Activity>& list = activities_[endpoint];
  if (!list.empty()) {
    Activity& last = list.back();
    const bool same = last.end == a.begin && last.doing == a.doing &&
                      last.stage == a.stage && last.actor == a.actor;
    if (same && (a.doing == Doing::kSlice || a.doing == Doing::kOther)) {
      last.end = a.end;
      last.flash += a.flash;
      return;
    }
  }
  list.push_back(a);
}

void Recorder::sent(uint64_t serial, const Travel& t) {
  if (serial < first_) return;
  if (serial - first_ >= travels_.size()) travels_.resize(serial - first_ + 1);
  travels_[serial - first_] = t;
}

void Recorder::arrived(uint64_t serial, Nanos left, Nanos at) {
  if (serial < first_ || serial - first_ >= travels_.size()) return;
  Travel& t = travels_[serial - first_];
  if (at >= t.arrived) return;
  t.left = left;
  t.arrived = at;
}

void Recorder::restart(uint64_t serial) {
  for (std::vector<Activity>& list : activities_) list.clear();
  travels_.clear();
  first_ = serial;
}

const Travel* Recorder::travel(uint64_t serial) const {
  if (serial < first_ || serial - first_ >= travels_.size()) return nullptr;
  return &travels_[serial - first_];
}

}  // namespace shoal
