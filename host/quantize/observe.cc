#include "host/quantize/observe.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/parallel.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/observed_bytes.h"
#include "host/quantize/quantizable.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

bool is_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float v) { return std::isfinite(v); });
}

Observations nothing_of(const Graph& graph) {
  Observations none;
  none.seen.resize(graph.tensors.size());
  none.highest.resize(graph.tensors.size());
  return none;
}

// The result does not depend on the order.
void merge(const Observations& more, Observations& all) {
  for (size_t t = 0; t < more.seen.size(); ++t) {
    all.seen[t].add(more.seen[t]);
    auto& highest = all.highest[t];
    highest.resize(std::max(highest.size(), more.highest[t].size()), 0);
    for (size_t c = 0; c < more.highest[t].size(); ++c) {
      highest[c] = std::max(highest[c], more.highest[t][c]);
    }
  }
}

// One thread's part.
class Observer {
 public:
  Observer(const Graph& graph, const ObserveOptions& options)
      : graph_(graph),
        watched_(options.watched),
        oracle_(graph, options.floors),
        all_(nothing_of(graph)) {}

  const FloatValues& run(const Calibration& calibration, int64_t frame) {
    const std::vector<float> input = load_frame(graph_, calibration, frame);
    const FloatValues& values = oracle_.run(input);
    for (const int t : graph_.inputs) see(t, values[t]);
    for (const Op& op : graph_.ops) {
      for (const int y : op.outputs) see_result(op, y, values[y], frame);
    }
    return values;
  }

  Observations take() && { return std::move(all_); }

 private:
  void see(int t, std::span<const float> values) {
    all_.seen[t].add(values);
    if (!watched_.contains(t)) return;
    const auto channels = static_cast<size_t>(graph_.tensors[t].shape.back());
    all_.highest[t].resize(channels, 0);
    for (size_t i = 0; i < values.size(); ++i) {
      float& h = all_.highest[t][i % channels];
      h = std::max(h, std::abs(values[i]));
    }
  }

  void see_result(const Op& op, int y, const std::vector<float>& values,
                  int64_t frame) {
    const auto is_padding = [](float v) { return v <= kLowest; };
    if (may_have_padding(op) && std::ranges::any_of(values, is_padding)) {
      // Padding below everything is no value.
      std::vector<float> inside = values;
      std::erase_if(inside, is_padding);
      return see_finite(op, y, inside, frame);
    }
    see_finite(op, y, values, frame);
  }

  void see_finite(const Op& op, int y, const std::vector<float>& values,
                  int64_t frame) {
    if (!is_finite(values)) {
      throw Error(Exit::kCorrupt, "frame " + std::to_string(frame) +
                                      ": layer '" + graph_.tensors[y].name +
                                      "' (" + op_name(op.kind) +
                                      ") gives values that are not finite");
    }
    see(y, values);
  }

  // Parts of padding and maxima of two parts are padding as well. What else
  // reads it gives values that are not finite.
  static bool may_have_padding(const Op& op) {
    if (op.kind == OpKind::kPadv2) {
      return std::get<PadAttr>(op.attr).real <= kLowest;
    }
    return op.kind == OpKind::kSlice || op.kind == OpKind::kMaximum;
  }

  const Graph& graph_;
  const std::set<int>& watched_;
  FloatOracle oracle_;
  Observations all_;
};

// The frames of one pass, and what the paired ones gave.
class Pass final : public Items {
 public:
  Pass(const Graph& graph, int64_t count, const std::vector<int64_t>& paired,
       const FrameProgress& progress)
      : graph_(graph), count_(count), progress_(progress) {
    for (const int64_t frame : paired) patches_[frame];
  }

  std::optional<int64_t> next() override {
    const std::lock_guard lock(mutex_);
    if (next_ == count_ || has_failed()) return std::nullopt;
    return next_++;
  }

  void done(int64_t frame, std::span<const uint8_t> patches) override {
    const std::lock_guard lock(mutex_);
    const auto pair = patches_.find(frame);
    if (pair != patches_.end()) {
      pair->second = parse_patches(graph_, patches);
    }
    ++done_;
    if (progress_) progress_(done_);
  }

