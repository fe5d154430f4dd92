#include "host/engine/recovery/worker_cluster.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <random>
#include <utility>

#include "device/agent/session_wire.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/engine/workers/drive.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

constexpr uint64_t kLookForPlanUs = 10'000;  // whether the plan is there

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

}  // namespace

WorkerCluster::WorkerCluster(WorkerClusterOptions options)
    : options_(std::move(options)), request_(options_.request) {
  for (const WorkerAddress& a : options_.nodes) {
    seats_.push_back({a, {}, seats_.size()});
    if (given()) seats_.back().node = given()->nodes[seats_.size() - 1];
  }
  whole_ = seats_.size();
  for (const WorkerAddress& spare : options_.spares) {
    absent_.push_back({spare, {}, whole_ + absent_.size(), true});
  }
  given_plan_ = request_.given;
  cuts_file_ = request_.cuts_file;
  options_.set_budgets(request_.cluster);
  used_ = options_.transport->transport();
  options_.config.transport = &used_;
}

WorkerCluster::~WorkerCluster() { give_back(); }

void WorkerCluster::give_back() {
  if (coordinator_) give_back(*coordinator_);
  for (const auto& before : before_) give_back(*before);
  before_.clear();
}

// The next coordinator takes the others over, and nobody gets one in between.
void WorkerCluster::give_back_unless_lost() {
  if (!coordinator_ || !coordinator_->lost()) give_back();
}

void WorkerCluster::give_back(Coordinator& coordinator) const {
  try {
    stop_all(coordinator, transport());
  } catch (const std::exception&) {
    // The caller hears of what ended the run; this error would only hide it.
  }
}

// A coordinator that has to wait for one worker keeps no other one meanwhile:
// another coordinator may wait for that one.
void WorkerCluster::connect_all(double wait_s) {
  const uint64_t until = now_us() + static_cast<uint64_t>(1e6 * wait_s);
  // A second node that was lost with the first should not cost much more time.
  constexpr uint64_t kAnswerUs = 1'000'000;
  if (options_.config.derives_silence && were_connected_) {
    options_.config.answer_us = kAnswerUs;
  }
  for (bool told = false;; told = true) {
    // The coordinators before hold the nodes until this one has them: nobody
    // who waits for one gets it in between. They are several if nodes were lost
    // while others were connected.
    CoordinatorConfig config = options_.config;
    if (coordinator_) before_.push_back(std::move(coordinator_));
    for (const auto& before : before_) {
      config.follows.push_back(before->number());
    }
    coordinator_ = std::make_unique<Coordinator>(std::move(config));
    try {
      coordinator_->connect(addresses());
      drive_on(*coordinator_, transport(), signals_,
               [&] { return coordinator_->connected(); });
      before_.clear();
      for (size_t i = 0; i < seats_.size(); ++i) {
        const uint32_t most =
            coordinator_->identity(static_cast<int>(i)).facts.max_payload;
        if (most < kLeastPayload) continue;  // which its deployment refuses
        used_.max_payload = std::min(used_.max_payload, most);
      }
      request_.max_payload = used_.max_payload;
      were_connected_ = true;
      log_nodes();
      return;
    } catch (const Error& e) {
      give_back_unless_lost();
      if (e.code() != Exit::kBusy || now_us() >= until) throw;
      if (!told) tell(std::string(e.what()) + "; waiting");
    }
    uint32_t more = 0;
    options_.config.entropy({reinterpret_cast<uint8_t*>(&more), sizeof more});
    pause(50'000 + more % 200'000);
  }
}

uint64_t WorkerCluster::now_us() const {
  const shoal_transport& t = transport().transport();
  return t.now_us(t.user);
}

void WorkerCluster::pause(uint64_t us) const {
  const uint64_t until = now_us() + us;
  while (now_us() < until && !signals_.asked()) {
    transport().wait(until, signals_.descriptor());
    discard_datagrams(transport().transport());
  }
}

void WorkerCluster::tell(const std::string& text) const {
  if (options_.config.hint) options_.config.hint(text);
}

void WorkerCluster::step(RecoveryStep step, const std::string& text) const {
  if (options_.stepped) options_.stepped(step, text);
}

