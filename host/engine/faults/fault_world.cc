#include "host/engine/faults/fault_world.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "host/base/error.h"
#include "host/engine/faults/asking_endpoint.h"
#include "host/engine/virtual/links.h"
#include "host/world/board_port.h"

namespace shoal {
namespace {

constexpr double kSlowness = 10;
// A board without limits has room for any model of today's boards.
constexpr int64_t kUnlimitedBytes = 16 << 20;

uint32_t memory(int64_t budget) {
  return static_cast<uint32_t>(budget > (int64_t{1} << 31) ? kUnlimitedBytes
                                                           : budget);
}

}  // namespace

// The coordinator's end. It takes no time for what it does, as in
// VirtualCluster.
class FaultWorld::Transport final : public HostTransport, public Endpoint {
 public:
  Transport(FaultWorld& owner, Port& port) : owner_(owner), port_(port) {
    transport_ = port.transport();
    owner_.world_.sleep(port_, *this, kNever);
  }

  void wait(uint64_t until_us, int other) const override {
    if (owner_.world_.network().waiting(port_.number())) return;
    pollfd look{other, POLLIN, 0};
    if (other >= 0 && ::poll(&look, 1, 0) > 0) return;
    auto& self = const_cast<Transport&>(*this);
    self.woken_ = false;
    Nanos until = kNever;
    if (until_us < static_cast<uint64_t>(kNever / kMicrosecond)) {
      until = std::max(static_cast<Nanos>(until_us) * kMicrosecond,
                       owner_.now() + kMicrosecond);
    }
    owner_.world_.sleep(port_, self, until);
    while (!woken_) owner_.advance();
  }

  bool step() override {
    woken_ = true;
    return false;
  }
  uint64_t next_timer_us() const override { return UINT64_MAX; }

 private:
  int descriptor() const override { return -1; }
  bool has_fetched() const override { return false; }

  FaultWorld& owner_;
  Port& port_;
  bool woken_ = false;
};

FaultWorld::FaultWorld(const Cluster& cluster, const SimOptions& options,
                       std::vector<NodeFault> faults,
                       std::function<void(const std::string&)> happened)
    : cluster_(cluster),
      options_(options),
      happened_(std::move(happened)),
      random_(options.network.seed),
      world_(options.network, options.max_payload) {
  if (!options_.insecure) {
    for (uint8_t& byte : key_) byte = static_cast<uint8_t>(random_());
  }
  const auto count = static_cast<int>(cluster.nodes.size());
  for (const NodeFault& f : faults) {
    const int highest = std::max(f.node, f.other.value_or(0));
    if (highest >= count) {
      throw Error(Exit::kUsage,
                  "--fault: node " + std::to_string(highest) +
                      " is not one of the " + std::to_string(count) + " nodes",
                  "give a number from 0 to " + std::to_string(count - 1));
    }
    due_.push_back({f});
  }
  std::vector<LinkModel> links;
  for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
    links.push_back(link_of(cluster_.nodes[i].board, options_));
    add_node(i, cluster_.nodes[i]);
  }
  ports_.push_back(&world_.add(coordinator_link(links), {}));
  ports_.push_back(&world_.add(coordinator_link(links), {}));
}

FaultWorld::~FaultWorld() = default;

void FaultWorld::add_node(size_t number, const ClusterNode& node) {
  ports_.push_back(&world_.add(link_of(node.board, options_),
                               costs_of(node.board, options_)));
  VirtualNodeOptions o;
  o.name = node.name;
  o.board = node.board.said_by_nodes();
  o.arena_bytes = memory(node.arena_budget());
  for (const Bank& bank : node.kept_banks()) {
    o.bank_bytes.push_back(memory(bank.free_bytes()));
  }
  o.program_capacity = memory(node.flash_budget());
  o.keeps_programs = true;
  o.max_peers = static_cast<uint16_t>(cluster_.nodes.size());
  o.insecure = options_.insecure;
  o.key = key_;
  node_options_.push_back(std::move(o));
  nodes_.emplace_back();
  cost_.push_back(nullptr);
  start_node(number);
}

void FaultWorld::start_node(size_t number) {
  VirtualNodeOptions o = node_options_[number];
  o.seed = random_();
  nodes_[number] = std::make_unique<VirtualNode>(*ports_[number], std::move(o),
                                                 cost_[number]);
  world_.attach(*ports_[number], *nodes_[number]);
}

