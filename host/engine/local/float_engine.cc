#include "host/engine/local/float_engine.h"

#include <chrono>
#include <utility>

#include "host/base/floats.h"

namespace shoal {

FloatEngine::FloatEngine(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), oracle_(*graph_) {}

void FloatEngine::stream(const Next& next, const Take& take) {
  using Clock = std::chrono::steady_clock;
  while (const std::optional<Bytes> input = next()) {
    const std::vector<float> floats = floats_of(*input);
    const Clock::time_point start = Clock::now();
    const FloatValues& values = oracle_.run(floats);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    ++frames_;
    const Bytes output = bytes_of(oracle_.output());
    take({output, [&] {
            std::vector<Bytes> all;
            for (const std::vector<float>& v : values) {
              all.push_back(bytes_of(v));
            }
            return all;
          }});
  }
}

EngineReport FloatEngine::report() const {
  EngineReport r;
  r.what = "in floating point";
  r.where = "on this computer, in float32";
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  r.notes = {graph_->name +
             " computes in float32 on this computer: no plan; shoal quantize "
             "makes it int8"};
  return r;
}

}  // namespace shoal
