// Records what every endpoint did and when, for timelines and for saying why a
// frame took as long as it did.
#pragma once

#include <cstdint>
#include <vector>

#include "host/world/events.h"

namespace shoal {

enum class Doing : uint8_t { kSlice, kReceive, kSend, kCheck, kOther };

// The activities of one endpoint, one after another; between them it waited.
struct Activity {
  Nanos begin = 0, end = 0;
  Doing doing{};
  uint16_t stage = 0, actor = 0;  // kSlice
  Nanos flash = 0;                // kSlice: of it, for weights to come
  uint64_t serial = 0;            // kReceive, kSend: of the datagram
};

// A datagram's way; the copies of a duplicated one share it.
struct Travel {
  uint32_t from = 0, to = 0, bytes = 0;
  Nanos asked = 0, left = 0;
  Nanos arrived = kNever;  // the first copy; kNever: lost
};

class Recorder {
 public:
  explicit Recorder(uint32_t endpoints) : activities_(endpoints) {}

  void did(uint32_t endpoint, const Activity&);
  void sent(uint64_t serial, const Travel&);
  void arrived(uint64_t serial, Nanos left, Nanos at);
  // Forgets everything; serials go on from `serial`.
  void restart(uint64_t serial);

  uint32_t endpoints() const {
    return static_cast<uint32_t>(activities_.size());
  }
  const std::vector<Activity>& activities(uint32_t endpoint) const {
    return activities_[endpoint];
  }
  // Returns null if it was sent before restart().
  const Travel* travel(uint64_t serial) const;
  const std::vector<Travel>& travels() const { return travels_; }

 private:
  std::vector<std::vector<Activity>> activities_;
  std::vector<Travel> travels_;  // by serial, from first_ on
  uint64_t first_ = 0;
};

}  // namespace shoal
