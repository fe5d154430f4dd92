#include "host/cli/serve_replicas.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/worker_flags.h"
#include "host/serve/desk_lanes.h"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds kAskAgain{1000}, kLookAgain{20};
// A worker that was refused may come back larger. Each time it is planned for.
constexpr std::chrono::milliseconds kPlanAgain{30'000};

std::vector<std::string> worker_addresses(const EngineFlags& flags) {
  if (flags.plan.cluster.empty()) return flags.cluster.workers;
  std::vector<std::string> all;
  for (const ClusterNode& n : cluster_of(flags.plan).nodes) {
    all.push_back(n.address);
  }
  return all;
}

// Returns whether a worker may be there later.
bool may_come(const Error& e) {
  return e.code() == Exit::kNode || e.code() == Exit::kBusy;
}

Error too_small(const std::string& address, const Error& why) {
  return Error(why.code(),
               "--replicas: " + printable(address) + " alone: " + why.what(),
               "a larger --ram of that worker, or the others without it; "
               "without --replicas they share each frame");
}

}  // namespace

void check_replicas(const ServeFlags& flags) {
  const auto refuse = [](const std::string& what, const char* fix) {
    throw Error(Exit::kUsage, "--replicas: " + what, fix);
  };
  if (flags.cluster.workers.empty() && flags.plan.cluster.empty()) {
    refuse("each worker runs whole frames, and none is named",
           "--workers HOST:PORT,... or --cluster FILE");
  }
  if (!flags.models.empty()) {
    refuse("workers run whole frames of one model", "leave out --model");
  }
  if (!flags.plan.plan.empty() || !flags.plan.cuts.empty()) {
    refuse("nothing is cut over the workers", "leave out --plan and --cuts");
  }
  if (!flags.cluster.state.empty()) {
    refuse("frames of a sequence depend on each other", "leave out --state");
  }
  if (!flags.cluster.spares.empty()) {
    refuse("each worker is one that others can do without",
           "name the spares by --workers");
  }
  if (flags.cluster.on_loss == "wait") {
    refuse("another worker runs the frames of one that is lost",
           "leave out --on-loss wait");
  }
}

ReplicaEngines::ReplicaEngines(const EngineFlags& flags) : flags_(flags) {
  for (const std::string& address : worker_addresses(flags)) {
    for (const ReplicaEngine& r : replicas_) {
      if (r.address != address) continue;
      throw Error(
          Exit::kUsage,
          "--replicas: two workers have one address: " + printable(address),
          "name each worker once");
    }
    replicas_.push_back({address, nullptr, nullptr});
  }
}

EngineFlags ReplicaEngines::flags_of(size_t number) {
  EngineFlags flags = flags_;
  flags.cluster.quiet = was_told_.exchange(true);
  flags.workers = std::make_shared<WorkerCluster>(
      worker_cluster(flags.plan, flags.cluster, number));
  return flags;
}

void ReplicaEngines::open_replica(size_t number) {
  ReplicaEngine& r = replicas_[number];
  r.opening = std::make_unique<EngineOpening>(flags_of(number));
  r.engine = r.opening->open();
}

void ReplicaEngines::open(const std::function<void(const EngineFlags&)>& open) {
  bool has_first = false;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const std::string& address = replicas_[i].address;
    try {
      if (has_first) {
        open_replica(i);
        continue;
      }
      first_ = i;
      open(flags_of(i));
      has_first = true;
    } catch (const Error& e) {
      const bool is_last = i + 1 == replicas_.size();
      if (e.code() == Exit::kDoesNotFit) throw too_small(address, e);
      if (!may_come(e) || (is_last && !has_first)) throw;
      tell("warning: %s: %s; it is taken in when it comes\n", address.c_str(),
           e.code() == Exit::kBusy ? e.what() : "no answer yet");
    }
  }
}

// Returns whether the worker has come before the service ends.
bool ReplicaEngines::wait_for(size_t number, DeskLane& lane) {
  const std::string& address = replicas_[number].address;
  lane.stands_still(address + ": no answer yet");
  std::chrono::milliseconds pause = kAskAgain;
  for (;;) {
    const auto until = std::chrono::steady_clock::now() + pause;
    while (std::chrono::steady_clock::now() < until) {
      if (lane.stops()) return false;
      std::this_thread::sleep_for(kLookAgain);
    }
    try {
      open_replica(number);
      lane.stands_still("");
      return true;
    } catch (const Error& e) {
      pause = may_come(e) ? kAskAgain : kPlanAgain;
      if (may_come(e)) continue;
      tell("warning: %s: %s; the others go on without it\n", address.c_str(),
           e.what());
      lane.stands_still(address + ": " + e.what());
    }
  }
}

void ReplicaEngines::run(size_t number, Engine& first, DeskLane& lane) {
  Engine* engine = &first;
  if (number != first_) {
    if (!replicas_[number].engine && !wait_for(number, lane)) return;
    engine = replicas_[number].engine.get();
  }
  engine->serve(lane, [&](const Answer& a) { lane.take(a.output); });
}

void ReplicaEngines::serve(Engine& first, FrameDesk& desk) {
  DeskLanes lanes(desk, replicas_.size());
  // The status has a place for each worker from the start.
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const bool is_there = i == first_ || replicas_[i].engine;
    ClusterStatus status;
    status.nodes.push_back(
        {"", replicas_[i].address,
         is_there ? NodePresence::kRuns : NodePresence::kLost});
    lanes.lane(i).heed(status);
  }
  std::mutex mutex;
  std::optional<Error> broke;
  const bool may_do_without = flags_.cluster.on_loss != "fail";
  // A worker that is lost at the end is none that the service needs.
  const auto ends = [&](size_t number, const Error& why) {
    const std::lock_guard lock(mutex);
    DeskLane& lane = lanes.lane(number);
    if (may_do_without && !desk.closed() && lane.others() > 0) {
      tell("warning: %s: %s; the others go on without it\n",
           replicas_[number].address.c_str(), why.what());
      lane.repeats();
      lane.fails(why);
    } else {
      if (!broke && !desk.closed()) broke = why;
      desk.close();
    }
    lane.stands_still(why.what());
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        run(i, first, lanes.lane(i));
      } catch (const Error& e) {
        ends(i, e);
      } catch (const std::exception& e) {
        ends(i, Error(Exit::kInternal, e.what()));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  if (broke) throw Error(*broke);
}

}  // namespace shoal
