// The image that a node that starts frames gets in place of a program: the
// nodes that compute, the boxes of the picture that each gets, the boxes of the
// result that each gives, the picture itself, the names of nodes and classes.
// spec/stores.md has the same bytes in prose;
// host/engine/workers/leader_image.cc writes them.
//
//   LeaderHeader, PeerEntry[peers], TargetRecord[targets],
//   StreamRecord[streams], LeaderBox[targets + streams], names of the peers and
//   classes (kLeaderName bytes each, zeros behind them), picture
//
// All numbers are little-endian.
#pragma once

#include "device/base/status.h"
#include "device/program/image.h"

namespace shoal {

inline constexpr uint32_t kLeaderMagic = 0x4C4C4853;  // "SHLL"
inline constexpr uint16_t kLeaderVersion = 1;
inline constexpr uint32_t kLeaderName = 32;
inline constexpr uint32_t kMostLeaderEnds = 1024;       // targets, or streams
inline constexpr uint32_t kMostLeaderTensor = 1 << 24;  // bytes of one

struct LeaderHeader {
  uint32_t magic;
  uint16_t version;
  uint16_t peers;  // nodes that get boxes of the picture or give some back
  uint16_t targets, streams;
  uint16_t window, gaps;  // of the link, for each peer and stream
  uint32_t arithmetic;
  uint32_t bytes;  // of the image
  uint32_t picture_bytes, output_bytes;
  uint32_t classes;
  uint32_t every_ms;  // between two frames; 0: there is one
};
static_assert(sizeof(LeaderHeader) == 40);

// Runs of bytes of a tensor, one after another: what a box is in row order.
struct LeaderBox {
  uint32_t first;  // byte of the tensor
  uint32_t run;    // bytes in one piece
  uint32_t runs;   // of a row
  uint32_t step;   // from one to the next
  uint32_t rows;
  uint32_t row_step;
};
static_assert(sizeof(LeaderBox) == 24);
constexpr uint32_t box_bytes(const LeaderBox& b) {
  return b.run * b.runs * b.rows;
}
// Returns where byte n of the box lies, and how many behind it lie there in one
// piece.
constexpr uint32_t box_place(const LeaderBox& b, uint32_t n, uint32_t& run) {
  const uint32_t inside = n % b.run, number = n / b.run;
  run = b.run - inside;
  return b.first + number / b.runs * b.row_step + number % b.runs * b.step +
         inside;
}

struct LeaderLayout {
  uint32_t peers, targets, streams, boxes, names, classes, picture, bytes;
};
constexpr LeaderLayout leader_layout(const LeaderHeader& h) {
  LeaderLayout l{};
  l.peers = sizeof(LeaderHeader);
  l.targets = l.peers + h.peers * uint32_t{sizeof(PeerEntry)};
  l.streams = l.targets + h.targets * uint32_t{sizeof(TargetRecord)};
  l.boxes = l.streams + h.streams * uint32_t{sizeof(StreamRecord)};
  l.names = l.boxes + (h.targets + h.streams) * uint32_t{sizeof(LeaderBox)};
  l.classes = l.names + h.peers * kLeaderName;
  l.picture = l.classes + h.classes * kLeaderName;
  l.bytes = l.picture + h.picture_bytes;
  return l;
}

// Checks the header against the `bytes` that are there. Returns kBadMagic,
// kBadVersion, kBadArithmetic, kTooShort or kBadRecord.
Status check_leader(const LeaderHeader&, uint32_t bytes);
// Checks the tables as they are there, behind a header that was checked.
bool check_leader_tables(const LeaderHeader&, const PeerEntry*,
                         const TargetRecord*, const StreamRecord*,
                         const LeaderBox*);

}  // namespace shoal
