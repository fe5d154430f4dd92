#include "device/runtime/ports.h"

#include <cstring>

namespace shoal {
namespace {

// Calls copy(place, bytes) for each run of bytes of the rows' box that lies
// together in memory, from byte `at` of its frame on.
template <class Copy>
void for_runs(const Rows& rows, uint32_t element_bytes, uint32_t at,
              uint32_t bytes, const Copy& copy) {
  const uint32_t pixel = static_cast<uint32_t>(rows.channels) * element_bytes;
  const uint32_t step = static_cast<uint32_t>(rows.stride) * element_bytes;
  const uint32_t row = static_cast<uint32_t>(rows.columns) * pixel;
  const uint32_t whole = step == pixel ? row : pixel;
  while (bytes > 0) {
    const uint32_t y = at / row, in_row = at % row;
    const uint32_t left = row - in_row < bytes ? row - in_row : bytes;
    uint32_t skip = in_row % whole;
    uint8_t* place = rows.at(static_cast<int>(y)) + in_row / whole * step;
    for (uint32_t done = 0; done < left;) {
      const uint32_t run =
          whole - skip < left - done ? whole - skip : left - done;
      copy(place + skip, run);
      done += run, place += step, skip = 0;
    }
    at += left, bytes -= left;
  }
}

}  // namespace

uint32_t Ports::readable(const BufferRecord& b) const {
  return least_passed(b, stage.ports + b.first_port, b.writers);
}

uint32_t Ports::writable(const BufferRecord& b, uint32_t from) const {
  const PortRecord* port = stage.ports + b.first_port;
  uint32_t rows = least_passed(b, port + b.writers, b.readers);
  // A row that a reader skips may still be on its way to the slot.
  if (b.writers > 1 && b.readers > 0) {
    const uint32_t p = readable(b);
    if (p < rows) rows = p;
  }
  if (b.readers > 0) rows += b.slots;
  return b.overlay == kNone ? rows : above_overlay(b, from, rows);
}

// Returns how many of `rows` rows are clear of the rows of the buffer below.
uint32_t Ports::above_overlay(const BufferRecord& b, uint32_t from,
                              uint32_t rows) const {
  const BufferRecord& under = stage.buffers[b.overlay];
  const uint32_t under_end = under.offset + under.rows * under.row_bytes;
  if (b.offset + from * b.row_bytes >= under_end) return rows;
  // Rows that its readers skip may still be on their way, too.
  uint32_t released =
      readable(under) < under.rows ? readable(under) : under.rows;
  const uint32_t p = least_passed(
      under, stage.ports + under.first_port + under.writers, under.readers);
  if (p < released) released = p;
  if (released == under.rows) return rows;
  const uint32_t limit = under.offset + released * under.row_bytes;
  const uint32_t above =
      limit > b.offset ? (limit - b.offset) / b.row_bytes : 0;
  return above < rows ? above : rows;
}

Rows Ports::rows_of(uint16_t port) const {
  Rows r;
  find_rows(port, r);
  return r;
}

// The buffer's next frame begins. Long before cursors overflow all of them
// move back by whole turns of the ring, so that every row keeps its slot.
[[gnu::cold]] void Ports::rebase(const BufferRecord& b) {
  uint32_t& base = cursors[b.base];
  base += b.rows;
  if (base < 0x40000000) return;
  const uint32_t turns = base / b.slots * b.slots;
  base -= turns;
  for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
    cursors[stage.ports[b.first_port + p].cursor] -= turns;
  }
}

[[gnu::cold]] void Ports::restart(const BufferRecord& b) {
  for (uint32_t p = 0; p < uint32_t{b.writers} + b.readers; ++p) {
    const PortRecord& port = stage.ports[b.first_port + p];
    cursors[port.cursor] = base(b) + port.y0;
  }
}

uint32_t Ports::row_bytes(const PortRecord& p) const {
  return static_cast<uint32_t>(columns(p) * channels(p)) *
         stage.buffers[p.buffer].element_bytes;
}

// Returns the ready bytes of the box, from the frame's first byte on.
uint32_t Ports::bytes_ready(const PortRecord& p) const {
  const BufferRecord& b = stage.buffers[p.buffer];
  const uint32_t made = passed(b, p) < p.y1() ? readable(b) : p.y1();
  const uint32_t end = made < p.y1() ? made : p.y1();
  return (end > p.y0 ? end - p.y0 : 0) * row_bytes(p);
}

uint32_t Ports::bytes_free(const PortRecord& p) const {
  const BufferRecord& b = stage.buffers[p.buffer];
  const uint32_t next = passed(b, p);
  uint32_t end = next < p.y1() ? writable(b, next) : p.y1();
  // A slot is of one row at a time even where nobody reads the rows between: a
  // row behind a gap would be written over by one before it.
  if (end > next + b.slots) end = next + b.slots;
  if (end > p.y1()) end = p.y1();
  if (end < p.y0) end = p.y0;
  return (end - p.y0) * row_bytes(p);
}

[[gnu::cold]] uint32_t Ports::bytes_free_first(const PortRecord& p) const {
  const BufferRecord& b = stage.buffers[p.buffer];
  uint32_t end = p.y0 + b.slots;
  const PortRecord* port = stage.ports + b.first_port;
  const bool shared = b.writers > 1 && b.readers > 0;
  for (uint32_t i = shared ? 0 : b.writers; i < uint32_t{b.writers} + b.readers;
       ++i) {
    const uint32_t rows = port[i].y0 + b.slots;
    if (rows < end) end = rows;
  }
  if (end > p.y1()) end = p.y1();
  return (end > p.y0 ? end - p.y0 : 0) * row_bytes(p);
}

// Bytes of the port's box from byte `at` of its frame on.
[[gnu::cold]] void Ports::copy_from(uint16_t port, uint32_t at, uint8_t* to,
                                    uint32_t bytes) const {
  const BufferRecord& b = stage.buffers[stage.ports[port].buffer];
  for_runs(rows_of(port), b.element_bytes, at, bytes,
           [&](const uint8_t* from, uint32_t run) {
             std::memcpy(to, from, run);
             to += run;
           });
}

[[gnu::cold]] void Ports::copy_to(uint16_t port, uint32_t at,
                                  const uint8_t* from, uint32_t bytes) const {
  const BufferRecord& b = stage.buffers[stage.ports[port].buffer];
  for_runs(rows_of(port), b.element_bytes, at, bytes,
           [&](uint8_t* to, uint32_t run) {
             std::memcpy(to, from, run);
             from += run;
           });
}

}  // namespace shoal
