// The silence after which a node that runs is given up, from what is known of
// it. Three heartbeats: 300 ms where round trips take a millisecond at most, as
// on Ethernet, and 1 s where they take 3.3 ms or more, as on Wi-Fi and serial
// lines; more for a node whose slices, or whose answers so far, take long. One
// that does not answer is asked again and again meanwhile, so that it takes
// many lost datagrams in a row to make a silence of that length.
#pragma once

#include <cstdint>

namespace shoal {

struct SilenceLimits {
  uint64_t limit_us = 0;
  uint64_t heartbeat_us = 0;  // from one question to the next
  uint64_t again_us = 0;      // the same, when one was not answered
};

// `least_us`: the least round trip, of which kind the link is; `trip_us`: what
// nearly all of them take; `longest_us`: the longest that the node is known to
// be busy without a look at its link.
inline SilenceLimits silence_of(uint64_t least_us, uint64_t trip_us,
                                uint64_t longest_us) {
  constexpr uint64_t kLeastUs = 300'000, kUsuallyMostUs = 1'000'000;
  constexpr uint64_t kRoundTrips = 300, kSlices = 4, kTrips = 10;
  uint64_t limit_us = kRoundTrips * least_us;
  if (limit_us < kLeastUs) limit_us = kLeastUs;
  if (limit_us > kUsuallyMostUs) limit_us = kUsuallyMostUs;
  const uint64_t known_us = kSlices * longest_us + kTrips * trip_us;
  SilenceLimits s;
  s.limit_us = limit_us > known_us ? limit_us : known_us;
  s.heartbeat_us = s.limit_us / 3;
  // A node that is busy must not find its queue full of questions.
  const uint64_t calm_us = trip_us + longest_us / kSlices;
  s.again_us = s.heartbeat_us / kTrips;
  if (s.again_us < calm_us) s.again_us = calm_us;
  return s;
}

}  // namespace shoal
