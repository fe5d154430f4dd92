#include "host/quantize/observe.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "host/base/error.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/check.h"
#include "host/quantize/frames.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

bool is_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float v) { return std::isfinite(v); });
}

// One thread's part.
class Observer {
 public:
  Observer(const Graph& graph, const std::set<int>& watched)
      : graph_(graph),
        watched_(watched),
        oracle_(graph),
        seen_(graph.tensors.size()),
        highest_(graph.tensors.size()) {}

  const FloatValues& run(const Calibration& calibration, int64_t frame) {
    const std::vector<float> input = load_frame(graph_, calibration, frame);
    const FloatValues& values = oracle_.run(input);
    for (const int t : graph_.inputs) see(t, values[t]);
    for (const Op& op : graph_.ops) {
      for (const int y : op.outputs) see_result(op, y, values[y], frame);
    }
    return values;
  }

  void merge_into(Observations& all) const {
    for (size_t t = 0; t < seen_.size(); ++t) {
      all.seen[t].add(seen_[t]);
      auto& highest = all.highest[t];
      highest.resize(std::max(highest.size(), highest_[t].size()), 0);
      for (size_t c = 0; c < highest_[t].size(); ++c) {
        highest[c] = std::max(highest[c], highest_[t][c]);
      }
    }
  }

 private:
  void see(int t, std::span<const float> values) {
    seen_[t].add(values);
    if (!watched_.contains(t)) return;
    const auto channels = static_cast<size_t>(graph_.tensors[t].shape.back());
    highest_[t].resize(channels, 0);
    for (size_t i = 0; i < values.size(); ++i) {
      float& h = highest_[t][i % channels];
      h = std::max(h, std::abs(values[i]));
    }
  }

  // Padding below everything is no value.
  void see_result(const Op& op, int y, const std::vector<float>& values,
                  int64_t frame) {
    if (op.kind == OpKind::kPadv2 && is_lowest(op)) {
      std::vector<float> inside;
      std::copy_if(values.begin(), values.end(), std::back_inserter(inside),
                   [](float v) { return v > kLowest; });
      return see(y, inside);
    }
    if (!is_finite(values)) {
      throw Error(Exit::kCorrupt, "frame " + std::to_string(frame) +
                                      ": layer '" + graph_.tensors[y].name +
                                      "' (" + op_name(op.kind) +
                                      ") gives values that are not finite");
    }
    see(y, values);
  }

  static bool is_lowest(const Op& op) {
    return std::get<PadAttr>(op.attr).real <= kLowest;
  }

  const Graph& graph_;
  const std::set<int>& watched_;
  FloatOracle oracle_;
  std::vector<Histogram> seen_;
  std::vector<std::vector<float>> highest_;
};

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
                     const ObserveOptions& options,
                     const FrameProgress& progress) {
  std::vector<std::unique_ptr<Observer>> observers(
      static_cast<size_t>(thread_count(calibration.count)));
  // Sums of floats depend on their order: one result per frame, added later.
  std::map<int64_t, std::vector<std::vector<double>>> patches;
  for (const int64_t frame : options.paired) {
    patches[frame].resize(graph.ops.size());
  }
  const auto work = [&](int thread, int64_t frame) {
    auto& observer = observers[static_cast<size_t>(thread)];
    if (!observer) {
      observer = std::make_unique<Observer>(graph, options.watched);
    }
    const FloatValues& values = observer->run(calibration, frame);
    const auto pair = patches.find(frame);
    if (pair == patches.end()) return;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      const Op& op = graph.ops[i];
      if (!has_patch(op)) continue;
      pair->second[i] = mean_patch(graph, op, values[op.inputs[0]]);
    }
  };
  for_each_frame(calibration.count, work, progress);

  Observations all;
  all.seen.resize(graph.tensors.size());
  all.highest.resize(graph.tensors.size());
  for (const auto& observer : observers) {
    if (observer) observer->merge_into(all);
  }
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor& tensor = graph.tensors[t];
    if (tensor.constant && tensor.type == Type::kFloat32) {
      all.seen[t].add(constant_floats(tensor));
    }
  }
  all.patches.resize(graph.ops.size());
  for (const auto& [frame, by_op] : patches) {
    for (size_t i = 0; i < by_op.size(); ++i) {
      all.patches[i].resize(by_op[i].size(), 0);
      for (size_t k = 0; k < by_op[i].size(); ++k) {
        all.patches[i][k] +=
            by_op[i][k] / static_cast<double>(options.paired.size());
      }
    }
  }
  return all;
}

}  // namespace shoal
