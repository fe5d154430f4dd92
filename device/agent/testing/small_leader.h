// An image that a node that leads is given, small; for tests and fuzzing.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "device/agent/leader_image.h"

namespace shoal {

using Bytes = std::vector<uint8_t>;

template <class T>
void put_record(Bytes& to, const T& value) {
  const size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

// Two nodes: each gets a half of a picture of 4 rows of 6 bytes, the second
// one gives a result of 5 bytes.
inline Bytes leader_picture() {
  Bytes p(24);
  for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<uint8_t>(i * 7);
  return p;
}
inline Bytes small_leader_image(uint32_t every_ms) {
  LeaderHeader h{};
  h.magic = kLeaderMagic;
  h.version = kLeaderVersion;
  h.peers = h.targets = 2;
  h.streams = 1;
  h.window = 4;
  h.gaps = 2;
  h.arithmetic = kArithmetic;
  h.picture_bytes = 24;
  h.output_bytes = 5;
  h.classes = 4;
  h.every_ms = every_ms;
  h.bytes = leader_layout(h).bytes;
  Bytes image;
  put_record(image, h);
  for (const uint16_t i : {uint16_t{0}, uint16_t{1}})
    put_record(image, PeerEntry{i, 4, 100});
  for (const uint16_t i : {uint16_t{0}, uint16_t{1}})
    put_record(image, TargetRecord{i, 3});
  put_record(image, StreamRecord{kNone, 0, 1, 7, 0, 0});
  put_record(image, LeaderBox{0, 12, 1, 12, 1, 12});  // the upper rows
  put_record(image, LeaderBox{14, 2, 2, 2, 2, 6});    // a box of the lower ones
  put_record(image, LeaderBox{0, 5, 1, 5, 1, 5});
  for (const char* name : {"left", "right", "cat", "dog", "owl", "bee"}) {
    char field[kLeaderName] = {};
    std::strncpy(field, name, sizeof field - 1);
    put_record(image, field);
  }
  const Bytes picture = leader_picture();
  image.insert(image.end(), picture.begin(), picture.end());
  return image;
}

}  // namespace shoal
