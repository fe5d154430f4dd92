#include "host/engine/virtual/virtual_cluster.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/engine/virtual/links.h"
#include "host/engine/virtual/since.h"
#include "host/program/emit/emit.h"
#include "host/program/store/spill_place.h"
#include "host/world/board_port.h"
#include "host/world/network.h"

namespace shoal {
namespace {

// Nobody waits for a node that is alone, so it need not be interrupted.
PortCosts costs_of(const Board& board, const SimOptions& options, bool linked) {
  if (linked) return costs_of(board, options);
  PortCosts costs;
  costs.step = 0;
  costs.burst = std::numeric_limits<int>::max();
  return costs;
}

Header header_of(std::span<const uint8_t> image) {
  Header header{};
  if (image.size() >= sizeof header) {
    std::memcpy(&header, image.data(), sizeof header);
  }
  return header;
}

// Where it spills: behind the image.
void add_spill_area(const PlanNode& plan, uint16_t node,
                    VirtualNodeOptions& o) {
  const Header header = header_of(o.store);
  o.spill_area = spill_place(plan, o.storage, header.image_bytes);
  if (!o.spill_area) return;
  const std::vector<uint8_t> ledger = first_ledger(
      *o.spill_area, header, node, o.store_key ? o.store_key->data() : nullptr);
  o.store.resize(size_t{o.spill_area->offset} + o.spill_area->bytes);
  std::copy(ledger.begin(), ledger.end(),
            o.store.begin() + o.spill_area->offset);
}

}  // namespace

VirtualCluster::VirtualCluster(const Prepared& prepared, const Cluster& cluster,
                               std::span<const uint8_t> input,
                               const SimOptions& options)
    : prepared_(prepared),
      options_(options),
      random_(options.network.seed),
      world_(options.network, options.max_payload),
      frames_(input, options) {
  if (cluster.nodes.size() != prepared.plan.nodes.size()) {
    throw Error(Exit::kInternal, "the plan has other nodes than the cluster");
  }
  const auto count = static_cast<int>(cluster.nodes.size());
  if (options.lost_node && *options.lost_node >= count) {
    throw Error(Exit::kUsage,
                "--power-loss: node " + std::to_string(*options.lost_node) +
                    " is not one of the " + std::to_string(count) + " nodes",
                "give a number from 0 to " + std::to_string(count - 1));
  }
  SharedKey key{};
  if (!options.insecure) {
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random_());
  }
  for (size_t i = 0; i < cluster.nodes.size(); ++i) {
    add_node(static_cast<int>(i), cluster, key);
  }
  if (prepared.plan.linked) {
    add_commander(cluster, key);
    connect();
  } else {
    until([&] { return frames_.asked(); });  // its program is loaded
  }
}

void VirtualCluster::add_node(int node, const Cluster& cluster,
                              const SharedKey& key) {
  const ClusterNode& real = cluster.nodes[static_cast<size_t>(node)];
  const PlanNode& plan = prepared_.plan.nodes[static_cast<size_t>(node)];
  const std::vector<uint8_t>& image =
      prepared_.images.at(static_cast<size_t>(node));
  costs_.push_back(
      options_.costs ? std::make_unique<NodeCost>(image, real.board) : nullptr);
  const bool linked = prepared_.plan.linked;
  Port& port = world_.add(link_of(real.board, options_),
                          costs_of(real.board, options_, linked));
  VirtualNodeOptions o;
  o.name = real.name;
  o.board = real.board.name;
  o.arena_bytes = plan.arena_bytes;
  for (const PlanBank& b : plan.banks) o.bank_bytes.push_back(b.bytes);
  o.program_capacity = plan.program_bytes;
  o.max_peers = static_cast<uint16_t>(std::max<size_t>(plan.peers.size(), 1));
  o.insecure = options_.insecure;
  o.key = key;
  o.seed = random_();
  if (options_.observer) o.observer = options_.observer(node);
  give_store(node, real, o);
  if (!linked) {
    const auto begins = [this] {
      nodes_[0]->restart_counts();
      if (options_.recorder && !options_.record_all) {
        world_.record(options_.recorder);
      }
    };
    o.unlinked.emplace(UnlinkedFrames{prepared_, frames_, begins});
  }
  nodes_.push_back(
      std::make_unique<VirtualNode>(port, std::move(o), costs_.back().get()));
  ports_.push_back(&port);
  world_.attach(port, *nodes_.back());
}