  // Sums of floats depend on their order: those of frames, in order.
  Patches mean_patches() const {
    Patches mean(graph_.ops.size());
    for (const auto& [frame, by_op] : patches_) {
      for (size_t i = 0; i < by_op.size(); ++i) {
        mean[i].resize(by_op[i].size(), 0);
        for (size_t k = 0; k < by_op[i].size(); ++k) {
          mean[i][k] += by_op[i][k] / static_cast<double>(patches_.size());
        }
      }
    }
    return mean;
  }

 private:
  const Graph& graph_;
  const int64_t count_;
  const FrameProgress& progress_;
  std::mutex mutex_;
  int64_t next_ = 0, done_ = 0;
  std::map<int64_t, Patches> patches_;
};

std::vector<uint8_t> patches_of(const Graph& graph, const FloatValues& values) {
  Patches patches;
  for (const Op& op : graph.ops) {
    if (!has_patch(op)) continue;
    patches.push_back(mean_patch(graph, op, values[op.inputs[0]]));
  }
  return format_patches(patches);
}

// Those that this process gets.
Observations observe_items(const Graph& graph, const Calibration& calibration,
                           const ObserveOptions& options, int threads,
                           Items& items) {
  const std::set<int64_t> paired(options.paired.begin(), options.paired.end());
  std::vector<Observations> parts(static_cast<size_t>(threads));
  for_each_item(threads, threads, [&](int, int64_t thread) {
    int64_t frame = -1;
    try {
      Observer observer(graph, options);
      while (const std::optional<int64_t> next = items.next()) {
        frame = *next;
        const FloatValues& values = observer.run(calibration, frame);
        items.done(frame, paired.contains(frame) ? patches_of(graph, values)
                                                 : Team::Bytes{});
      }
      parts[static_cast<size_t>(thread)] = std::move(observer).take();
    } catch (...) {
      items.failed(frame, std::current_exception());
    }
  });
  items.check();
  Observations all = nothing_of(graph);
  for (const Observations& part : parts) merge(part, all);
  return all;
}

}  // namespace

std::vector<float> load_frame(const Graph& graph,
                              const Calibration& calibration, int64_t frame) {
  std::vector<float> values = calibration.frame(frame);
  int64_t wanted = 0;
  for (const int t : graph.inputs) {
    wanted += element_count(graph.tensors[t].shape);
  }
  const std::string title = "calibration frame " + std::to_string(frame);
  if (static_cast<int64_t>(values.size()) != wanted) {
    throw Error(Exit::kUsage, title + " has " + std::to_string(values.size()) +
                                  " values, " + graph.name + " takes " +
                                  std::to_string(wanted));
  }
  if (!is_finite(values)) {
    throw Error(Exit::kCorrupt, title + " has values that are not finite");
  }
  return values;
}

Observations observe(const Graph& graph, const Calibration& calibration,
                     const ObserveOptions& options, Team& team,
                     const FrameProgress& progress) {
  Pass pass(graph, calibration.count, options.paired, progress);
  const int threads = team.size() > 1 ? 1 : thread_count(calibration.count);
  const std::vector<Team::Bytes> parts = team.share(pass, [&](Items& items) {
    return format_values(
        observe_items(graph, calibration, options, threads, items));
  });
  Observations all = nothing_of(graph);
  for (const Team::Bytes& part : parts) {
    merge(parse_values(graph, part), all);
  }
  if (team.size() > 1) {
    // Only the values that the other ranks need for the next pass.
    Observations told = nothing_of(graph);
    told.highest = all.highest;
    told = parse_values(graph, team.spread(format_values(told)));
    if (!team.leads()) return told;
  }
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor& tensor = graph.tensors[t];
    if (tensor.constant && tensor.type == Type::kFloat32) {
      all.seen[t].add(constant_floats(tensor));
    }
  }
  all.patches = pass.mean_patches();
  return all;
}

}  // namespace shoal
