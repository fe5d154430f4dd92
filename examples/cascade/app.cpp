// A cascade on one board: a small network looks at every input, and a large one
// only at what the small one has found. Both share the board's arena.
//
//   shoal export wake.tflite --name wake --also picture=picture.tflite
//     --as c --board BOARD -o proj
//   cp examples/cascade/app.cpp proj/app/app.cpp
//
// Until your sensors are there, the inputs are those of the built-in tests.
#include <cstring>

#include "shoal_app.h"

namespace {

// The class of the small network that wakes the large one, and the least score
// that counts, in its int8.
constexpr uint32_t kWakeClass = 1;
constexpr int8_t kLeastScore = -128;

// Reads the input of a network, and keeps the class that it finds.
struct Look {
  shoal_network network;
  shoal::TopClasses<1> best;

  // Write here: copies the next bytes of the network's input to `to`; app.cpp
  // of a fresh export says more.
  static bool fill(void* user, uint32_t, uint32_t offset, uint8_t* to,
                   uint32_t bytes) {
    const Look& look = *static_cast<const Look*>(user);
    std::memcpy(to, shoal_networks[look.network].test_input + offset, bytes);
    return true;
  }
  static bool take(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    return shoal::TopClasses<1>::take(&static_cast<Look*>(user)->best, output,
                                      offset, from, bytes);
  }
};

// Returns whether the network has come to an answer.
bool run(Look& look) {
  const shoal::FrameEnds ends = {&look, Look::fill, Look::take, nullptr,
                                 nullptr};
  return shoal_app_run(look.network, ends) == SHOAL_OK && look.best.count() > 0;
}

// Write here: when there is an input to look at.
bool is_input_there() {
  static bool was_there = false;
  const bool is_first = !was_there;
  was_there = true;
  return is_first;
}

}  // namespace

void shoal_app_turn(const shoal_port& port) {
  if (!is_input_there()) return;
  Look small = {SHOAL_NETWORK_wake, {}};
  if (!run(small)) return;
  if (small.best.index(0) != kWakeClass || small.best.score(0) < kLeastScore) {
    return;
  }
  shoal_app::Line(port) << "awake";
  Look large = {SHOAL_NETWORK_picture, {}};
  if (!run(large)) return;
  shoal_app::say_label(port, large.best.index(0), SHOAL_NETWORK_picture);
}
