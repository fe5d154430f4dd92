#include "boards/firmware/frame_io.h"

#include "device/shoal_pieces.h"

namespace shoal {

uint32_t FrameIo::frame_bytes() const {
  const uint32_t inputs = shoal_inputs(&node_);
  if (uint64_t{inputs} + shoal_outputs(&node_) > kMostStreams) return 0;
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < inputs;) {
    const Source source = source_at(i);
    bytes += source.bytes;
    i = source.end;
  }
  return bytes;
}

uint32_t FrameIo::next_source(uint32_t input) const {
  const uint32_t source = shoal_input_piece(&node_, input).source;
  while (++input < shoal_inputs(&node_) &&
         shoal_input_piece(&node_, input).source == source) {
  }
  return input;
}

// The last piece ends with the row.
FrameIo::Source FrameIo::source_at(uint32_t first) const {
  const uint32_t end = next_source(first);
  const shoal_io_info last = shoal_input_info(&node_, end - 1);
  const uint32_t row_bytes =
      shoal_input_piece(&node_, end - 1).skip_bytes + last.row_bytes;
  return {end, row_bytes, last.rows * row_bytes};
}

void FrameIo::begin_frame(uint32_t frame) {
  frame_ = frame;
  frame_bytes_ = frame_bytes();
  unfed_ = unsent_ = 0;
  found_ = kNoInput;
  for (uint32_t i = 0; i < shoal_inputs(&node_); ++i) {
    unfed_ += shoal_input_info(&node_, i).rows;
  }
  for (uint32_t o = 0; o < shoal_outputs(&node_); ++o) {
    unsent_ += shoal_output_info(&node_, o).rows;
  }
  for (uint32_t& rows : passed_) rows = 0;
}

void FrameIo::find(uint32_t input) {
  found_ = input;
  rows_at_ = frame_ * frame_bytes_;
  Source source = source_at(0);
  while (source.end <= input) {
    rows_at_ += source.bytes;
    source = source_at(source.end);
  }
  rows_at_ += shoal_input_piece(&node_, input).skip_bytes;
  row_step_ = source.row_bytes;
}

// The first input with rows left and a place for the next one.
bool FrameIo::begin_row() {
  if (unfed_ == 0) return false;
  for (uint32_t i = 0; i < shoal_inputs(&node_); ++i) {
    if (passed_[i] >= shoal_input_info(&node_, i).rows) continue;
    row_ = shoal_input_row(&node_, i);
    if (!row_.data) continue;
    if (i != found_) find(i);
    reading_ = i;
    piece_ = 0;
    offset_ = rows_at_ + passed_[i] * row_step_;
    return true;
  }
  return false;
}

bool FrameIo::start_piece() {
  return input_.read(input_.user, offset_ + piece_ * row_.piece_bytes,
                     row_.piece_bytes,
                     row_.data + piece_ * row_.step_bytes) == 0;
}

bool FrameIo::feed() {
  if (reading_ == kNoInput) return !begin_row() || start_piece();
  const int answer = input_.poll(input_.user);
  if (answer <= 0) return answer == 0;
  if (++piece_ < row_.pieces) return start_piece();
  if (shoal_push_rows(&node_, reading_, nullptr, 1) != 1) return false;
  ++passed_[reading_], --unfed_;
  reading_ = kNoInput;
  return true;
}

bool FrameIo::collect() {
  uint32_t* const sent = passed_ + shoal_inputs(&node_);
  bool any = false;
  for (uint32_t o = 0; o < shoal_outputs(&node_); ++o) {
    const shoal_row row = shoal_output_row(&node_, o);
    if (!row.data) continue;
    const ConsoleOutput head{frame_, o, sent[o]};
    const auto head_bytes = static_cast<uint32_t>(sizeof head);
    console_.begin(ConsoleType::kOutput,
                   head_bytes + row.pieces * row.piece_bytes);
    console_.put(&head, head_bytes);
    for (uint32_t p = 0; p < row.pieces; ++p) {
      console_.put(row.data + p * row.step_bytes, row.piece_bytes);
    }
    console_.end();
    shoal_take_rows(&node_, o, nullptr, 1);
    ++sent[o], --unsent_;
    any = true;
  }
  return any;
}

}  // namespace shoal
