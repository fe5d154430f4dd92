// Asks nodes that are not there whether they are, in virtual time: what
// AskingThread is for processes.
#pragma once

#include <memory>
#include <optional>

#include "host/engine/recovery/absent_nodes.h"
#include "host/engine/recovery/returning_nodes.h"
#include "host/world/world.h"

namespace shoal {

class AskingEndpoint final : public ReturningNodes, public Endpoint {
 public:
  // World and port must outlive it. `config`: of the cluster's coordinator; its
  // transport is not used.
  AskingEndpoint(World&, Port&, const CoordinatorConfig& config);

  void look_for(const std::vector<WorkerAddress>&) override;
  void lost(uint64_t address) override;
  std::optional<uint64_t> found() const override { return absent_.found(); }

  bool step() override;
  uint64_t next_timer_us() const override;

 private:
  uint64_t now_us() const;
  void ask(const WorkerAddress&);
  void talk();
  void give_back();

  World& world_;
  Port& port_;
  CoordinatorConfig config_;
  AbsentNodes absent_;
  bool looks_ = false;
  uint64_t next_us_ = 0;  // when somebody is asked
  WorkerAddress asked_;
  std::unique_ptr<Coordinator> coordinator_;  // while somebody is
  bool is_there_ = false, stops_ = false;
};

}  // namespace shoal
