#include "host/engine/local/float_engine.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "host/base/floats.h"

namespace shoal {

namespace {

// In the file's type: whole numbers are computed as floats.
void append(const Tensor& t, const std::vector<float>& values, Bytes& out) {
  const auto add = [&out](auto v) {
    const size_t at = out.size();
    out.resize(at + sizeof v);
    std::memcpy(&out[at], &v, sizeof v);
  };
  for (const float v : values) {
    if (t.type == Type::kInt32) {
      add(static_cast<int32_t>(v));
    } else if (t.type == Type::kInt64) {
      add(static_cast<int64_t>(v));
    } else if (is_bool(t)) {
      add(static_cast<uint8_t>(v));
    } else {
      add(v);
    }
  }
}

}  // namespace

FloatEngine::FloatEngine(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), oracle_(*graph_) {}

void FloatEngine::stream(const Next& next, const Take& take) {
  using Clock = std::chrono::steady_clock;
  oracle_.reset_variables();
  while (const std::optional<Bytes> input = next()) {
    const std::vector<float> floats = floats_of(*input);
    const Clock::time_point start = Clock::now();
    const FloatValues& values = oracle_.run(floats);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    ++frames_;
    Bytes output;
    for (const int t : graph_->outputs) {
      const auto i = static_cast<size_t>(t);
      append(graph_->tensors[i], values[i], output);
    }
    take({output, [&] {
            std::vector<Bytes> all;
            for (size_t i = 0; i < values.size(); ++i) {
              append(graph_->tensors[i], values[i], all.emplace_back());
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
