#include "host/quantize/quantize.h"

#include <algorithm>
#include <optional>

#include "host/base/ranks/team.h"
#include "host/quantize/convert.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/equalize.h"
#include "host/quantize/int8_run.h"
#include "host/quantize/joins.h"
#include "host/quantize/judged.h"
#include "host/quantize/masks.h"
#include "host/quantize/quantizable.h"
#include "host/quantize/sequence.h"

namespace shoal {
namespace {

constexpr int64_t kPairedFrames = 32;  // of bias correction
constexpr int64_t kJudgedFrames = 16;

struct Attempt {
  Graph int8;
  QuantizeReport report;
  double result_snr_db = 0;  // of the outputs, also those of a SOFTMAX
};

class GraphQuantizer {
 public:
  GraphQuantizer(const Graph& original, const MaskedGraph& masked,
                 const Calibration& calibration, const QuantizeOptions& options,
                 Team& team,
                 const std::function<void(int64_t, int64_t)>& progress)
      : original_(original),
        graph_(masked.graph),
        floors_(masked.floors),
        calibration_(calibration),
        options_(options),
        team_(team),
        progress_(progress),
        paired_(spread_frames(calibration.count,
                              options.bias_correction ? kPairedFrames : 0)),
        judged_(spread_frames(calibration.count, kJudgedFrames)) {}

  // None on ranks that only help.
  std::optional<Attempt> run() {
    const std::vector<LayerPair> pairs = pairs_to_try();
    const bool both = !pairs.empty() && !options_.equalize;
    const auto attempt = static_cast<int64_t>(paired_.size() + judged_.size());
    total_ = (calibration_.count + attempt) * (both ? 2 : 1) +
             (pairs.empty() || both ? 0 : calibration_.count);
    const Observations seen =
        observed(graph_, watched_tensors(pairs), !both && !pairs.empty());
    if (pairs.empty()) {
      if (!team_.leads()) return std::nullopt;
      return attempt_with(graph_, seen);
    }
    const Graph scaled = equalize(graph_, pairs, seen.highest);
    std::optional<Attempt> plain;
    if (both && team_.leads()) plain = attempt_with(graph_, seen);
    const Observations again = observed(scaled, {}, false);
    if (!team_.leads()) return std::nullopt;
    Attempt equalized = attempt_with(scaled, again);
    equalized.report.equalized = true;
    if (plain &&
        plain->report.output_snr_db >= equalized.report.output_snr_db) {
      return *std::move(plain);
    }
    return equalized;
  }

 private:
  std::vector<LayerPair> pairs_to_try() const {
    if (!options_.equalize.value_or(true)) return {};
    return find_pairs(graph_);
  }

  Observations observed(const Graph& graph, std::set<int> watched,
                        bool only_watched) {
    ObserveOptions options;
    options.watched = std::move(watched);
    options.floors = floors_;
    if (!only_watched) options.paired = paired_;
    const Observations seen =
        observe(graph, calibration_, options, team_, step());
    done_ += calibration_.count;
    return seen;
  }

  Attempt attempt_with(const Graph& floats, const Observations& seen) {
    const Scales scales = choose_scales(floats, seen.seen, options_);
    Attempt attempt;
    attempt.int8 = convert(floats, scales, options_.int16);
    if (options_.bias_correction) {
      correct_biases(floats, seen.patches, calibration_, paired_, options_,
                     attempt.int8, step());
      done_ += static_cast<int64_t>(paired_.size());
    }
    const Judgement judgement = judge(original_, floats, attempt.int8, floors_,
                                      calibration_, judged_, options_, step());
    done_ += static_cast<int64_t>(judged_.size());
    attempt.result_snr_db = judgement.result.snr_db();
    attempt.report = report(floats, seen, attempt.int8, judgement);
    return attempt;
  }