void WorkerCluster::log_nodes() const {
  for (size_t i = 0; i < seats_.size(); ++i) {
    const WorkerIdentity& w = coordinator_->identity(static_cast<int>(i));
    coordinator_->log("node " + w.name + " at " + seats_[i].address.label +
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
  if (given()) {
    given()->nodes.clear();
    for (const Seat& s : seats_) given()->nodes.push_back(*s.node);
  }
  const bool whole =
      is_whole() && std::ranges::none_of(seats_, &Seat::is_spare);
  request_.cuts_file = whole ? cuts_file_ : std::nullopt;
  request_.given = whole ? given_plan_ : std::nullopt;
}

size_t WorkerCluster::leave_out(int worker) {
  if (seats_.size() > 1) {
    coordinator_->leave(worker);
  } else {
    give_back();
  }
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
  const auto seat = find_absent(address);
  seats_.push_back(std::move(*seat));
  absent_.erase(seat);
  set_seats();
}

// A plan of the file alone is the one that runs.
void WorkerCluster::check_payload() const {
  const std::optional<Cluster>& given = options_.given;
  if (!given || given->link_payload() == request_.max_payload) return;
  const std::string have = std::to_string(request_.max_payload);
  const std::string fix = "payload = " + have;
  if (!given->payload) {
    tell(given->file + ": its nodes' datagrams have " + have +
         " bytes; tell `shoal plan` so by " + fix);
    return;
  }
  throw Error(Exit::kUsage,
              given->file + ": payload = " + std::to_string(*given->payload) +
                  ", and these nodes' datagrams have " + have + " bytes",
              fix);
}

void WorkerCluster::apply_reserve() {
  if (reserved_ == 0) return;
  for (size_t i = 0; i < seats_.size(); ++i) {
    const WorkerIdentity& w = coordinator_->identity(static_cast<int>(i));
    const int64_t left = int64_t{w.facts.arena_bytes} - reserved_;
    if (left <= 0) {
      throw Error(Exit::kDoesNotFit,
                  "node " + w.name + ": its arena of " +
                      format_bytes(w.facts.arena_bytes) +
                      " has no room for the sequence, which takes " +
                      format_bytes(reserved_),
                  "--state peers with fewer frames from one copy to the next");
    }
    ClusterNode& node = request_.cluster.nodes[i];
    if (node.ram && *node.ram <= left) continue;
    node.ram = left;
    node.ram_source = "what node " + w.name + " has, less " +
                      format_bytes(reserved_) + " for the sequence";
  }
}

ReturningNodes& WorkerCluster::returning() {
  if (!returning_) returning_ = options_.returning(options_.config);
  return *returning_;
}

void WorkerCluster::connect(std::optional<double> most_wait_s) {
  user_ = nullptr;
  try {
    connect_all(
        std::min(options_.wait_s, most_wait_s.value_or(options_.wait_s)));
    check_payload();
    request_.cluster =
        cluster_of(*coordinator_, addresses(), given() ? &*given() : nullptr);
    options_.set_budgets(request_.cluster);
    apply_reserve();
  } catch (...) {
    give_back_unless_lost();  // before a signal acts
    throw;
  }
  for (size_t i = 0; i < seats_.size(); ++i) {
    WorkerAddress& a = seats_[i].address;
    a.name = coordinator_->identity(static_cast<int>(i)).name;
    history_.joined(a.address, a.name);
  }
}

Prepared WorkerCluster::plan(Graph graph, std::optional<PlanText> known,
                             std::optional<double> most_s) {
  PlanRequest request = request_;
  if (!request.limits.search_s) request.limits.search_s = most_s;
  if (known && !request.given) request.given = std::move(known);
  Prepared p = options_.plans_at_hand
                   ? shoal::prepare(std::move(graph), request, Images::kAll,
                                    options_.config.key.data())
                   : plan_beside(std::move(graph), request);
  if (options_.planned) options_.planned(*this, p, request);
  check_no_storage(p.plan);
  return p;
}

Prepared WorkerCluster::use(Prepared p) {
  PlanRequest request = request_;
  request.given = PlanText{"those that were made beforehand", ""};
  if (options_.planned) options_.planned(*this, p, request);
  check_no_storage(p.plan);
  return p;
}

void WorkerCluster::hold(const Prepared& programs) {
  coordinator_->deploy(programs, Then::kHold);
  drive_on(*coordinator_, transport(), signals_,
           [&] { return coordinator_->deployed(); });
}

std::vector<HeldPrograms> WorkerCluster::held_programs() {
  std::vector<HeldPrograms> held(seats_.size());
  size_t answers = 0;
  for (size_t i = 0; i < seats_.size(); ++i) {
    std::vector<uint8_t> first(sizeof(HeldRequest));
    coordinator_->ask(
        static_cast<int>(i), Request::kHeld, std::move(first),
        [&held, &answers, i](Reply reply, std::span<const uint8_t> data) {
          ++answers;
          if (reply != Reply::kOk || data.size() < sizeof held[i]) {
            return;  // it keeps none besides its own
          }
          std::memcpy(&held[i], data.data(), sizeof held[i]);
        });
  }
  drive_on(*coordinator_, transport(), signals_,
           [&] { return answers == seats_.size(); });
  return held;
}

void WorkerCluster::set_user(const void* user, const Plan& plan) {
  user_ = user;
  std::map<uint64_t, int64_t>& bytes = programs_[user];
  bytes.clear();
  for (size_t i = 0; i < seats_.size(); ++i) {
    if (plan.nodes[i].stages.empty()) continue;
    bytes[seats_[i].address.address] = plan.nodes[i].program_bytes;
  }
}

std::vector<int64_t> WorkerCluster::other_programs(size_t seat) const {
  std::vector<int64_t> all;
  for (const auto& [user, bytes] : programs_) {
    const auto found = bytes.find(seats_[seat].address.address);
    if (user != user_ && found != bytes.end()) all.push_back(found->second);
  }
  return all;
}

// Planning may take longer than a lease lasts.
Prepared WorkerCluster::plan_beside(Graph graph, const PlanRequest& request) {
  // Before the future, whose end waits for the planner.
  std::atomic<bool> cancelled = false;
  std::future<Prepared> plan;
  try {
    plan = std::async(std::launch::async, [&] {
      const PlanCancellation cancellation(cancelled);
      return shoal::prepare(std::move(graph), request, Images::kAll,
                            options_.config.key.data());
    });
    drive_on(
        *coordinator_, transport(), signals_, [&] { return is_there(plan); },
        kLookForPlanUs);
  } catch (...) {
    cancelled = true;
    give_back_unless_lost();
    throw;
  }
  return plan.get();
}

Prepared WorkerCluster::prepare(Graph graph) {
  connect();
  return plan(std::move(graph));
}

}  // namespace shoal
