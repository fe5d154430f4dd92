// One desk whose frames several engines run, each of them whole frames: that of
// `serve --replicas`. A frame goes to the engine that has the fewest. If that
// loses its node, the frame goes back, and another engine runs it.
//
//   DeskLanes lanes(desk, 4);
//   DeskLane& lane = lanes.lane(i);                   // in a thread for each
//   engine.serve(lane, [&](const Answer& a) { lane.take(a.output); });
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/serve/frame_desk.h"
#include "host/serve/wakeup.h"

namespace shoal {

class DeskLane final : public FrameSource {
 public:
  DeskLane(FrameDesk& desk, DeskLanes& lanes) : desk_(desk), lanes_(lanes) {}

  std::optional<std::vector<uint8_t>> next() override;
  // Frames of other engines may come back.
  bool ended() const override;
  bool stops() const override { return desk_.closed(); }
  int descriptor() const override { return wakeup_.descriptor(); }
  void repeats() override;
  // After repeats() another engine runs the frames, if there is one.
  void fails(const Error&) override;
  void stands_still(const std::string& why) override;
  void heed(const ClusterStatus&) override;
  void take(const std::vector<uint8_t>& output);
  int others() const override;

 private:
  friend class DeskLanes;
  // The next frame can come while the last one is computed.
  static constexpr size_t kMost = 2;

  FrameDesk& desk_;
  DeskLanes& lanes_;
  const Wakeup wakeup_;
  // All of these by the desk's mutex.
  std::deque<FrameDesk::Frame> under_way_;
  bool repeats_ = false;
  std::string standstill_;
  ClusterStatus status_;
};

class DeskLanes {
 public:
  // The desk must outlive this.
  DeskLanes(FrameDesk&, size_t count);
  ~DeskLanes();
  DeskLanes(const DeskLanes&) = delete;
  DeskLanes& operator=(const DeskLanes&) = delete;

  DeskLane& lane(size_t number) { return *lanes_[number]; }

 private:
  friend class DeskLane;
  friend class FrameDesk;
  // All of these with the desk's mutex held.
  bool may_take(const DeskLane&) const;
  bool has_ended(const DeskLane&) const;
  // Returns how many others than this lane run frames.
  int others(const DeskLane&) const;
  size_t under_way() const;
  void set_readable() const;
  void add_events(const std::vector<std::string>& before,
                  const std::vector<std::string>& now);
  void tell_status();

  FrameDesk& desk_;
  std::vector<std::unique_ptr<DeskLane>> lanes_;
  std::deque<std::string> events_;
};

}  // namespace shoal
