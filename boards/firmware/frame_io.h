// Moves the rows of input frames from storage into the node, and its output
// rows to the console, in place: no row is copied.
#pragma once

#include <cstdint>

#include "boards/firmware/console_writer.h"
#include "device/shoal.h"

namespace shoal {

class FrameIo {
 public:
  static constexpr uint32_t kMostStreams = 48;  // inputs and outputs

  FrameIo(shoal_node& node, const shoal_storage& input, ConsoleWriter& console)
      : node_(node), input_(input), console_(console) {}

  // Returns the bytes of one input frame of the program; 0 if it has too many
  // streams.
  uint32_t frame_bytes() const;

  void begin_frame(uint32_t frame);
  // Reads input rows as far as the node has space for them; false if storage
  // failed or the node did not take a row that it had a place for.
  bool feed();
  // Sends finished output rows; true if there was one.
  bool collect();
  bool complete() const { return unfed_ == 0 && unsent_ == 0; }

 private:
  static constexpr uint32_t kNoInput = 0xFFFFFFFF;
  bool start_piece();
  bool begin_row();
  // An input of the model, which ends before the program's input `end`.
  struct Source {
    uint32_t end, row_bytes, bytes;
  };
  Source source_at(uint32_t first) const;  // the first piece of it
  uint32_t next_source(uint32_t first) const;
  void find(uint32_t input);

  shoal_node& node_;
  const shoal_storage& input_;
  ConsoleWriter& console_;
  uint32_t frame_ = 0, frame_bytes_ = 0;
  uint32_t unfed_ = 0;           // rows of all inputs
  uint32_t unsent_ = 0;          // and outputs
  uint32_t reading_ = kNoInput;  // the input whose row is being read
  shoal_row row_{};
  uint32_t piece_ = 0, offset_ = 0;
  // Where rows of this input lie; a walk over all inputs finds it.
  uint32_t found_ = kNoInput, rows_at_ = 0, row_step_ = 0;
  uint32_t passed_[kMostStreams]{};  // rows of inputs, then of outputs
};

}  // namespace shoal
