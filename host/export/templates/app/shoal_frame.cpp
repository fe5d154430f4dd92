// The node of this project: its memory, and frames through it.
#include "shoal_frame.h"

#include "shoal_program.h"

namespace shoal_app {

shoal_node node;

namespace {

alignas(16) SHOAL_ARENA_PLACE uint8_t arena[SHOAL_ARENA_BYTES];

// Rows go between the ends and the arena, in place.
class Frame {
 public:
  Frame(const shoal_port& port, const Ends& ends) : port_(port), ends_(ends) {}

  // SHOAL_WAIT: fill() has given up.
  shoal_status run() {
    const uint32_t before = shoal_frames(&node);
    while (!taken() || shoal_frames(&node) == before) {
      bool moved = false;
      if (!push(moved)) return SHOAL_WAIT;
      const shoal_status status = shoal_step(&node);
      if (status < SHOAL_OK) return status;
      take(moved);
      if (status == SHOAL_WAIT && !moved && port_.wait_for_interrupt) {
        port_.wait_for_interrupt(port_.user);
      }
    }
    return SHOAL_OK;
  }

 private:
  bool push(bool& moved) {
    for (uint32_t i = 0; i < SHOAL_INPUTS; ++i) {
      const shoal_io_info info = shoal_input_info(&node, i);
      if (pushed_[i] == info.rows) continue;
      const shoal_row row = shoal_input_row(&node, i);
      if (!row.data) continue;
      for (uint32_t p = 0; p < row.pieces; ++p) {
        const uint32_t offset =
            pushed_[i] * info.row_bytes + p * row.piece_bytes;
        if (!ends_.fill(ends_.user, i, offset, row.data + p * row.step_bytes,
                        row.piece_bytes)) {
          return false;
        }
      }
      pushed_[i] += shoal_push_rows(&node, i, nullptr, 1);
      moved = true;
    }
    return true;
  }

  void take(bool& moved) {
    for (uint32_t o = 0; o < SHOAL_OUTPUTS; ++o) {
      const shoal_io_info info = shoal_output_info(&node, o);
      const shoal_row row = shoal_output_row(&node, o);
      if (!row.data) continue;
      for (uint32_t p = 0; p < row.pieces; ++p) {
        ends_.give(ends_.user, o,
                   taken_[o] * info.row_bytes + p * row.piece_bytes,
                   row.data + p * row.step_bytes, row.piece_bytes);
      }
      taken_[o] += shoal_take_rows(&node, o, nullptr, 1);
      moved = true;
    }
  }

  bool taken() const {
    for (uint32_t o = 0; o < SHOAL_OUTPUTS; ++o) {
      if (taken_[o] < shoal_output_info(&node, o).rows) return false;
    }
    return true;
  }

  const shoal_port& port_;
  const Ends& ends_;
  uint32_t pushed_[SHOAL_INPUTS] = {}, taken_[SHOAL_OUTPUTS] = {};
};

}  // namespace

void say_refused(const shoal_port& port, shoal_status status) {
  const shoal_fault why = shoal_last_fault(&node);
  Line line(port);
  line << "refused: " << shoal_status_text(status);
  if (why.status == status && why.stage != 0xFFFF) {
    line << " (stage " << uint64_t{why.stage} << ", table "
         << uint64_t{why.table} << ", entry " << uint64_t{why.index} << ")";
  }
}

bool open_program(const shoal_port& port) {
  if (reinterpret_cast<uintptr_t>(shoal_program_image) % 16 != 0) {
    Line(port) << "refused: the program does not lie at a multiple of 16";
    return false;
  }
  shoal_config config{};
  config.image = shoal_program_image;
  config.image_bytes = SHOAL_IMAGE_BYTES;
  shoal_status status = shoal_open(&node, &config, arena, sizeof arena);
  while (status >= SHOAL_OK && shoal_outputs(&node) == 0) {
    status = shoal_step(&node);
  }
  if (status < SHOAL_OK) {
    say_refused(port, status);
    return false;
  }
  if (shoal_inputs(&node) != SHOAL_INPUTS ||
      shoal_outputs(&node) != SHOAL_OUTPUTS) {
    Line(port) << "refused: the program is not the one of shoal_program.h";
    return false;
  }
  return true;
}

shoal_status run_frame(const shoal_port& port, const Ends& ends) {
  const shoal_status status = Frame(port, ends).run();
  if (status != SHOAL_WAIT) return status;
  // The next one begins with its first row.
  while (shoal_repeat_frame(&node) == SHOAL_WAIT) {
    if (shoal_step(&node) < SHOAL_OK) break;
  }
  return status;
}

}  // namespace shoal_app
