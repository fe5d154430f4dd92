// Several models on one cluster: their desks have turns. The nodes run one
// model at a time; switching costs the time of connecting them again, so a turn
// lasts while frames of its model come, and if others wait for a moment only.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "host/base/descriptor.h"
#include "host/serve/frame_desk.h"

namespace shoal {

class DeskTurns {
 public:
  // The desks must outlive this.
  explicit DeskTurns(std::vector<FrameDesk*> desks);

  // Waits for a frame. Returns the desk whose turn it is, a number; none if
  // all are closed and empty.
  std::optional<size_t> next();
  // Returns whether another desk than this one has frames that wait.
  bool others_wait(size_t desk) const;
  FrameDesk& desk(size_t number) const { return *desks_[number]; }
  const std::vector<FrameDesk*>& desks() const { return desks_; }
  // Readable while any desk's descriptor is.
  int descriptor() const { return any_.get(); }

 private:
  const std::vector<FrameDesk*> desks_;
  const Descriptor any_;
  size_t last_ = 0;
};

// The frames of one desk, until others have waited long enough.
class DeskTurn final : public FrameSource {
 public:
  DeskTurn(const DeskTurns&, size_t desk);

  std::optional<std::vector<uint8_t>> next() override;
  std::string file() const override { return desk_.file(); }
  bool ended() const override;
  bool stops() const override { return desk_.closed(); }
  bool keeps_nodes() const override { return over_; }
  bool shares_nodes() const override { return turns_.desks().size() > 1; }
  int descriptor() const override { return turns_.descriptor(); }
  void repeats() override { desk_.repeats(); }
  // The nodes are those of all desks.
  void fails(const Error&) override;
  void stands_still(const std::string& why) override;
  void heed(const ClusterStatus&) override;

 private:
  using Clock = std::chrono::steady_clock;
  const DeskTurns& turns_;
  const size_t number_;
  FrameDesk& desk_;
  const Clock::time_point start_ = Clock::now();
  mutable bool over_ = false;
};

}  // namespace shoal
