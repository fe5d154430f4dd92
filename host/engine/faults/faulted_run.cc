#include "host/engine/faults/faulted_run.h"

#include <utility>

#include "host/base/error.h"
#include "host/engine/faults/fault_world.h"
#include "host/engine/recovery/recovering_engine.h"
#include "host/engine/virtual/frame_queue.h"

namespace shoal {
namespace {

const char* name_of(RecoveryStep step) {
  switch (step) {
    case RecoveryStep::kLoss:
      return "loss";
    case RecoveryStep::kRepeat:
      return "repeat";
    case RecoveryStep::kHold:
      return "hold";
    case RecoveryStep::kSwitch:
      return "switch";
    case RecoveryStep::kReturn:
      return "return";
    default:
      return "wait";
  }
}

// The frames of the run, one after another as the options want it.
class QueuedFrames final : public FrameSource {
 public:
  QueuedFrames(FrameQueue& queue, FaultWorld& world,
               const FaultedOptions& options)
      : queue_(queue),
        world_(world),
        options_(options.sim),
        every_(options.every) {}

  std::optional<std::vector<uint8_t>> next() override {
    const auto number = queue_.times().size();
    if (number > 0 && world_.now() < queue_.times().back().submitted + every_) {
      return std::nullopt;
    }
    const auto input = queue_.next(world_.now());
    if (!input) return std::nullopt;
    if (number == (options_.warm_up ? 1 : 0)) {
      world_.begin();
      if (options_.recorder) world_.world().record(options_.recorder);
    }
    repeats_.push_back(0);
    return std::vector<uint8_t>(input->begin(), input->end());
  }
  bool ended() const override { return failed_ || queue_.all_begun(); }
  bool stops() const override { return failed_.has_value(); }
  int descriptor() const override { return -1; }
  void repeats() override {
    for (auto f = static_cast<size_t>(queue_.finished()); f < repeats_.size();
         ++f) {
      ++repeats_[f];
    }
  }
  // One that fails ends the run.
  void fails(const Error& why) override {
    if (!failed_) failed_ = why;
  }
  const std::optional<Error>& failed() const { return failed_; }
  const std::vector<int>& all_repeats() const { return repeats_; }

 private:
  FrameQueue& queue_;
  FaultWorld& world_;
  const SimOptions& options_;
  const Nanos every_;
  std::vector<int> repeats_;
  std::optional<Error> failed_;
};

}  // namespace

FaultedRun run_with_faults(const Graph& graph, const PlanRequest& request,
                           const FaultedOptions& options) {
  FaultedRun run;
  std::vector<RunEvent> events;
  FaultWorld* place = nullptr;
  const auto note = [&](const std::string& what, const std::string& text) {
    events.push_back({place ? place->now() : 0, what, text});
    // The run begins with the first frame.
    if (options.happened && place && place->has_begun()) {
      options.happened({place->now() - place->began(), what, text});
    }
  };
  FaultWorld world(request.cluster, options.sim, options.faults,
                   [&](const std::string& text) { note("fault", text); });
  place = &world;
  if (options.beside) options.beside(world);
  FrameQueue queue({}, options.sim);
  const int before = options.sim.warm_up ? 1 : 0;
  queue.want(options.sim.frames + before);
  QueuedFrames source(queue, world, options);

  WorkerClusterOptions o = world.workers();
  o.request = request;
  o.request.cluster = {};
  o.holds_fallbacks = options.holds_fallbacks;
  o.set_budgets = options.set_budgets ? options.set_budgets : [](Cluster&) {};
  const auto planned = std::exchange(o.planned, {});
  o.planned = [&](const WorkerCluster& workers, const Prepared& p,
                  const PlanRequest& of) {
    planned(workers, p, of);
    if (options.planned) options.planned(p, of);
    EpochPlan epoch{world.now(), p.plan, {}};
    for (const WorkerCluster::Seat& s : workers.seats()) {
      epoch.seats.push_back(static_cast<int>(s.address.address) - 1);
    }
    run.plans.push_back(std::move(epoch));
  };
  o.stepped = [&](RecoveryStep step, const std::string& text) {
    note(name_of(step), text);
  };
  WorkerCluster workers(std::move(o));
  RecoveringEngine engine(workers, graph, OnLoss::kReplan, true,
                          options.mirror_every, options.plans);
  world.end_at(world.now() + options.limit);
  engine.serve(source, [&](const Answer& answer) {
    queue.finish(world.now(), answer.output);
  });
  if (source.failed()) throw Error(*source.failed());
  if (!queue.done()) {
    throw Error(Exit::kInternal, "the run has ended, and frame " +
                                     std::to_string(queue.finished()) +
                                     " has no answer");
  }
  world.check_arenas();

  run.frames.assign(queue.times().begin() + before, queue.times().end());
  run.repeats.assign(source.all_repeats().begin() + before,
                     source.all_repeats().end());
  run.fallbacks = engine.fallbacks();
  run.began = world.began();
  run.ended = world.now();
  for (RunEvent& e : events) {
    // The run begins with the first frame.
    if (e.at < run.began) continue;
    e.at -= run.began;
    run.events.push_back(std::move(e));
  }
  run.world_events = world.events_since_begin();
  run.event_hash = world.world().events().hash();
  for (uint32_t i = 0; i < world.world().network().endpoints(); ++i) {
    run.lost += world.world().network().traffic(i).lost;
  }
  return run;
}

}  // namespace shoal
