#include "device/link/gaps.h"

namespace shoal {
namespace {

bool before(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }
bool used(const Range& r) { return r.begin != r.end; }

// The first range that ends at `begin` or behind.
uint32_t first_at(const Range* ranges, uint32_t most, uint32_t begin) {
  uint32_t i = 0;
  while (i < most && used(ranges[i]) && before(ranges[i].end, begin)) ++i;
  return i;
}

// Returns the first one from `i` on that begins behind `end`.
uint32_t first_behind(const Range* ranges, uint32_t most, uint32_t i,
                      uint32_t end) {
  while (i < most && used(ranges[i]) && !before(end, ranges[i].begin)) ++i;
  return i;
}

// Takes entries [from, to) away.
void remove(Range* ranges, uint32_t most, uint32_t from, uint32_t to) {
  while (to < most) ranges[from++] = ranges[to++];
  while (from < most) ranges[from++] = {0, 0};
}

}  // namespace

bool range_fits(const Range* ranges, uint32_t most, uint32_t begin,
                uint32_t end) {
  const uint32_t i = first_at(ranges, most, begin);
  if (first_behind(ranges, most, i, end) > i) return true;
  return most > 0 && !used(ranges[most - 1]);
}

bool find_hole(const Range* ranges, uint32_t most, uint32_t& begin,
               uint32_t& end) {
  for (uint32_t i = 0; i < most && used(ranges[i]); ++i) {
    const Range& r = ranges[i];
    if (!before(begin, r.end)) continue;
    if (before(begin, r.begin)) {
      if (before(r.begin, end)) end = r.begin;
      break;
    }
    begin = r.end;
  }
  return before(begin, end);
}

void add_range(Range* ranges, uint32_t most, uint32_t begin, uint32_t end) {
  const uint32_t i = first_at(ranges, most, begin);
  const uint32_t next = first_behind(ranges, most, i, end);
  if (next == i) {
    for (uint32_t j = most - 1; j > i; --j) ranges[j] = ranges[j - 1];
    ranges[i] = {begin, end};
    return;
  }
  Range& r = ranges[i];
  if (before(begin, r.begin)) r.begin = begin;
  r.end = ranges[next - 1].end;
  if (before(r.end, end)) r.end = end;
  remove(ranges, most, i + 1, next);
}

uint32_t take_ranges(Range* ranges, uint32_t most, uint32_t received) {
  const uint32_t next = first_behind(ranges, most, 0, received);
  if (next == 0) return received;
  const uint32_t end = ranges[next - 1].end;
  remove(ranges, most, 0, next);
  return before(received, end) ? end : received;
}

}  // namespace shoal
