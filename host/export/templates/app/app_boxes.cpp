// @NAME@: this file is yours, and an export does not replace it once you have
// changed it. It gives the network inputs of the board's own and uses what
// comes out. `shoal send` works beside it.
#include "shoal_app.h"
#include "shoal_boxes.h"
#include "shoal_program.h"

namespace {

// Write here: returns whether an input is complete, such as a picture of the
// camera, or a second of samples.
bool is_input_there() { return false; }

// Write here: copies the next `bytes` bytes of an input to `to`. They lie at
// byte `offset` of its rows x columns x channels, one after another, so that a
// camera may give line after line. Bytes are int8: of a pixel from 0 to 255
// that the network takes as it is, the pixel less 128. Return false to give up.
bool fill(void*, uint32_t input, uint32_t offset, uint8_t* to, uint32_t bytes) {
  static_cast<void>(input);
  static_cast<void>(offset);
  for (uint32_t i = 0; i < bytes; ++i) to[i] = 0;
  return true;
}

shoal_app::Boxes boxes;

uint64_t pixel(float at) { return at > 0 ? static_cast<uint64_t>(at) : 0; }

}  // namespace

void shoal_app_turn(const shoal_port& port) {
  if (!is_input_there()) return;
  const shoal::FrameEnds ends = {&boxes, fill, shoal_app::Boxes::take, nullptr,
                                 nullptr};
  if (shoal_app_run(ends) != SHOAL_OK) return;
  // At most ten boxes that score 0.25 or more; of two that overlap by more than
  // kOverlap the stronger one.
  shoal::DetectedBox found[10];
  const uint32_t count =
      boxes.find(0.25f, shoal_app::Boxes::kOverlap, found, 10);
  for (uint32_t i = 0; i < count; ++i) {
    const shoal::DetectedBox& b = found[i];
    shoal_app::Line(port) << "box " << pixel(b.left) << " " << pixel(b.top)
                          << " " << pixel(b.right) << " " << pixel(b.bottom);
    shoal_app::say_label(port, static_cast<uint32_t>(b.index));
    for (uint32_t p = 0; p != shoal_app::Boxes::kPoints; ++p) {
      const shoal::FoundPoint point = boxes.point(b, p);
      shoal_app::Line(port)
          << "point " << pixel(point.x) << " " << pixel(point.y);
    }
  }
}