// The store is a card that was written before: nothing of it goes over the
// network.
void VirtualCluster::give_store(int node, const ClusterNode& real,
                                VirtualNodeOptions& o) const {
  const auto n = static_cast<size_t>(node);
  const PlanNode& plan = prepared_.plan.nodes[n];
  if (!reads_storage(plan)) return;
  const bool given = n < options_.stores.size() && !options_.stores[n].empty();
  o.store = given ? options_.stores[n] : prepared_.images[n];
  const Header header = header_of(
      o.store.size() >= sizeof(Header) ? o.store : prepared_.images[n]);
  std::copy_n(header.store_id, o.store_id.size(), o.store_id.begin());
  o.storage = find_storage(real.board, plan.storage);
  const bool keyed = plan.sealed && n < options_.store_keys.size();
  if (keyed) o.store_key = options_.store_keys[n];
  if (plan.spill_pages > 0) {
    add_spill_area(plan, static_cast<uint16_t>(node), o);
  }
  if (node == 0) o.fault = options_.fault;
  if (!options_.costs) o.storage.read_latency_us = 1;
  o.check_cycles_per_byte = real.board.chunk_cycles_per_byte(keyed);
  o.clock_hz = real.board.clock_hz;
}

void VirtualCluster::add_commander(const Cluster& cluster,
                                   const SharedKey& key) {
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
  config.timeout_us = patience_us(links);
  config.ping_us = config.timeout_us;  // what fails here is told by the world
  commander_ = std::make_unique<Commander>(port, std::move(config), frames_);
}

// Returns how long a node's answer may be on its way behind other datagrams;
// waiting that long costs nothing.
uint64_t VirtualCluster::patience_us(
    const std::vector<LinkModel>& links) const {
  constexpr uint64_t kDatagrams = 64, kOfEach = 8;
  const uint64_t before =
      std::max<uint64_t>(kDatagrams, kOfEach * links.size());
  uint64_t most = options_.timeout_us;
  for (const LinkModel& link : links) {
    if (link.bits_per_s <= 0) continue;
    const Nanos one =
        Network::airtime(link, options_.max_payload) + link.latency;
    most = std::max<uint64_t>(most, before * one / kMicrosecond);
  }
  return most;
}

void VirtualCluster::connect() {
  Coordinator& coordinator = commander_->coordinator();
  std::vector<WorkerAddress> workers;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    workers.push_back({prepared_.plan.nodes[i].name, ports_[i]->address()});
  }
  coordinator.connect(workers);
  world_.attach(*ports_.back(), *commander_);
  try {
    until([&] { return coordinator.connected(); });
    coordinator.deploy(prepared_);
    until([&] { return coordinator.started(); });
  } catch (const Error& e) {
    if (e.code() != Exit::kNode) throw;
    // Nobody can start a virtual node, or wait longer for it.
    throw Error(e.code(), e.what(),
                "give links that lose less or are faster: --loss, --rate, "
                "--latency, or `link` in the cluster's file");
  }
}

template <typename Done>
void VirtualCluster::until(Done done) {
  while (!done()) {
    if (!world_.advance()) {
      throw Error(Exit::kInternal, "nothing will ever happen in this cluster");
    }
    if (options_.max_events && world_.events().count() > *options_.max_events) {
      throw Error(Exit::kNode, "the run has not ended after " +
                                   std::to_string(*options_.max_events) +
                                   " events, " +
                                   std::to_string(world_.now() / kSecond) +
                                   " s of virtual time");
    }
  }
}

std::vector<PortTimes> VirtualCluster::times() const {
  std::vector<PortTimes> out;
  for (const Port* port : ports_) out.push_back(port->times());
  return out;
}

std::vector<EndpointReport> VirtualCluster::reports() const {
  std::vector<EndpointReport> out;
  for (uint32_t i = 0; i < ports_.size(); ++i) out.push_back(report(i));
  return out;
}

