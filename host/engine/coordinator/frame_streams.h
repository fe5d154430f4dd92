// The coordinator's ends of the streams: for every box of an input that a node
// needs a target, for every box of an output that a node makes an in-stream.
// Some frames are under way at once; offsets count over all of them without
// end (spec/datagrams.md, "Datagrams"), mod 2^32.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "device/link/link.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

class FrameStreams final : public Streams {
 public:
  // `prepared` must outlive this. Throws Error(kDoesNotFit) if the frames under
  // way are too many bytes for offsets of 32 bits.
  FrameStreams(const Prepared& prepared, const std::vector<StreamEdge>&,
               uint32_t under_way);

  int free_frames() const;
  bool idle() const { return free_frames() == static_cast<int>(window_); }
  void submit(std::span<const uint8_t> input);
  // Returns the next frame's, once it was submitted: an output that needs no
  // input (what a variable has held) may come before that.
  std::optional<std::vector<uint8_t>> result();
  // Grows with every byte that was acknowledged or has arrived.
  uint64_t progress() const { return progress_; }
  uint64_t frame_bytes() const;  // by which it grows with every frame
  uint64_t submitted() const { return submitted_; }  // frames
  // Returns whether a limit or a ready offset has changed since the last call.
  bool take_news();

  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

 private:
  // A box of an input or output; offsets in its frame are bytes of the box in
  // row order.
  struct End {
    int io = 0;
    Box box, whole;  // of the tensor
    uint32_t bytes = 0;
    // Acknowledged or arrived, all of them: frames, bytes.
    uint64_t frames = 0, rest = 0;
    // Goes on to an offset mod 2^32; by how many bytes.
    uint32_t go_on(uint32_t offset);
    uint32_t at() const { return static_cast<uint32_t>(frames * bytes + rest); }
  };

  friend struct FrameStreamsProbe;  // for tests

  static End make_end(const std::vector<NetIo>&, const StreamEdge&);
  static NodeRows make_frame(const Graph&, const std::vector<NetIo>&);
  void finish();

  const Prepared& prepared_;
  uint64_t window_;
  std::vector<End> targets_, streams_;
  uint64_t submitted_ = 0, sent_ = 0, done_ = 0, taken_ = 0;  // frames
  std::deque<NodeRows> inputs_;   // frames [sent_, submitted_)
  std::deque<NodeRows> outputs_;  // frames [done_, done_ + window_)
  std::deque<std::vector<uint8_t>> results_;
  uint64_t progress_ = 0;
  bool news_ = false;
};

}  // namespace shoal
