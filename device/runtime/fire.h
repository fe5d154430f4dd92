// One slice of a firing, ready for its kernel: which rows, columns and
// channels, where they lie, and the weights.
#pragma once

#include "device/program/halves.h"
#include "device/runtime/schedule.h"

namespace shoal {

struct Slice {
  const ActorRecord* actor;
  Rows in[2], partial, out;
  int lo, hi;        // output rows
  int ky_lo, ky_hi;  // kernel rows
  int x0, x1;        // output columns
  int out0, out_n;   // channels of the out rows (kConstant: rows)
  int in0, in_n;     // channels of the in rows
  // The first starts from the bias or `partial`, the others from the sums;
  // the last ends in the out rows, the others in the sums.
  bool first, last;
  // Weights of four bits begin `first_weight` weights behind that.
  const int8_t* weights;
  int first_weight;
  int8_t* room;  // that they are unpacked into
  int weight_stride;
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  int32_t* sums;  // of row sums_row; int64 of wide convolutions
  int sums_row;
  const int32_t* params;
  const uint16_t* maps;
};

// One core's part of a slice: the columns or channels below `at`, or the
// others.
struct SlicePart {
  Axis axis = Axis::kNone;  // kNone: all of them
  int at = 0;
  bool second = false;
};

// The same, of a plain actor (program/actor.h), and all of one group of
// channels.
struct PlainSlice {
  const Ports& ports;
  const FiringEnds& ends;
  const ActorRecord& actor;
  const ChunkRecord& chunk;
  const uint8_t* bytes;  // of the chunk
  int lo, hi;            // output rows
  int slice;             // of the actor's
#if defined(SHOAL_TWO_CORES)
  SlicePart part = {};
#endif
};
#if defined(SHOAL_TWO_CORES)
inline SlicePart part_of(const PlainSlice& s) { return s.part; }
#else
constexpr SlicePart part_of(const PlainSlice&) { return {}; }
#endif

}  // namespace shoal
