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
  uint32_t writable(const BufferRecord&, uint32_t from) const;
  bool rows_ready(uint16_t port, RowRange) const;
  bool rows_free(uint16_t port, RowRange) const;
  // `count` rows of the port's box have been passed.
  void pass(uint16_t port, int count);
  // The next frame's rows of a buffer that is kept come next.
  void rebase(const BufferRecord&);
  // The frame's rows of a buffer that is kept come again.
  void restart(const BufferRecord&);

  void find_rows(uint16_t port, Rows& to) const;
  Rows rows_of(uint16_t port) const {
    Rows r;
    find_rows(port, r);
    return r;
  }
  uint32_t row_bytes(const PortRecord&) const;
  uint32_t frame_bytes(const PortRecord& p) const {
    return static_cast<uint32_t>(rows(p)) * row_bytes(p);
  }
  // The absolute offset of the frame's first byte.
  uint32_t start_of(const PortRecord& p) const {
    return frames * frame_bytes(p);
  }
  uint32_t bytes_ready(const PortRecord&) const;
  uint32_t bytes_free(const PortRecord&) const;
  // The same when the stage begins.
  uint32_t bytes_free_first(const PortRecord&) const;
  void copy_from(uint16_t port, uint32_t at, uint8_t* to, uint32_t bytes) const;
  void copy_to(uint16_t port, uint32_t at, const uint8_t* from,
               uint32_t bytes) const;
};

}  // namespace shoal
