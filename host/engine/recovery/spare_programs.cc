#include "host/engine/recovery/spare_programs.h"

#include <deque>
#include <utility>

#include "device/storage/program_memory.h"
#include "host/base/error.h"
#include "host/engine/recovery/absent_nodes.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

constexpr uint64_t kLookUs = 20'000;

// Returns whether a spare has what the node's plan was made for.
bool is_alike(const WorkerIdentity& spare, const WorkerIdentity& node) {
  return spare.board == node.board && spare.wants_sealed == node.wants_sealed &&
         spare.one_core == node.one_core &&
         spare.facts.arena_bytes == node.facts.arena_bytes &&
         spare.facts.program_capacity == node.facts.program_capacity &&
         spare.facts.max_peers >= node.facts.max_peers &&
         !is_built_in(spare.facts);
}

Prepared one_program(const Prepared& of, size_t node) {
  Prepared p;
  p.plan.linked = true;
  p.plan.nodes = {of.plan.nodes[node]};
  p.images = {of.images[node]};
  return p;
}

}  // namespace

SparePrograms::SparePrograms(const CoordinatorConfig& config)
    : config_(asking_config(config)) {}

SparePrograms::~SparePrograms() { let_go(); }

void SparePrograms::let_go() {
  if (!thread_.joinable()) return;
  ends_ = true;
  thread_.join();
  ends_ = false;
}

void SparePrograms::hold(const std::vector<WorkerAddress>& spares,
                         const std::vector<WorkerIdentity>& nodes,
                         const std::shared_ptr<const Prepared>& prepared) {
  let_go();
  count_ = 0;
  is_done_ = false;
  thread_ = std::thread([=, this] { send(spares, nodes, *prepared); });
}

std::optional<int> SparePrograms::take_count() {
  return is_done_.exchange(false) ? std::optional(count_.load()) : std::nullopt;
}

void SparePrograms::send(const std::vector<WorkerAddress>& spares,
                         const std::vector<WorkerIdentity>& nodes,
                         const Prepared& prepared) {
  for (const WorkerAddress& spare : spares) {
    if (ends_) return;
    try {
      send_to(spare, nodes, prepared);
    } catch (const std::exception&) {
      // It is sent its program when it takes a place, if it is there then.
    }
  }
  is_done_ = true;
}

void SparePrograms::send_to(const WorkerAddress& spare,
                            const std::vector<WorkerIdentity>& nodes,
                            const Prepared& prepared) {
  const UdpTransport transport(parse_udp_address("0.0.0.0:0", ""));
  CoordinatorConfig config = config_;
  config.transport = &transport.transport();
  std::deque<Prepared> sent;  // all of which outlive the coordinator
  Coordinator coordinator(config);
  const StopAtEnd stop(coordinator, transport);
  const auto wait_until = [&](const auto& done) {
    drive(
        coordinator, transport, nullptr, [&] { return ends_ || done(); },
        kLookUs);
    return !ends_;
  };
  coordinator.connect({spare});
  if (!wait_until([&] { return coordinator.connected(); })) return;
  const WorkerIdentity& it = coordinator.identity(0);
  int64_t room = it.facts.program_capacity;
  int programs = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const PlanNode& node = prepared.plan.nodes[i];
    const auto bytes = static_cast<int64_t>(prepared.images[i].size());
    if (node.stages.empty() || !is_alike(it, nodes[i])) continue;
    if (bytes > room || programs == ProgramMemory::kMostPrograms) return;
    sent.push_back(one_program(prepared, i));
    coordinator.deploy(sent.back(), Then::kHold);
    if (!wait_until([&] { return coordinator.deployed(); })) return;
    room -= align_up(static_cast<uint32_t>(bytes));
    ++programs;
    ++count_;
  }
}

}  // namespace shoal
