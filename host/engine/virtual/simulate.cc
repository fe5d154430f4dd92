#include "host/engine/virtual/simulate.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

#include "host/base/error.h"
#include "host/engine/virtual/commander.h"
#include "host/engine/virtual/since.h"
#include "host/engine/virtual/virtual_node.h"
#include "host/world/board_port.h"

namespace shoal {
namespace {

LinkModel link_of(const Board& board, const SimOptions& options) {
  LinkModel link;
  if (options.costs) {
    link = board_link(board);
  } else {
    link.latency = 10 * kMicrosecond;
    link.send_queue = link.receive_queue = 64;
  }
  if (options.bits_per_s) link.bits_per_s = *options.bits_per_s;
  if (options.latency) link.latency = *options.latency;
  if (options.framing_bytes) link.framing_bytes = *options.framing_bytes;
  if (options.receive_queue) link.receive_queue = *options.receive_queue;
  return link;
}

PortCosts costs_of(const Board& board, const SimOptions& options) {
  if (options.costs) return board_port(board, !options.insecure);
  PortCosts costs;
  costs.burst = 32;
  return costs;
}

class Simulation {
 public:
  Simulation(const Prepared&, const Cluster&, std::span<const uint8_t> input,
             const SimOptions&);
  SimResult run();

 private:
  void add_node(int node, const Cluster&, const ClusterKey&);
  void give_store(int node, const ClusterNode&, VirtualNodeOptions&) const;
  void add_commander(const Cluster&, const ClusterKey&,
                     std::span<const uint8_t> input);
  template <typename Done>
  void until(Done done);
  void frames();
  void finish_nodes();
  std::vector<PortTimes> times() const;
  SimResult result() const;
  // All that has been counted so far.
  EndpointReport report(uint32_t endpoint) const;
  std::vector<EndpointReport> reports() const;

  const Prepared& prepared_;
  const SimOptions& options_;
  std::mt19937_64 random_;
  World world_;
  std::vector<std::unique_ptr<NodeCost>> costs_;
  std::vector<std::unique_ptr<VirtualNode>> nodes_;
  std::vector<Port*> ports_;
  std::unique_ptr<Commander> commander_;
  std::vector<EndpointReport> start_;  // when the first frame began
  std::vector<PortTimes> first_;       // when it ended
  Nanos deployed_ = 0;
};

Simulation::Simulation(const Prepared& prepared, const Cluster& cluster,
                       std::span<const uint8_t> input,
                       const SimOptions& options)
    : prepared_(prepared),
      options_(options),
      random_(options.network.seed),
      world_(options.network, options.max_payload) {
  if (cluster.nodes.size() != prepared.plan.nodes.size()) {
    throw Error(Exit::kInternal, "the plan has other nodes than the cluster");
  }
  ClusterKey key{};
  if (!options.insecure) {
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random_());
  }
  for (size_t i = 0; i < cluster.nodes.size(); ++i) {
    add_node(static_cast<int>(i), cluster, key);
  }
  add_commander(cluster, key, input);
}

void Simulation::add_node(int node, const Cluster& cluster,
                          const ClusterKey& key) {
  const ClusterNode& real = cluster.nodes[static_cast<size_t>(node)];
  const PlanNode& plan = prepared_.plan.nodes[static_cast<size_t>(node)];
  const std::vector<uint8_t>& image =
      prepared_.images[static_cast<size_t>(node)];
  costs_.push_back(
      options_.costs ? std::make_unique<NodeCost>(image, real.board) : nullptr);
  Port& port =
      world_.add(link_of(real.board, options_), costs_of(real.board, options_));
  VirtualNodeOptions o;
  o.name = real.name;
  o.board = real.board.name;
  o.arena_bytes = plan.arena_bytes;
  o.program_capacity = plan.program_bytes;
  o.max_peers = static_cast<uint16_t>(std::max<size_t>(plan.peers.size(), 1));
  o.insecure = options_.insecure;
  std::copy(key.begin(), key.end(), o.key);
  o.seed = random_();
  if (options_.tap) o.tap = options_.tap(node);
  give_store(node, real, o);
  nodes_.push_back(std::make_unique<VirtualNode>(port, o, costs_.back().get()));
  ports_.push_back(&port);
  world_.attach(port, *nodes_.back());
}

// As a card that was written before: nothing of it goes over the network.
void Simulation::give_store(int node, const ClusterNode& real,
                            VirtualNodeOptions& o) const {
  const auto n = static_cast<size_t>(node);
  const PlanNode& plan = prepared_.plan.nodes[n];
  if (plan.storage.empty()) return;
  const std::vector<uint8_t>& image = prepared_.images[n];
  Header header;
  std::memcpy(&header, image.data(), sizeof header);
  const bool given = n < options_.stores.size() && !options_.stores[n].empty();
  o.store = given ? options_.stores[n] : image;
  if (o.store.size() >= sizeof header) {
    std::memcpy(&header, o.store.data(), sizeof header);
  }
  std::copy_n(header.store_id, o.store_id.size(), o.store_id.begin());
  o.storage = find_storage(real.board, plan.storage);
  if (!options_.costs) o.storage.read_latency_us = 1;
  const bool keyed = plan.sealed && n < options_.store_keys.size();
  if (keyed) o.store_key = options_.store_keys[n];
  if (options_.costs) {
    o.checking = real.board.chunk_cycles_per_byte(keyed) / real.board.clock_hz;
  }
}

void Simulation::add_commander(const Cluster& cluster, const ClusterKey& key,
                               std::span<const uint8_t> input) {
  std::vector<LinkModel> links;
  for (const ClusterNode& n : cluster.nodes) {
    links.push_back(link_of(n.board, options_));
  }
  Port& port = world_.add(coordinator_link(links), {});
  ports_.push_back(&port);
  CoordinatorConfig config;
  config.transport = &port.transport();
  config.insecure = options_.insecure;
  config.key = key;
  config.entropy = [this](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random_());
  };
  config.timeout_us = options_.timeout_us;
  commander_ =
      std::make_unique<Commander>(port, std::move(config), input, options_);
}

