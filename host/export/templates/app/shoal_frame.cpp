// The node of this project: its memory, and how it is opened.
#include "shoal_frame.h"

#include "device/alone/frame.h"
#include "shoal_app.h"
#include "shoal_program.h"

namespace shoal_app {

shoal_node node;

namespace {

alignas(16) SHOAL_ARENA_PLACE uint8_t arena[SHOAL_ARENA_BYTES];

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

}  // namespace shoal_app

shoal_status shoal_app_run(const shoal::FrameEnds& ends) {
  return shoal::run_frame(shoal_app::node, ends);
}