// Wakes who asks for frames.
void VirtualCluster::want(int frames) {
  frames_.want(frames);
  Endpoint* feeder = nodes_[0].get();
  if (commander_) feeder = commander_.get();
  world_.attach(*ports_.back(), *feeder);
}

void VirtualCluster::begin() {
  if (options_.warm_up) {
    before_ = 1;
    want(before_);
    until([&] { return frames_.done(); });
  }
  deployed_ = world_.now();
  for (const auto& node : nodes_) node->restart_counts();
  start_ = reports();
  if (options_.recorder) world_.record(options_.recorder);
  if (options_.started) options_.started();
}

void VirtualCluster::run(int frames) {
  const bool is_first = start_.empty();
  if (is_first) begin();
  const auto so_far = static_cast<int>(frames_.times().size());
  want(so_far + frames);
  if (is_first) {
    if (options_.lost_node) {
      until([&] { return world_.now() >= deployed_ + options_.lost_after; });
      if (frames_.done()) {
        throw Error(Exit::kUsage,
                    "--power-loss: node " +
                        std::to_string(*options_.lost_node) +
                        " would be lost after the last frame",
                    "give an earlier time");
      }
      world_.switch_off(
          ports_[static_cast<size_t>(*options_.lost_node)]->number());
    }
    until([&] { return frames_.finished() > before_ || frames_.done(); });
    first_ = times();
    // A node alone records each frame again.
    if (commander_ && !options_.record_all) world_.record(nullptr);
  }
  until([&] { return frames_.done(); });
  check_arenas();
}

void VirtualCluster::stop() {
  if (!commander_) return;
  if (options_.observer) finish_nodes();
  commander_->coordinator().stop();
  until([&] { return commander_->coordinator().stopped(); });
  check_arenas();
}

void VirtualCluster::check_arenas() const {
  for (const auto& node : nodes_) {
    if (node->arena_intact()) continue;
    throw Error(Exit::kInternal, "a node wrote outside its arena");
  }
}

void VirtualCluster::finish_nodes() {
  const auto total = static_cast<uint32_t>(frames_.times().size());
  const Nanos limit =
      world_.now() + static_cast<Nanos>(options_.timeout_us) * kMicrosecond;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (prepared_.plan.nodes[i].stages.empty()) continue;
    const auto ended = [&] {
      const shoal_node* const node = nodes_[i]->node();
      return node && shoal_frames(node) >= total;
    };
    until([&] { return ended() || world_.now() >= limit; });
    if (!ended()) {
      throw Error(Exit::kInternal, "node " + prepared_.plan.nodes[i].name +
                                       " never ends the last frame");
    }
  }
}

EndpointReport VirtualCluster::report(uint32_t i) const {
  EndpointReport r;
  r.all = ports_[i]->times();
  r.traffic = world_.network().traffic(ports_[i]->number());
  if (i >= nodes_.size()) {
    r.name = "coordinator";
    r.link = commander_->coordinator().counters();
    return r;
  }
  VirtualNode& node = *nodes_[i];
  r.name = prepared_.plan.nodes[i].name;
  r.board = prepared_.plan.nodes[i].board;
  r.link = node.link();
  r.counts = node.counts();
  if (node.storage() && !node.storage()->wear().empty()) {
    r.most_erases = *std::ranges::max_element(node.storage()->wear());
  }
  return r;
}

SimResult VirtualCluster::result() const {
  SimResult r;
  r.frames = frames_.times();
  r.frames.erase(r.frames.begin(), r.frames.begin() + before_);
  r.nodes = reports();
  for (size_t i = 0; i < r.nodes.size(); ++i) {
    EndpointReport& n = r.nodes[i];
    const EndpointReport& start = start_[i];
    n.times = since(first_[i], start.all);
    n.all = since(n.all, start.all);
    n.traffic = since(n.traffic, start.traffic);
    n.link = since(n.link, start.link);
  }
  if (commander_) {
    r.coordinator = r.nodes.back();
    r.nodes.pop_back();
  }
  r.deployed = deployed_;
  r.ended = r.frames.back().finished;
  r.events = world_.events().count();
  r.event_hash = world_.events().hash();
  return r;
}

}  // namespace shoal
