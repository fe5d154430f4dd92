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
// `starts`: with what each node runs, and a plan for the loss of the second
// one, in which the first one has the upper rows and gives the result.
inline Bytes small_leader_image(uint32_t every_ms, bool starts = false) {
  LeaderPlan plans[2] = {{0, 2, 2, 1, 0, 0}, {0, 1, 1, 1, 1, 1}};
  if (starts) plans[0].roles = 2, plans[0].links = 2;
  LeaderHeader h{};
  h.magic = kLeaderMagic;
  h.version = kLeaderVersion;
  h.nodes = 2;
  h.plans = starts ? 2 : 1;
  h.window = 4;
  h.gaps = 2;
  h.lease_ms = 1000;
  h.arithmetic = kArithmetic;
  h.picture_bytes = 24;
  h.output_bytes = 5;
  h.classes = 4;
  h.every_ms = every_ms;
  h.bytes = leader_layout(h).tables;
  for (uint16_t i = 0; i < h.plans; ++i) {
    plans[i].at = h.bytes;
    h.bytes += leader_tables(plans[i]).bytes;
  }
  h.bytes += h.picture_bytes;
  Bytes image;
  put_record(image, h);
  for (uint16_t i = 0; i < h.plans; ++i) put_record(image, plans[i]);
  for (const uint16_t i : {uint16_t{0}, uint16_t{1}}) {
    LeaderNode node{};
    node.address = i + 1u;
    std::strncpy(node.name, i == 0 ? "left" : "right", sizeof node.name - 1);
    if (starts) node.fallback = i;
    put_record(image, node);
  }
  for (const char* name : {"cat", "dog", "owl", "bee"}) {
    char field[kLeaderName] = {};
    std::strncpy(field, name, sizeof field - 1);
    put_record(image, field);
  }
  for (uint16_t p = 0; p < h.plans; ++p) {
    for (uint16_t i = 0; i < plans[p].peers; ++i)
      put_record(image, PeerEntry{i, 4, 100});
    for (uint16_t i = 0; i < plans[p].targets; ++i)
      put_record(image, TargetRecord{i, 3});
    const auto last = static_cast<uint16_t>(plans[p].peers - 1);
    put_record(image, StreamRecord{kNone, 0, last, 7, 0, 0});
    put_record(image, LeaderBox{0, 12, 1, 12, 1, 12});  // the upper rows
    if (p == 0) put_record(image, LeaderBox{14, 2, 2, 2, 2, 6});  // lower ones
    put_record(image, LeaderBox{0, 5, 1, 5, 1, 5});
    for (uint16_t i = 0; i < plans[p].roles; ++i) {
      put_record(image, LeaderRole{{}, 0, 1000, 100, i, 1, 0});
    }
    for (uint16_t i = 0; i < plans[p].roles; ++i)
      put_record(image, kCoordinator);
  }
  const Bytes picture = leader_picture();
  image.insert(image.end(), picture.begin(), picture.end());
  return image;
}

}  // namespace shoal