WorkerClusterOptions FaultWorld::workers() {
  WorkerClusterOptions o;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    o.nodes.push_back({cluster_.nodes[i].name, ports_[i]->address(), {}});
  }
  o.given = cluster_;
  o.planned = [this](const WorkerCluster& workers, const Prepared& p,
                     const PlanRequest&) { planned(workers, p); };
  o.transport = std::make_unique<Transport>(*this, *ports_[nodes_.size()]);
  o.config.transport = &ports_[nodes_.size()]->transport();
  o.config.insecure = options_.insecure;
  o.config.key = key_;
  o.config.entropy = [this](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random_());
  };
  o.config.timeout_us = options_.timeout_us;
  o.config.derives_silence = true;
  o.wait_s = static_cast<double>(2 * options_.timeout_us) * 1e-6;
  o.returning = [this](const CoordinatorConfig& config) {
    return std::make_unique<AskingEndpoint>(world_, *ports_.back(), config);
  };
  o.plans_at_hand = true;
  return o;
}

// The nodes that have connected run nothing now, so what they cost may change.
void FaultWorld::planned(const WorkerCluster& workers, const Prepared& p) {
  if (!options_.costs) return;
  for (size_t i = 0; i < workers.seats().size(); ++i) {
    const auto node =
        static_cast<size_t>(workers.seats()[i].address.address - 1);
    images_.push_back(p.images[i]);
    costs_.push_back(
        std::make_unique<NodeCost>(images_.back(), cluster_.nodes[node].board));
    cost_[node] = costs_.back().get();
    nodes_[node]->set_cost(cost_[node]);
  }
}

void FaultWorld::begin() {
  has_begun_ = true;
  began_ = world_.now();
  first_event_ = world_.events().count();
}

void FaultWorld::advance() {
  while (has_begun_ && let_faults_happen()) {
  }
  if (world_.now() >= limit_) {
    throw Error(Exit::kNode, "the run has not ended after " +
                                 std::to_string(world_.now() / kSecond) +
                                 " s of virtual time");
  }
  if (!world_.advance()) {
    throw Error(Exit::kInternal, "nothing will ever happen in this cluster");
  }
}

// Lets the earliest of those happen that are due before the next event.
bool FaultWorld::let_faults_happen() {
  const uint64_t events = world_.events().count() - first_event_;
  Due* first = nullptr;
  Nanos at = kNever;
  for (Due& d : due_) {
    NodeFault& f = d.fault;
    if (f.event && *f.event <= events) {
      // How long it lasts stays the same.
      if (f.until) *f.until += world_.now() - began_ - f.from;
      f.from = world_.now() - began_;
      f.event.reset();
    }
    if (f.event || d.ended || (d.began && !f.until)) continue;
    const Nanos next = began_ + (d.began ? *f.until : f.from);
    if (next < at) first = &d, at = next;
  }
  if (!first || at > world_.events().next()) return false;
  world_.pass(at);
  if (std::exchange(first->began, true)) {
    first->ended = true;
    end_fault(first->fault);
  } else {
    begin_fault(first->fault);
  }
  return true;
}

void FaultWorld::link(const NodeFault& f,
                      void (Network::*change)(uint32_t, uint32_t)) {
  const auto a = static_cast<uint32_t>(f.node);
  Network& network = world_.network();
  if (f.other) {
    (network.*change)(a, static_cast<uint32_t>(*f.other));
    return;
  }
  for (uint32_t b = 0; b < network.endpoints(); ++b) {
    if (b != a) (network.*change)(a, b);
  }
}

void FaultWorld::begin_fault(const NodeFault& f) {
  const auto node = static_cast<uint32_t>(f.node);
  switch (f.kind) {
    case NodeFaultKind::kKill:
    case NodeFaultKind::kRestart:
      world_.switch_off(node);
      break;
    case NodeFaultKind::kHang:
      world_.hold(node);
      break;
    case NodeFaultKind::kSlow:
      ports_[node]->slow_down(kSlowness);
      break;
    case NodeFaultKind::kCut:
      link(f, &Network::cut);
      break;
  }
  if (happened_) happened_(fault_begins(f));
}

void FaultWorld::end_fault(const NodeFault& f) {
  const auto node = static_cast<uint32_t>(f.node);
  switch (f.kind) {
    case NodeFaultKind::kKill:
      return;
    case NodeFaultKind::kRestart:
      world_.switch_on(node);
      start_node(node);
      break;
    case NodeFaultKind::kHang:
      world_.go_on(node);
      break;
    case NodeFaultKind::kSlow:
      ports_[node]->slow_down(1);
      break;
    case NodeFaultKind::kCut:
      link(f, &Network::mend);
      break;
  }
  if (happened_) happened_(fault_ends(f));
}

void FaultWorld::check_arenas() const {
  for (const auto& node : nodes_) {
    if (node->arena_intact()) continue;
    throw Error(Exit::kInternal, "a node wrote outside its arena");
  }
}

}  // namespace shoal
