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

const PortRecord* Node::current_port(uint32_t io) const {
  if (phase_ != Phase::kRun || head_.ios[io].stage != stage_index_) {
    return nullptr;
  }
  return ports_.stage.ports + head_.ios[io].port;
}

uint32_t Node::push(uint32_t input, const uint8_t* data, uint32_t count) {
  if (!loaded() || input >= header().inputs) return 0;
  const PortRecord* p = current_port(input);
  if (!p) return 0;
  const BufferRecord& b = ports_.stage.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = ports_.passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = head_.ios[input];
  const Rows to = ports_.rows_of(io.port);
  const uint32_t pixel = static_cast<uint32_t>(to.channels) * io.element_bytes;
  const uint32_t step = static_cast<uint32_t>(to.stride) * io.element_bytes;
  uint32_t pushed = 0;
  while (pushed < count && done < all &&
         ports_.writable(b, p->y0 + done) > p->y0 + done) {
    if (data) {
      copy_row(to.at(static_cast<int>(done)), step,
               data + size_t{pushed} * io.row_bytes, pixel, pixel, to.columns);
    }
    ++pushed, ++done;
    ports_.pass(io.port, static_cast<int>(done));
  }
  if (pushed) schedule_.wake_readers(b);
  if (done == all) --schedule_.pending;
  return pushed;
}

uint32_t Node::take(uint32_t output, uint8_t* data, uint32_t count) {
  if (!loaded() || output >= header().outputs) return 0;
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return 0;
  const BufferRecord& b = ports_.stage.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = ports_.passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = head_.ios[index];
  const Rows from = ports_.rows_of(io.port);
  const uint32_t pixel =
      static_cast<uint32_t>(from.channels) * io.element_bytes;
  const uint32_t step = static_cast<uint32_t>(from.stride) * io.element_bytes;
  uint32_t taken = 0;
  const uint32_t ready = ports_.readable(b);
  while (taken < count && done < all && ready > p->y0 + done) {
    if (data) {
      copy_row(data + size_t{taken} * io.row_bytes, pixel,
               from.at(static_cast<int>(done)), step, pixel, from.columns);
    }
    ++taken, ++done;
  }
  if (!taken) return 0;
  ports_.pass(io.port, static_cast<int>(done));
  schedule_.wake_writers(b);
  if (done == all) --schedule_.pending;
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
  const BufferRecord& b = ports_.stage.buffers[p->buffer];
  const uint32_t row = ports_.passed(b, *p);
  if (row >= p->y1 || ports_.writable(b, row) <= row) return {};
  const IoEntry& io = head_.ios[input];
  return place_of(ports_.rows_of(io.port), row - p->y0, io.element_bytes);
}

shoal_row Node::output_row(uint32_t output) const {
  if (!loaded() || output >= header().outputs) return {};
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return {};
  const BufferRecord& b = ports_.stage.buffers[p->buffer];
  const uint32_t row = ports_.passed(b, *p);
  if (row >= p->y1 || ports_.readable(b) <= row) return {};
  const IoEntry& io = head_.ios[index];
  return place_of(ports_.rows_of(io.port), row - p->y0, io.element_bytes);
}

}  // namespace shoal