template <typename Done>
void Simulation::until(Done done) {
  while (!done()) {
    if (!world_.advance()) {
      throw Error(Exit::kInternal, "nothing will ever happen in this cluster");
    }
    if (options_.max_events && world_.events().count() > *options_.max_events) {
      throw Error(Exit::kNode,
                  "not done after " + std::to_string(*options_.max_events) +
                      " events, " + std::to_string(world_.now() / kSecond) +
                      " s of virtual time");
    }
  }
}

std::vector<PortTimes> Simulation::times() const {
  std::vector<PortTimes> out;
  for (const Port* port : ports_) out.push_back(port->times());
  return out;
}

std::vector<EndpointReport> Simulation::reports() const {
  std::vector<EndpointReport> out;
  for (uint32_t i = 0; i < ports_.size(); ++i) out.push_back(report(i));
  return out;
}

SimResult Simulation::run() {
  Coordinator& coordinator = commander_->coordinator();
  std::vector<WorkerAddress> workers;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    workers.push_back({prepared_.plan.nodes[i].name, ports_[i]->address()});
  }
  coordinator.connect(workers);
  world_.attach(*ports_.back(), *commander_);
  until([&] { return coordinator.connected(); });
  coordinator.deploy(prepared_);
  until([&] { return coordinator.started(); });
  frames();
  const SimResult r = result();
  if (options_.tap) finish_nodes();
  coordinator.stop();
  until([&] { return coordinator.stopped(); });
  for (const auto& node : nodes_) {
    if (node->arena_intact()) continue;
    throw Error(Exit::kInternal, "a node wrote outside its arena");
  }
  return r;
}

void Simulation::frames() {
  const int before = options_.warm_up ? 1 : 0;
  if (options_.warm_up) {
    commander_->feed(before);
    world_.attach(*ports_.back(), *commander_);
    until([&] { return commander_->done(); });
  }
  deployed_ = world_.now();
  start_ = reports();
  if (options_.recorder) world_.record(options_.recorder);
  if (options_.started) options_.started();
  commander_->feed(before + options_.frames);
  world_.attach(*ports_.back(), *commander_);
  if (options_.lost_node) {
    until([&] { return world_.now() >= deployed_ + options_.lost_after; });
    world_.switch_off(
        ports_[static_cast<size_t>(*options_.lost_node)]->number());
  }
  until([&] { return commander_->finished() > before || commander_->done(); });
  first_ = times();
  if (options_.recorder && !options_.record_all) world_.record(nullptr);
  until([&] { return commander_->done(); });
}

void Simulation::finish_nodes() {
  const auto total = static_cast<uint32_t>(commander_->frames().size());
  const Nanos limit =
      world_.now() + static_cast<Nanos>(options_.timeout_us) * kMicrosecond;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (prepared_.plan.nodes[i].stages.empty()) continue;
    const shoal_node& node = nodes_[i]->agent().node();
    until(
        [&] { return shoal_frames(&node) >= total || world_.now() >= limit; });
    if (shoal_frames(&node) < total) {
      throw Error(Exit::kInternal, "node " + prepared_.plan.nodes[i].name +
                                       " never ends the last frame");
    }
  }
}

EndpointReport Simulation::report(uint32_t i) const {
  EndpointReport r;
  r.all = ports_[i]->times();
  r.traffic = world_.network().traffic(ports_[i]->number());
  if (i < nodes_.size()) {
    r.name = prepared_.plan.nodes[i].name;
    r.board = prepared_.plan.nodes[i].board;
    r.link = nodes_[i]->counters();
    r.work = nodes_[i]->work();
    r.storage = nodes_[i]->storage();
  } else {
    r.name = "coordinator";
    r.link = commander_->coordinator().counters();
  }
  return r;
}

SimResult Simulation::result() const {
  SimResult r;
  r.frames = commander_->frames();
  if (options_.warm_up) r.frames.erase(r.frames.begin());
  r.nodes = reports();
  for (size_t i = 0; i < r.nodes.size(); ++i) {
    EndpointReport& n = r.nodes[i];
    const EndpointReport& start = start_[i];
    n.times = since(first_[i], start.all);
    n.all = since(n.all, start.all);
    n.traffic = since(n.traffic, start.traffic);
    n.link = since(n.link, start.link);
    n.work = since(n.work, start.work);
    n.storage = since(n.storage, start.storage);
  }
  r.coordinator = r.nodes.back();
  r.nodes.pop_back();
  r.deployed = deployed_;
  r.ended = r.frames.back().finished;
  r.events = world_.events().count();
  r.event_hash = world_.events().hash();
  return r;
}

}  // namespace

double SimResult::latency_s() const {
  return static_cast<double>(frames.front().finished -
                             frames.front().submitted) *
         1e-9;
}

double SimResult::frames_per_s() const {
  // The first one ran alone.
  const FrameTime& from = frames[frames.size() > 1 ? 1 : 0];
  const auto count =
      static_cast<double>(std::max<size_t>(frames.size() - 1, 1));
  return count / (static_cast<double>(ended - from.submitted) * 1e-9);
}

SimResult simulate_cluster(const Prepared& prepared, const Cluster& cluster,
                           std::span<const uint8_t> input,
                           const SimOptions& options) {
  return Simulation(prepared, cluster, input, options).run();
}

}  // namespace shoal
