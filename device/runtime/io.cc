#include <cstring>

#include "device/runtime/node.h"

namespace shoal {
namespace {

// Copies `count` elements of `bytes` each pixel between a packed row and a
// row in the arena whose pixels lie `stride` bytes apart.
void copy_row(uint8_t* to, uint32_t to_step, const uint8_t* from,
              uint32_t from_step, uint32_t pixel_bytes, int pixels) {
  if (to_step == pixel_bytes && from_step == pixel_bytes) {
    std::memcpy(to, from, pixel_bytes * static_cast<uint32_t>(pixels));
    return;
  }
  for (int x = 0; x < pixels; ++x, to += to_step, from += from_step) {
    std::memcpy(to, from, pixel_bytes);
  }
}

}  // namespace

Rows Node::rows_of(uint16_t port) const {
  const PortRecord& p = stage_.ports[port];
  const BufferRecord& b = stage_.buffers[p.buffer];
  const uint32_t pixel = uint32_t{p.x0} * b.channels + p.c0;
  Rows r;
  r.memory = arena_ + b.offset + pixel * b.element_bytes;
  r.row_bytes = b.row_bytes;
  r.slots = b.slots;
  r.first = base(b) + p.y0;
  r.stride = b.channels;
  r.rows = shoal::rows(p);
  r.columns = shoal::columns(p);
  r.channels = shoal::channels(p);
  return r;
}

const PortRecord* Node::current_port(uint32_t io) const {
  if (phase_ != Phase::kRun || head_.ios[io].stage != stage_index_) {
    return nullptr;
  }
  return stage_.ports + head_.ios[io].port;
}

uint32_t Node::push(uint32_t input, const uint8_t* data, uint32_t count) {
  if (!loaded() || input >= header().inputs) return 0;
  const PortRecord* p = current_port(input);
  if (!p) return 0;
  const BufferRecord& b = stage_.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = head_.ios[input];
  const Rows to = rows_of(io.port);
  const uint32_t pixel = static_cast<uint32_t>(to.channels) * io.element_bytes;
  const uint32_t step = static_cast<uint32_t>(to.stride) * io.element_bytes;
  uint32_t pushed = 0;
  while (pushed < count && done < all &&
         writable(b, p->y0 + done) > p->y0 + done) {
    if (data) {
      copy_row(to.at(static_cast<int>(done)), step,
               data + size_t{pushed} * io.row_bytes, pixel, pixel, to.columns);
    }
    ++pushed, ++done;
    pass(io.port, static_cast<int>(done));
  }
  if (pushed) wake_readers(b);
  if (done == all) --pending_;
  return pushed;
}

uint32_t Node::take(uint32_t output, uint8_t* data, uint32_t count) {
  if (!loaded() || output >= header().outputs) return 0;
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return 0;
  const BufferRecord& b = stage_.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = head_.ios[index];
  const Rows from = rows_of(io.port);
  const uint32_t pixel =
      static_cast<uint32_t>(from.channels) * io.element_bytes;
  const uint32_t step = static_cast<uint32_t>(from.stride) * io.element_bytes;
  uint32_t taken = 0;
  const uint32_t ready = readable(b);
  while (taken < count && done < all && ready > p->y0 + done) {
    if (data) {
      copy_row(data + size_t{taken} * io.row_bytes, pixel,
               from.at(static_cast<int>(done)), step, pixel, from.columns);
    }
    ++taken, ++done;
  }
  if (!taken) return 0;
  pass(io.port, static_cast<int>(done));
  wake_writers(b);
  if (done == all) --pending_;
  return taken;
}

namespace {

shoal_row place_of(const Rows& rows, uint32_t row, uint32_t element_bytes) {
  const uint32_t pixel = static_cast<uint32_t>(rows.channels) * element_bytes;
  const uint32_t step = static_cast<uint32_t>(rows.stride) * element_bytes;
  const uint32_t pixels = static_cast<uint32_t>(rows.columns);
  uint8_t* const data = rows.at(static_cast<int>(row));
  if (step == pixel) return {data, 1, pixel * pixels, pixel * pixels};
  return {data, pixels, pixel, step};
}

}  // namespace

shoal_row Node::input_row(uint32_t input) const {
  if (!loaded() || input >= header().inputs) return {};
  const PortRecord* p = current_port(input);
  if (!p) return {};
  const BufferRecord& b = stage_.buffers[p->buffer];
  const uint32_t row = passed(b, *p);
  if (row >= p->y1 || writable(b, row) <= row) return {};
  const IoEntry& io = head_.ios[input];
  return place_of(rows_of(io.port), row - p->y0, io.element_bytes);
}

shoal_row Node::output_row(uint32_t output) const {
  if (!loaded() || output >= header().outputs) return {};
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return {};
  const BufferRecord& b = stage_.buffers[p->buffer];
  const uint32_t row = passed(b, *p);
  if (row >= p->y1 || readable(b) <= row) return {};
  const IoEntry& io = head_.ios[index];
  return place_of(rows_of(io.port), row - p->y0, io.element_bytes);
}

}  // namespace shoal
