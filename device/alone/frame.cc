#include "device/alone/frame.h"

namespace shoal {
namespace {

class Frame {
 public:
  Frame(shoal_node& node, const FrameEnds& ends)
      : node_(node),
        ends_(ends),
        inputs_(shoal_inputs(&node)),
        outputs_(shoal_outputs(&node)),
        before_(shoal_frames(&node)) {}

  shoal_status run() {
    if (inputs_ > kMostEnds || outputs_ > kMostEnds) return SHOAL_BAD_ARGUMENT;
    while (!taken() || !ended()) {
      bool moved = false;
      if (!push(moved)) return give_up();
      const shoal_status status =
          ends_.step ? ends_.step(ends_.user, node_) : shoal_step(&node_);
      if (status < SHOAL_OK) return status;
      if (!take(moved)) return give_up();
      if (ends_.between && !ends_.between(ends_.user)) return give_up();
      if (status == SHOAL_WAIT && !moved && ends_.idle) ends_.idle(ends_.user);
    }
    return SHOAL_OK;
  }

 private:
  bool ended() const { return shoal_frames(&node_) != before_; }

  bool taken() const {
    for (uint32_t o = 0; o < outputs_; ++o) {
      if (taken_[o] < shoal_output_info(&node_, o).rows) return false;
    }
    return true;
  }

  bool push(bool& moved) {
    for (uint32_t i = 0; i < inputs_; ++i) {
      const shoal_io_info info = shoal_input_info(&node_, i);
      if (pushed_[i] == info.rows) continue;
      const shoal_row row = shoal_input_row(&node_, i);
      if (!row.data) continue;
      for (uint32_t p = 0; p < row.pieces; ++p) {
        const uint32_t offset =
            pushed_[i] * info.row_bytes + p * row.piece_bytes;
        if (!ends_.fill(ends_.user, i, offset, row.data + p * row.step_bytes,
                        row.piece_bytes)) {
          return false;
        }
      }
      pushed_[i] += shoal_push_rows(&node_, i, nullptr, 1);
      moved = true;
    }
    return true;
  }

  bool take(bool& moved) {
    for (uint32_t o = 0; o < outputs_; ++o) {
      const shoal_io_info info = shoal_output_info(&node_, o);
      const shoal_row row = shoal_output_row(&node_, o);
      if (!row.data) continue;
      for (uint32_t p = 0; p < row.pieces; ++p) {
        if (!ends_.take(ends_.user, o,
                        taken_[o] * info.row_bytes + p * row.piece_bytes,
                        row.data + p * row.step_bytes, row.piece_bytes)) {
          return false;
        }
      }
      taken_[o] += shoal_take_rows(&node_, o, nullptr, 1);
      moved = true;
    }
    return true;
  }

  // Leaves the node before the first row of a frame.
  shoal_status give_up() {
    shoal_status status = SHOAL_OK;
    if (ended()) {
      // Its rows would be taken for those of the next frame.
      while (status >= SHOAL_OK && !taken()) {
        bool moved = false;
        for (uint32_t o = 0; o < outputs_; ++o) {
          const uint32_t some = shoal_take_rows(&node_, o, nullptr, 1);
          taken_[o] += some;
          moved |= some > 0;
        }
        if (!moved) status = shoal_step(&node_);
      }
    } else {
      while ((status = shoal_repeat_frame(&node_)) == SHOAL_WAIT) {
        const shoal_status stepped = shoal_step(&node_);
        if (stepped < SHOAL_OK) return stepped;
      }
    }
    return status < SHOAL_OK ? status : SHOAL_WAIT;
  }

  shoal_node& node_;
  const FrameEnds& ends_;
  const uint32_t inputs_, outputs_, before_;
  uint32_t pushed_[kMostEnds] = {}, taken_[kMostEnds] = {};
};

}  // namespace

shoal_status run_frame(shoal_node& node, const FrameEnds& ends) {
  return Frame(node, ends).run();
}

}  // namespace shoal
