#include "host/engine/virtual/virtual_engine.h"

#include <chrono>
#include <limits>
#include <utility>

#include "host/base/error.h"
#include "host/engine/local/trace.h"

namespace shoal {

VirtualEngine::VirtualEngine(std::shared_ptr<const Prepared> prepared,
                             Cluster cluster, SimOptions options, bool traced)
    : prepared_(std::move(prepared)),
      cluster_(std::move(cluster)),
      options_(std::move(options)),
      traced_(traced) {}

// The seconds are those of this computer.
void VirtualEngine::run(SimOptions& options) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start, end;
  options.started = [&] { start = end = Clock::now(); };
  const auto take = std::move(options.output);
  options.output = [&](int frame, const Bytes& output) {
    end = Clock::now();
    take(frame, output);
  };
  result_ = simulate_cluster(*prepared_, cluster_, {}, options);
  options.output = take;
  seconds_ += std::chrono::duration<double>(end - start).count();
  frames_ += static_cast<int64_t>(result_.frames.size());
}

// The first frame warms up, too, if the options want that; then what it gave
// must come again.
void VirtualEngine::stream_all(const Next& next, const Take& take) {
  SimOptions options = options_;
  options.frames = std::numeric_limits<int>::max() - 1;
  std::optional<Bytes> first = next();
  if (!first) return;
  const bool twice = options.warm_up;
  options.input = [&, twice](int frame) -> std::optional<Bytes> {
    if (frame == 0 && twice) return *first;
    if (frame == (twice ? 1 : 0)) return std::move(*first);
    return next();
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
    take({output});
  };
  run(options);
}

void VirtualEngine::stream_traced(const Next& next, const Take& take) {
  TraceCollector trace(prepared_->graph, prepared_->net, prepared_->plan);
  SimOptions options = options_;
  options.frames = 1;
  options.tap = [&](int node) { return trace.tap(node); };
  Bytes output;
  options.output = [&](int, const Bytes& bytes) { output = bytes; };
  while (const std::optional<Bytes> input = next()) {
    options.input = [&](int) { return *input; };
    trace.reset();
    run(options);
    take({output, [&] { return trace.values(*input); }});
  }
}

void VirtualEngine::stream(const Next& next, const Take& take) {
  traced_ ? stream_traced(next, take) : stream_all(next, take);
}

EngineReport VirtualEngine::report() const {
  EngineReport r;
  r.nodes = engine_nodes(prepared_->plan);
  r.what = std::to_string(r.nodes.size()) + " virtual nodes";
  r.where = "on this computer, " + r.what + " one after another";
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  return r;
}

std::unique_ptr<Engine> VirtualEngine::another() const {
  return std::make_unique<VirtualEngine>(prepared_, cluster_, options_,
                                         traced_);
}

}  // namespace shoal
