#include "host/cli/worker_cluster.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <random>

#include "device/agent/session_wire.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/identity_file.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/udp.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

constexpr uint64_t kLookUs = 10'000;  // whether the plan is there

bool is_there(const std::future<Prepared>& plan) {
  return plan.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// Datagrams that come while nobody listens would only be looked at in vain
// later.
void discard_datagrams(const shoal_transport& t) {
  std::vector<uint8_t> datagram(t.max_payload);
  uint64_t from = 0;
  while (t.receive(t.user, &from, datagram.data(), t.max_payload) != 0) {
  }
}

// Returns the name of this coordinator for people who wait for its nodes.
std::string coordinator_name() {
  char host[64] = {};
  static_cast<void>(gethostname(host, sizeof host - 1));
  const passwd* const user = getpwuid(geteuid());
  std::string who = std::string(user ? user->pw_name : "") + "@" + host;
  const std::string process = ":" + std::to_string(getpid());
  std::erase_if(who, [](char c) { return c <= ' ' || c >= 0x7F; });
  return who.substr(0, kHolderBytes - process.size()) + process;
}

}  // namespace

// The address of a serial line is the line itself: there is only one node at
// its end.
WorkerAddress parse_worker_address(const std::string& text,
                                   const std::string& flag) {
  if (text == kSerialPrefix) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' names no device",
                text + "DEVICE, such as " + text + "/dev/ttyACM0");
  }
  if (is_serial(text)) return {text, kSerialAddress, {}};
  const uint64_t address = parse_udp_address(text, flag);
  if (address % 0x10000 == 0) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' has no port",
                "use the port that `shoal worker` prints");
  }
  return {text, address, {}};
}

void require_lone(const std::string& serial, size_t nodes) {
  if (nodes == 1) return;
  throw Error(Exit::kUsage,
              serial + ": a serial line has one node at its end, " +
                  std::to_string(nodes) + " are named",
              "name that node alone, or reach all of them over UDP");
}

std::unique_ptr<HostTransport> open_transport(
    const std::vector<WorkerAddress>& workers) {
  const auto serial =
      std::ranges::find_if(workers, is_serial, &WorkerAddress::label);
  if (serial == workers.end()) {
    return std::make_unique<UdpTransport>(parse_udp_address("0.0.0.0:0", ""));
  }
  require_lone(serial->label, workers.size());
  return std::make_unique<SerialTransport>(
      serial->label.substr(std::string(kSerialPrefix).size()));
}

namespace {

// In the cluster file, or one for each of --workers.
void add_public_keys(const PlanFlags& plan, const ClusterFlags& flags,
                     const std::optional<Cluster>& cluster,
                     std::vector<WorkerAddress>& workers) {
  if (!cluster && flags.node_keys.size() != workers.size()) {
    throw Error(Exit::kUsage,
                "--node-key has " + std::to_string(flags.node_keys.size()) +
                    " public keys for " + std::to_string(workers.size()) +
                    " workers",
                "give one for each, in the order of --workers");
  }
  for (size_t i = 0; i < workers.size(); ++i) {
    if (!cluster) {
      workers[i].public_key =
          parse_public_key(flags.node_keys[i], "--node-key");
      continue;
    }
    const ClusterNode& n = cluster->nodes[i];
    if (n.public_key.empty()) {
      throw Error(
          Exit::kUsage,
          plan.cluster.path + ": node '" + n.name + "' has no public_key",
          "add the one that `shoal keygen --public FILE` prints");
    }
    workers[i].public_key = parse_public_key(n.public_key, plan.cluster.path);
  }
}

std::vector<WorkerAddress> addresses_of(const PlanFlags& plan,
                                        const ClusterFlags& flags,
                                        const std::optional<Cluster>& cluster) {
  std::vector<WorkerAddress> out;
  if (cluster) {
    for (const ClusterNode& n : cluster->nodes) {
      if (n.address.empty()) {
        throw Error(
            Exit::kUsage,
            plan.cluster.path + ": node '" + n.name + "' has no address",
            "give every node an address");
      }
      out.push_back(parse_worker_address(n.address, plan.cluster.path));
    }
  } else {
    for (const std::string& text : flags.workers) {
      out.push_back(parse_worker_address(text, "--workers"));
    }
  }
  if (!flags.identity.empty()) add_public_keys(plan, flags, cluster, out);
  return out;
}

void check_spares(const ClusterFlags& flags) {
  const auto refuse = [](const char* why, const char* fix) {
    throw Error(Exit::kUsage, std::string("--spares ") + why, fix);
  };
  if (flags.workers.empty()) {
    refuse(
        "go with --workers; nodes of a cluster file have places of their own",
        "name the nodes by --workers");
  }
  if (!flags.identity.empty()) {
    refuse("have no public keys yet", "--key instead of --identity");
  }
  if (flags.on_loss != "replan") {
    refuse("take the place of nodes only with --on-loss replan",
           "--on-loss replan");
  }
}

void check_who_workers_are(const PlanFlags& plan, const ClusterFlags& flags) {
  if (plan.nodes || (!plan.cluster.empty() && !flags.workers.empty())) {
    throw Error(Exit::kUsage,
                "--workers, --cluster and --nodes exclude each other",
                "keep one of them");
  }
  if (plan.cluster.empty() && flags.workers.empty() && !flags.own_cluster) {
    throw Error(Exit::kUsage, "no worker is named",
                "name them with --workers HOST:PORT,... or --cluster FILE");
  }
  if (!flags.spares.empty()) check_spares(flags);
  if (flags.identity.empty() && !flags.node_keys.empty()) {
    throw Error(Exit::kUsage, "--node-key goes with --identity",
                "add --identity with the coordinator's own file");
  }
}

}  // namespace