  static QuantizeReport report(const Graph& floats, const Observations& seen,
                               const Graph& int8, const Judgement& judgement) {
    QuantizeReport report;
    for (size_t i = 0; i < floats.ops.size(); ++i) {
      const int y = floats.ops[i].outputs[0];
      const Histogram& h = seen.seen[y];
      const Tensor& t = int8.tensors[y];
      const Params params{t.scale(), t.zero()};
      const ValueRange range =
          is_int16(t) ? range16_of(params) : range_of(params);
      LayerReport layer;
      layer.op = static_cast<int>(i);
      layer.name = t.name;
      layer.kind = op_name(floats.ops[i].kind);
      layer.lowest = h.lowest();
      layer.highest = h.highest();
      layer.scale = t.scale();
      layer.zero = t.zero();
      layer.clipped = static_cast<double>(h.outside(range.low, range.high)) /
                      static_cast<double>(std::max<int64_t>(h.count(), 1));
      layer.snr_db = judgement.tensors[y].snr_db();
      report.layers.push_back(std::move(layer));
    }
    report.output_snr_db = judgement.output.snr_db();
    report.output_before = passed_over(floats);
    report.judged = judged_alone(int8, judgement, report.layers);
    return report;
  }

  FrameProgress step() {
    if (!progress_) return {};
    return [this](int64_t frames) { progress_(done_ + frames, total_); };
  }

  const Graph& original_;
  const Graph& graph_;
  const std::vector<float>& floors_;
  const Calibration& calibration_;
  const QuantizeOptions& options_;
  Team& team_;
  const std::function<void(int64_t, int64_t)>& progress_;
  const std::vector<int64_t> paired_, judged_;
  int64_t done_ = 0, total_ = 0;
};

}  // namespace

Graph quantize_unseen(const Graph& graph, const QuantizeOptions& options) {
  check_quantizable(graph, {1, {}}, options);
  Histogram range;
  range.add(std::vector<float>{-1, 1});
  const std::vector<Histogram> seen(graph.tensors.size(), range);
  return convert(graph, choose_scales(graph, seen, options), options.int16);
}

Graph quantize(const Graph& graph, const Calibration& calibration,
               const QuantizeOptions& options, QuantizeReport& report,
               const std::function<void(int64_t, int64_t)>& progress) {
  Team alone(one_rank());
  return *quantize(graph, calibration, options, alone, report, progress);
}

namespace {

std::optional<Graph> quantize_frames(
    const Graph& graph, const Calibration& calibration,
    const QuantizeOptions& options, Team& team, QuantizeReport& report,
    const std::function<void(int64_t, int64_t)>& progress) {
  Graph whole = with_finite_masks(graph);
  check_quantizable(whole, calibration, options);
  std::vector<std::string> notes;
  whole = separate_parts(whole, calibration, {options.keep_outputs}, notes);
  std::vector<MaskedGraph> ways = bound_masks(whole, calibration);
  // Most networks have no masks: their weights are not copied for this.
  if (ways.empty()) ways.push_back({std::move(whole), {}});
  std::optional<Attempt> attempt;
  for (const MaskedGraph& masked : ways) {
    const Graph& original = masked.floors.empty() ? masked.graph : whole;
    std::optional<Attempt> way =
        GraphQuantizer(original, masked, calibration, options, team, progress)
            .run();
    if (attempt && way && attempt->result_snr_db >= way->result_snr_db) {
      continue;
    }
    attempt = std::move(way);
  }
  if (!attempt) return std::nullopt;
  report = std::move(attempt->report);
  report.notes = std::move(notes);
  return without_unused(std::move(attempt->int8));
}

}  // namespace

std::optional<Graph> quantize(
    const Graph& graph, const Calibration& calibration,
    const QuantizeOptions& options, Team& team, QuantizeReport& report,
    const std::function<void(int64_t, int64_t)>& progress) {
  if (graph.variables.empty()) {
    return quantize_frames(graph, calibration, options, team, report, progress);
  }
  check_quantizable(graph, calibration, options);
  std::optional<Graph> made = quantize_frames(
      with_variables_given(graph), frames_with_variables(graph, calibration),
      options, team, report, progress);
  if (made) made->inputs.resize(graph.inputs.size());
  return made;
}

}  // namespace shoal
