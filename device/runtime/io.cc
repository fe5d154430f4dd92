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
  if (phase_ != Phase::kRun ||
      state_.head.ios[io].stage != state_.stage_index) {
    return nullptr;
  }
  return state_.ports.stage.ports + state_.head.ios[io].port;
}

// For row `row` of an input.
inline bool Node::has_place(const PortRecord& p, const BufferRecord& b,
                            uint32_t row) const {
  const int y = static_cast<int>(row);
  return state_.ports.rows_free(p, b, {y, y + 1});
}

uint32_t Node::push(uint32_t input, const uint8_t* data, uint32_t count) {
  if (!loaded() || input >= header().inputs) return 0;
  const PortRecord* p = current_port(input);
  if (!p) return 0;
  const BufferRecord& b = state_.ports.stage.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = state_.ports.passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = state_.head.ios[input];
  uint32_t pushed = 0;
  while (pushed < count && done < all && has_place(*p, b, done)) {
    if (data) {
      const Rows to = state_.ports.rows_of(io.port);
      const uint32_t pixel =
          static_cast<uint32_t>(to.channels) * io.element_bytes;
      const uint32_t step = static_cast<uint32_t>(to.stride) * io.element_bytes;
      copy_row(to.at(static_cast<int>(done)), step,
               data + size_t{pushed} * io.row_bytes, pixel, pixel, to.columns);
    }
    ++pushed, ++done;
    state_.ports.pass(io.port, static_cast<int>(done));
  }
  if (pushed) state_.schedule.wake_readers(b);
  if (done == all) --state_.schedule.pending;
  return pushed;
}

[[gnu::cold]] uint32_t Node::take(uint32_t output, uint8_t* data,
                                  uint32_t count) {
  if (!loaded() || output >= header().outputs) return 0;
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return 0;
  const BufferRecord& b = state_.ports.stage.buffers[p->buffer];
  const uint32_t all = static_cast<uint32_t>(rows(*p));
  uint32_t done = state_.ports.passed(b, *p) - p->y0;
  if (done >= all) return 0;
  const IoEntry& io = state_.head.ios[index];
  const Rows from = state_.ports.rows_of(io.port);
  const uint32_t pixel =
      static_cast<uint32_t>(from.channels) * io.element_bytes;
  const uint32_t step = static_cast<uint32_t>(from.stride) * io.element_bytes;
  uint32_t taken = 0;
  const uint32_t ready = state_.ports.readable(b);
  while (taken < count && done < all && ready > p->y0 + done) {
    if (data) {
      copy_row(data + size_t{taken} * io.row_bytes, pixel,
               from.at(static_cast<int>(done)), step, pixel, from.columns);
    }
    ++taken, ++done;
  }
  if (!taken) return 0;
  state_.ports.pass(io.port, static_cast<int>(done));
  state_.schedule.wake_writers(b);
  if (done == all) --state_.schedule.pending;
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
  const BufferRecord& b = state_.ports.stage.buffers[p->buffer];
  const uint32_t row = state_.ports.passed(b, *p) - p->y0;
  if (row >= p->row_count || !has_place(*p, b, row)) return {};
  const IoEntry& io = state_.head.ios[input];
  return place_of(state_.ports.rows_of(io.port), row, io.element_bytes);
}

shoal_row Node::output_row(uint32_t output) const {
  if (!loaded() || output >= header().outputs) return {};
  const uint32_t index = header().inputs + output;
  const PortRecord* p = current_port(index);
  if (!p) return {};
  const BufferRecord& b = state_.ports.stage.buffers[p->buffer];
  const uint32_t first = p->y0, row = state_.ports.passed(b, *p) - first;
  if (row >= p->row_count || state_.ports.readable(b) <= first + row) return {};
  const IoEntry& io = state_.head.ios[index];
  return place_of(state_.ports.rows_of(io.port), row, io.element_bytes);
}

}  // namespace shoal
