// @NAME@: this file is yours, and an export does not replace it once you have
// changed it. It gives the network inputs of the board's own and uses what
// comes out. `shoal send` works beside it.
#include "shoal_app.h"
#include "shoal_mask.h"
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

shoal_app::Mask mask;

}  // namespace

void shoal_app_turn(const shoal_port& port) {
  if (!is_input_there()) return;
  const shoal::FrameEnds ends = {&mask, fill, shoal_app::Mask::take, nullptr,
                                 nullptr};
  if (shoal_app_run(ends) != SHOAL_OK) return;
  // How many places of the picture each class has; mask.at() has the places.
  for (uint32_t c = 0; c < shoal_app::Mask::kClasses; ++c) {
    const uint32_t places = mask.count(c);
    if (places == 0) continue;
    shoal_app::Line(port) << "places " << places;
    shoal_app::say_label(port, c);
  }
}