CoordinatorConfig coordinator_config(const ClusterFlags& flags,
                                     const HostTransport& transport) {
  CoordinatorConfig config;
  config.transport = &transport.transport();
  config.insecure = flags.insecure;
  if (!flags.identity.empty()) {
    config.identity = read_identity_file(flags.identity);
  } else if (flags.own_key) {
    config.key = *flags.own_key;
  } else if (!config.insecure) {
    config.key = read_key_file(flags.key);
  } else if (!flags.quiet) {
    tell(
        "warning: --insecure: nothing is encrypted or signed, anyone on "
        "the network may read the frames and change their results\n");
  }
  config.entropy = system_entropy;
  config.name = coordinator_name();
  config.take_over = flags.take_over;
  if (!flags.own_cluster) config.time_flag = "--node-timeout";
  config.hint = [](const std::string& text) { tell("%s\n", text.c_str()); };
  config.log = tell_more;
  config.timeout_us = static_cast<uint64_t>(
      1e6 * flags.node_timeout.value_or(flags.usual_timeout));
  return config;
}

WorkerCluster::WorkerCluster(const PlanFlags& plan, const ClusterFlags& flags)
    : plan_(plan) {
  check_who_workers_are(plan, flags);
  given_ = flags.own_cluster;
  if (!plan.cluster.empty()) given_ = cluster_of(plan);
  if (given_) require_one_bank(*given_, "workers");
  for (const WorkerAddress& a : addresses_of(plan, flags, given_)) {
    seats_.push_back({a, {}, seats_.size()});
    if (given_) seats_.back().node = given_->nodes[seats_.size() - 1];
  }
  whole_ = seats_.size();
  for (const std::string& text : flags.spares) {
    const WorkerAddress spare = parse_worker_address(text, "--spares");
    absent_.push_back({spare, {}, whole_ + absent_.size(), true});
  }
  request_ = linked_request(plan, {});
  given_plan_ = request_.given;
  cuts_file_ = request_.cuts_file;
  set_budgets(plan, request_.cluster);
  std::vector<WorkerAddress> all = addresses();
  for (const Seat& spare : absent_) all.push_back(spare.address);
  transport_ = open_transport(all);
  config_ = coordinator_config(flags, *transport_);
  config_.busy_fix = "--wait SECONDS, or --take-over";
  used_ = transport_->transport();
  config_.transport = &used_;
}

WorkerCluster::~WorkerCluster() { give_back(); }

void WorkerCluster::give_back() {
  if (!coordinator_) return;
  try {
    stop_all(*coordinator_, *transport_);
  } catch (const std::exception&) {
    // The caller hears of what ended the run; this error would only hide it.
  }
}

// A coordinator that has to wait for one worker keeps no other one meanwhile:
// another coordinator may wait for that one.
void WorkerCluster::connect_all() {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::duration<double>(plan_.wait);
  std::minstd_rand random(std::random_device{}());
  for (bool told = false;; told = true) {
    coordinator_ = std::make_unique<Coordinator>(config_);
    try {
      coordinator_->connect(addresses());
      drive_on(*coordinator_, *transport_, signals_,
               [&] { return coordinator_->connected(); });
      for (size_t i = 0; i < seats_.size(); ++i) {
        const uint32_t most =
            coordinator_->identity(static_cast<int>(i)).facts.max_payload;
        if (most < kLeastPayload) continue;  // which its deployment refuses
        used_.max_payload = std::min(used_.max_payload, most);
      }
      request_.max_payload = used_.max_payload;
      were_connected_ = true;
      tell_nodes();
      return;
    } catch (const Error& e) {
      give_back();
      if (e.code() != Exit::kBusy || Clock::now() >= until) throw;
      if (!told) tell("%s; waiting\n", e.what());
    }
    const uint64_t pause_us = 50'000 + random() % 200'000;
    const shoal_transport& t = transport_->transport();
    const uint64_t next = t.now_us(t.user) + pause_us;
    while (t.now_us(t.user) < next && !signals_.asked()) {
      transport_->wait(next, signals_.descriptor());
      discard_datagrams(t);
    }
  }
}

