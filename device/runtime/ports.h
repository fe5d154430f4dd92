// The ports of the stage under way: which of its rows are there, which places
// are free, and where they lie. Moves cursors and bytes; whom that wakes is
// its user's business.
//
// A port's cursor is the next row that it has not passed, counted over all
// frames since base(). Byte offsets are those of the port's box, row after row,
// from the first byte of the frame under way.
#pragma once

#include "device/program/actor.h"

namespace shoal {

// Rows of a port in the arena. Row y of the port's box lies at row(y).
struct Rows {
  uint8_t* memory;     // slot 0, at the box's first column and channel
  uint32_t row_bytes;  // from slot to slot
  uint32_t slots;
  uint32_t first;  // number of the box's row 0, counted as cursors are
  int stride;      // elements from pixel to pixel
  int rows, columns, channels;

  uint8_t* at(int y) const {
    uint32_t slot = first + static_cast<uint32_t>(y);
    if (slot >= slots) slot %= slots;
    return memory + slot * row_bytes;
  }
  const int8_t* bytes(int y) const {
    return reinterpret_cast<const int8_t*>(at(y));
  }
};

struct Ports {
  StageView stage;
  uint8_t* arena = nullptr;
  uint32_t* cursors = nullptr;
  uint32_t frames = 0;  // that have ended

  uint32_t base(const BufferRecord& b) const {
    return b.base == kNone ? 0 : cursors[b.base];
  }
  uint32_t passed(const BufferRecord& b, const PortRecord& p) const {
    return cursors[p.cursor] - base(b);
  }

  // Rows below this have been made; rows below this may be written, of which
  // those from `from` on are asked for.
  uint32_t readable(const BufferRecord&) const;
  uint32_t made(const BufferRecord&) const;  // the same, for one writer quickly
  uint32_t writable(const BufferRecord&, uint32_t from) const;
  bool rows_ready(uint16_t port, RowRange) const;
  bool rows_free(uint16_t port, RowRange) const;
  bool rows_free(const PortRecord&, const BufferRecord&, RowRange) const;
  // Moves the port to `count` rows of its box; false: it was there before.
  bool pass(uint16_t port, int count) {
    const PortRecord& p = stage.ports[port];
    return pass(p, stage.buffers[p.buffer], count);
  }
  bool pass(const PortRecord&, const BufferRecord&, int count);
  // The next frame's rows of a buffer that is kept come next.
  void rebase(const BufferRecord&);
  // The frame's rows of a buffer that is kept come again.
  void restart(const BufferRecord&);

  void find_rows(uint16_t port, Rows& to) const;
  Rows rows_of(uint16_t port) const;
  uint32_t row_bytes(const PortRecord&) const;
  uint32_t frame_bytes(const PortRecord& p) const {
    return static_cast<uint32_t>(rows(p)) * row_bytes(p);
  }
  // Returns the absolute offset of the frame's first byte.
  uint32_t start_of(const PortRecord& p) const {
    return frames * frame_bytes(p);
  }
  uint32_t bytes_ready(const PortRecord&) const;
  uint32_t bytes_free(const PortRecord&) const;
  // Returns the same when the stage begins.
  uint32_t bytes_free_first(const PortRecord&) const;
  void copy_from(uint16_t port, uint32_t at, uint8_t* to, uint32_t bytes) const;
  void copy_to(uint16_t port, uint32_t at, const uint8_t* from,
               uint32_t bytes) const;

 private:
  // Returns the least that `count` ports of a buffer have passed, or all rows
  // there are.
  uint32_t least_passed(const BufferRecord&, const PortRecord*,
                        uint32_t count) const;
  uint32_t above_overlay(const BufferRecord&, uint32_t from,
                         uint32_t rows) const;
};

// This runs several times a firing.
inline uint32_t Ports::least_passed(const BufferRecord& b,
                                    const PortRecord* port,
                                    uint32_t count) const {
  uint32_t rows = 0xFFFFFFFF;
  const uint32_t first = base(b);
  for (const PortRecord* end = port + count; port != end; ++port) {
    const uint32_t p = cursors[port->cursor] - first;
    if (p < rows) rows = p;
  }
  return rows;
}

inline uint32_t Ports::made(const BufferRecord& b) const {
  const PortRecord* const first = stage.ports + b.first_port;
  if (kPlainActors && b.writers == 1) return passed(b, *first);
  return least_passed(b, first, b.writers);
}

inline bool Ports::rows_ready(uint16_t port, RowRange r) const {
  if (r.hi <= r.lo) return true;
  const PortRecord& p = stage.ports[port];
  return made(stage.buffers[p.buffer]) >= p.y0 + static_cast<uint32_t>(r.hi);
}

inline bool Ports::rows_free(const PortRecord& p, const BufferRecord& b,
                             RowRange r) const {
  const uint32_t end = p.y0 + static_cast<uint32_t>(r.hi);
  if (kPlainActors && b.writers == 1 && b.readers == 1 && b.overlay == kNone) {
    return passed(b, stage.ports[b.first_port + 1u]) + b.slots >= end;
  }
  return writable(b, p.y0 + static_cast<uint32_t>(r.lo)) >= end;
}

inline bool Ports::rows_free(uint16_t port, RowRange r) const {
  const PortRecord& p = stage.ports[port];
  return rows_free(p, stage.buffers[p.buffer], r);
}

// A finished port stands where the next frame begins, so that no other port
// waits for it.
inline bool Ports::pass(const PortRecord& p, const BufferRecord& b, int count) {
  const uint32_t row =
      base(b) + p.y0 +
      (count >= rows(p) ? uint32_t{b.rows} : static_cast<uint32_t>(count));
  uint32_t& cursor = cursors[p.cursor];
  const bool moves = cursor != row;
  cursor = row;
  return moves;
}

inline void Ports::find_rows(uint16_t port, Rows& r) const {
  const PortRecord& p = stage.ports[port];
  const BufferRecord& b = stage.buffers[p.buffer];
  const uint32_t pixel = uint32_t{p.x0} * b.channels + p.c0;
  r.memory = arena + b.offset + pixel * b.element_bytes;
  if (b.flags & kBufferVariable && frames & 1) {
    const uint32_t stride = variable_stride(b.rows * b.row_bytes);
    r.memory = p.is_read ? r.memory + stride : r.memory - stride;
  }
  r.row_bytes = b.row_bytes;
  r.slots = b.slots;
  r.first = base(b) + p.y0;
  r.stride = b.channels;
  r.rows = shoal::rows(p);
  r.columns = shoal::columns(p);
  r.channels = shoal::channels(p);
}

}  // namespace shoal
