#include "host/engine/virtual/virtual_engine.h"

#include <chrono>
#include <limits>
#include <utility>

#include "host/base/error.h"
#include "host/engine/common/batches.h"
#include "host/engine/common/trace_collector.h"

namespace shoal {

namespace {

// Skip the warm-up: it would change the model's variables, and a node alone has
// no links to warm.
SimOptions cold(SimOptions options, const Prepared& p) {
  if (!p.graph.variables.empty() || !p.plan.linked) options.warm_up = false;
  return options;
}

}  // namespace

VirtualEngine::VirtualEngine(std::shared_ptr<const Prepared> prepared,
                             Cluster cluster, SimOptions options, bool traced)
    : prepared_(std::move(prepared)),
      cluster_(std::move(cluster)),
      options_(cold(std::move(options), *prepared_)),
      traced_(traced) {}

// The seconds are those of this computer.
void VirtualEngine::run(SimOptions& options) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start, end;
  options.started = [&] { start = end = Clock::now(); };
  const auto take = std::move(options.output);
  int64_t frames = 0;
  options.output = [&](int frame, const Bytes& output) {
    end = Clock::now();
    ++frames;
    take(frame, output);
  };
  try {
    result_ = simulate_cluster(*prepared_, cluster_, {}, options);
  } catch (const Error& e) {
    if (e.code() != Exit::kNode || !keeps_variables()) throw;
    throw sequence_lost(e, frames);
  }
  options.output = take;
  seconds_ += std::chrono::duration<double>(end - start).count();
  runs_ += static_cast<int64_t>(result_.frames.size());
}

// The first frame warms up, too, if the options want that; then what it gave
// must come again.
void VirtualEngine::stream_all(const Next& next, const Take& take) {
  SimOptions options = options_;
  options.frames = std::numeric_limits<int>::max() - 1;
  Batches batches(prepared_->net.frames, next);
  std::optional<Bytes> first = batches.next();
  if (!first) return;
  const bool twice = options.warm_up;
  options.input = [&, twice](int frame) -> std::optional<Bytes> {
    if (frame == 0 && twice) return *first;
    if (frame == (twice ? 1 : 0)) return std::move(*first);
    return batches.next();
  };
  std::optional<Bytes> warm;
  options.output = [&, twice](int frame, const Bytes& output) {
    if (frame == 0 && twice) {
      warm = output;
      return;
    }
    if (warm && *warm != output) {
      throw Error(Exit::kDiffers,
                  "the first frame gave another output when it ran again");
    }
    warm.reset();
    frames_ += batches.take(output, take);
  };
  run(options);
}

// Frames depend on each other, and nodes may be in several at once.
void VirtualEngine::stream_sequence(const Next& next, const Take& take) {
  std::vector<Bytes> inputs, outputs;
  while (std::optional<Bytes> input = next()) {
    inputs.push_back(std::move(*input));
  }
  if (inputs.empty()) return;
  SequenceTrace trace(prepared_->graph, prepared_->net, prepared_->plan);
  SimOptions options = options_;
  options.frames = static_cast<int>(inputs.size());
  options.observer = [&](int node) { return trace.observer(node); };
  options.input = [&](int frame) { return inputs[static_cast<size_t>(frame)]; };
  options.output = [&](int, const Bytes& bytes) { outputs.push_back(bytes); };
  run(options);
  for (size_t f = 0; f < inputs.size(); ++f) {
    const Values values = trace.next(inputs[f]);
    take({outputs[f], [&] { return values; }});
  }
  frames_ += static_cast<int64_t>(inputs.size());
}

void VirtualEngine::stream_traced(const Next& next, const Take& take) {
  TraceCollector trace(prepared_->graph, prepared_->net, prepared_->plan);
  SimOptions options = options_;
  options.frames = 1;
  options.observer = [&](int node) { return trace.observer(node); };
  Bytes output;
  options.output = [&](int, const Bytes& bytes) { output = bytes; };
  Batches batches(prepared_->net.frames, next, &trace);
  while (const std::optional<Bytes> input = batches.next()) {
    options.input = [&](int) { return *input; };
    trace.reset();
    run(options);
    frames_ += batches.take(output, take);
  }
}

void VirtualEngine::stream(const Next& next, const Take& take) {
  if (traced_ && keeps_variables()) return stream_sequence(next, take);
  traced_ ? stream_traced(next, take) : stream_all(next, take);
}

EngineReport VirtualEngine::report() const {
  EngineReport r;
  r.nodes = engine_nodes(prepared_->plan);
  r.prepared = prepared_;
  r.what = std::to_string(r.nodes.size()) +
           (r.nodes.size() == 1 ? " virtual node" : " virtual nodes");
  r.where = "on this computer";
  if (prepared_->plan.linked) r.where += ", " + r.what + " one after another";
  r.batch = prepared_->net.frames;
  r.frames = frames_;
  r.runs = runs_;
  r.seconds = seconds_;
  return r;
}

std::unique_ptr<Engine> VirtualEngine::another() const {
  return std::make_unique<VirtualEngine>(prepared_, cluster_, options_,
                                         traced_);
}

}  // namespace shoal