void WorkerCluster::tell_nodes() const {
  for (size_t i = 0; i < seats_.size(); ++i) {
    const WorkerIdentity& w = coordinator_->identity(static_cast<int>(i));
    tell_more("node " + w.name + " at " + seats_[i].address.label +
              " has connected: board " + w.board + ", arena " +
              format_bytes(w.facts.arena_bytes));
  }
}

std::vector<WorkerAddress> WorkerCluster::addresses() const {
  std::vector<WorkerAddress> addresses;
  for (const Seat& s : seats_) addresses.push_back(s.address);
  return addresses;
}

// A plan and cuts from files are for all nodes that were named, in their order.
void WorkerCluster::set_seats() {
  std::ranges::sort(seats_, {}, &Seat::number);
  if (given_) {
    given_->nodes.clear();
    for (const Seat& s : seats_) given_->nodes.push_back(*s.node);
  }
  const bool whole =
      is_whole() && std::ranges::none_of(seats_, &Seat::is_spare);
  request_.cuts_file = whole ? cuts_file_ : std::nullopt;
  request_.given = whole ? given_plan_ : std::nullopt;
}

size_t WorkerCluster::leave_out(int worker) {
  give_back();
  const auto seat = seats_.begin() + worker;
  absent_.push_back(std::move(*seat));
  seats_.erase(seat);
  if (!seats_.empty()) set_seats();
  return seats_.size();
}

std::vector<WorkerCluster::Seat>::iterator WorkerCluster::find_absent(
    uint64_t address) {
  const auto seat = std::ranges::find_if(
      absent_, [&](const Seat& s) { return s.address.address == address; });
  if (seat == absent_.end()) {
    throw Error(Exit::kInternal, "a worker that is not absent was taken in");
  }
  return seat;
}

// So a plan for equal nodes stays the same.
void WorkerCluster::take_in_place(uint64_t spare) {
  std::swap(find_absent(spare)->number, absent_.back().number);
  take_in(spare);
}

void WorkerCluster::take_in(uint64_t address) {
  give_back();
  const auto seat = find_absent(address);
  seats_.push_back(std::move(*seat));
  absent_.erase(seat);
  set_seats();
}

// A plan of the file alone is the one that runs.
void WorkerCluster::check_payload() const {
  if (!given_ || given_->link_payload() == request_.max_payload) return;
  const std::string have = std::to_string(request_.max_payload);
  const std::string fix = "payload = " + have;
  if (!given_->payload) {
    tell("%s: its nodes' datagrams have %s bytes; tell `shoal plan` so by %s\n",
         given_->file.c_str(), have.c_str(), fix.c_str());
    return;
  }
  throw Error(Exit::kUsage,
              given_->file + ": payload = " + std::to_string(*given_->payload) +
                  ", and these nodes' datagrams have " + have + " bytes",
              fix);
}

ReturningNodes& WorkerCluster::returning() {
  if (!returning_) returning_ = std::make_unique<ReturningNodes>(config_);
  return *returning_;
}

void WorkerCluster::connect() {
  give_back();  // what ran before
  user_ = nullptr;
  try {
    connect_all();
    check_payload();
    request_.cluster =
        cluster_of(*coordinator_, addresses(), given_ ? &*given_ : nullptr);
    set_budgets(plan_, request_.cluster);
  } catch (...) {
    give_back();  // before a signal acts
    throw;
  }
  for (size_t i = 0; i < seats_.size(); ++i) {
    history_.joined(seats_[i].address.address,
                    coordinator_->identity(static_cast<int>(i)).name);
  }
}

Prepared WorkerCluster::plan(Graph graph, std::optional<PlanText> known) {
  PlanRequest request = request_;
  if (known && !request.given) request.given = std::move(known);
  // Before the future, whose end waits for the planner.
  std::atomic<bool> cancelled = false;
  std::future<Prepared> plan;
  try {
    // Planning may take longer than a lease lasts.
    plan = std::async(std::launch::async, [&] {
      const PlanCancellation cancellation(cancelled);
      return shoal::prepare(std::move(graph), request, Images::kAll,
                            config_.key.data());
    });
    drive_on(
        *coordinator_, *transport_, signals_, [&] { return is_there(plan); },
        kLookUs);
  } catch (...) {
    cancelled = true;
    give_back();
    throw;
  }
  Prepared p = plan.get();
  tell_plan(p, request);
  check_no_storage(p.plan);
  return p;
}

Prepared WorkerCluster::prepare(Graph graph) {
  connect();
  return plan(std::move(graph));
}

}  // namespace shoal
