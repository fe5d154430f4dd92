// An in-stream whose rows may come while the stage before its own runs: a peer
// that is ahead need not wait for this node. Its record's last two bytes say
// so. Nothing of the stage before may lie where its buffer does, and the rows
// that it may bring then are those that fit before anybody has read one.
#pragma once

#include "device/program/record.h"

namespace shoal {

inline constexpr uint16_t kComesEarly = 1;  // StreamRecord::reserved

constexpr bool comes_early(const StreamRecord& r) {
  return r.targets == 0 && r.reserved == kComesEarly;
}

// Returns the number of in-streams, which come before out-streams.
inline uint16_t count_in_streams(const StageView& s) {
  uint16_t n = 0;
  while (n < s.header->streams && s.streams[n].targets == 0) ++n;
  return n;
}

// Returns the in-streams of a stage that the link has tables for while the
// stage before runs: all of them, if rows of one may come then.
inline uint16_t count_early_streams(const StageView& s) {
  const uint16_t n = count_in_streams(s);
  for (uint16_t i = 0; i < n; ++i) {
    if (comes_early(s.streams[i])) return n;
  }
  return 0;
}

}  // namespace shoal
