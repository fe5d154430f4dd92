// Takes in what a board's firmware says about a run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/port/console.h"
#include "device/port/port.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/board/console.h"
#include "host/engine/common/firing_observer.h"

namespace shoal {

// Instructions are counted by the board's clock, which the emulator moves on
// by a fixed time for each; they are rounded, and they are no cycles.
struct LayerCount {
  int64_t steps = 0;
  int64_t instructions = 0;
};

// Work on one layer without a break, by the board's clock; -1: on none.
struct FrameWork {
  int layer = -1;
  int64_t ns = 0;
};

struct Emulated {
  // By frame, then by output: its rows one after another, int8.
  std::vector<std::vector<std::vector<uint8_t>>> outputs;
  ConsoleEnd end{};
  shoal_memory memory{};
  int64_t load_instructions = 0, frame_instructions = 0;  // of all frames
  // By layer of the net, of all frames; -1: what belongs to no layer (weights
  // and records on their way, input rows).
  std::map<int, LayerCount> layers;
  std::vector<FrameWork> first_frame;  // in its order
  std::vector<std::string> said;       // lines for people
};

class Listener {
 public:
  // The observer gets every row that a debug firmware sends. `instruction_s`:
  // what an instruction takes by the board's clock.
  Listener(const Board&, double instruction_s, FiringObserver);

  // Throws Error(kNode) for what makes no sense.
  void feed(std::span<const uint8_t> bytes) { decoder_.feed(bytes); }

  // Returns the board's refusal or fault.
  const std::optional<Error>& failure() const { return failure_; }
  // Returns whether the run came to its good end.
  bool done() const { return done_ && decoder_.at_rest(); }
  const Emulated& result() const { return result_; }

 private:
  void take(const ConsoleMessage&);
  void hello(const ConsoleHello&);
  void output(const ConsoleMessage&);
  void layer(const ConsoleLayer&);
  void firing(const ConsoleMessage&);
  void end(const ConsoleEnd&);
  int64_t instructions(uint64_t ticks) const;

  const Board& board_;
  const double instruction_s_;
  const FiringObserver observer_;
  ConsoleDecoder decoder_;
  Emulated result_;
  std::map<int, uint64_t> ticks_;
  double ticks_per_instruction_ = 1, ns_per_tick_ = 1;
  std::optional<Error> failure_;
  bool done_ = false;
};

}  // namespace shoal
