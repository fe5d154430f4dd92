// Inside the depthwise kernels for Helium: eight channels, spread by scattered
// stores into a line for each.
#pragma once

#include "device/kernels/kernels.h"
#include "device/kernels/mve_vectors.h"

namespace shoal {

constexpr int kMveLanes = 8;       // channels
constexpr int kMveMostTaps = 64;   // of a window
constexpr int kMveLine = 96;       // bytes of input of a channel, at most
constexpr int kMveLineStep = 112;  // loads of whole vectors read behind it

// Returns whether mve_depthwise_3x3 can make this.
bool mve_depthwise_takes(const ConvArgs&);
// All rows of the call. False: channels that do not round alike are left
// (mve_rounds_alike, eight by eight).
bool mve_depthwise_3x3(const ConvArgs&);

// Columns, some of which may be padding: `left` and `right` of them lie
// outside.
struct MveColumns {
  int left, inside, right;
  int first;  // that lies inside
};
inline MveColumns mve_columns(const ConvArgs& a, int x, int count) {
  MveColumns c{};
  if (x < 0) c.left = -x < count ? -x : count;
  c.first = x + c.left;
  const int rest = count - c.left, room = a.in_w - c.first;
  c.inside = room < rest ? room > 0 ? room : 0 : rest;
  c.right = rest - c.inside;
  return c;
}

// A row of eight channels; `row` points at column 0, or is null. Columns lie
// `apart` bytes apart.
void mve_put_row(const ConvArgs&, MveColumns, const int8_t* row, int apart,
                 Places at, int8_t* to);

// Returns whether the sums of eight channels are all shifted to the right, or
// none, which rounds once.
inline bool mve_rounds_alike(const int8_t* shifts) {
  uint32_t some[2];
  std::memcpy(some, shifts, sizeof some);
  return (some[0] & some[1] & 0x80808080) == 0x80808080 ||
         (some[0] | some[1]) == 0;
}
static_assert(kMveLanes == 8);

// The first of the eight channels at o, or of the last eight, rather than
// fewer.
inline int mve_eight_at(const ConvArgs& a, int o) {
  return o > a.channels - kMveLanes ? a.channels - kMveLanes : o;
}

}  // namespace shoal
