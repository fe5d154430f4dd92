#include "host/quantize/quantize.h"

#include <algorithm>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/floats.h"
#include "host/base/parallel.h"
#include "host/base/printable.h"
#include "host/base/ranks/team.h"
#include "host/cli/checksums.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/quantize_data.h"
#include "host/cli/quantize_report.h"
#include "host/data/evaluate/answer_frames.h"
#include "host/data/image/random_input.h"
#include "host/engine/local/float_engine.h"
#include "host/engine/local/node_engine.h"
#include "host/lower/net.h"
#include "host/model/export/export.h"
#include "host/model/graph/carried_states.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/quantize/carried_inputs.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/own_normalization.h"

namespace shoal {
namespace {

template <class T>
T pick(const char* flag, const std::string& value,
       const std::vector<std::pair<const char*, T>>& known) {
  std::string names;
  for (const auto& [name, meaning] : known) {
    if (value == name) return meaning;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(Exit::kUsage, std::string(flag) + ": '" + value + "' is unknown",
              "one of: " + names);
}

QuantizeOptions quantize_options(const QuantizeFlags& flags) {
  QuantizeOptions options;
  options.ranges = pick<RangeMethod>("--ranges", flags.ranges,
                                     {{"minmax", RangeMethod::kMinMax},
                                      {"percentile", RangeMethod::kPercentile},
                                      {"mse", RangeMethod::kMse}});
  options.int16 = pick<bool>("--activations", flags.activations,
                             {{"int8", false}, {"int16", true}});
  // Steps are so fine that nothing is gained by clipping.
  if (options.int16 && options.ranges == RangeMethod::kMse) {
    options.ranges = RangeMethod::kMinMax;
  }
  if (flags.percentile) {
    if (options.ranges != RangeMethod::kPercentile) {
      throw Error(Exit::kUsage, "--percentile is for --ranges percentile",
                  "give both, or none");
    }
    options.percentile = *flags.percentile;
  }
  options.bias_correction = !flags.no_bias_correction;
  options.equalize = pick<std::optional<bool>>(
      "--equalize", flags.equalize,
      {{"on", true}, {"off", false}, {"auto", std::nullopt}});
  return options;
}

std::string output_path(const QuantizeFlags& flags) {
  if (!flags.output.empty()) return flags.output;
  return std::filesystem::path(flags.model).stem().string() + "_" +
         flags.activations + ".tflite";
}

void require_runnable(const Graph& int8) {
  try {
    lower(int8);
  } catch (const Error& e) {
    throw Error(e.code(),
                int8.name + ": the quantized model could not run: " + e.what(),
                e.fix());
  }
}

// The file's bytes, once they are known to mean this graph, which shoal can
// run.
std::vector<uint8_t> checked_file(const Graph& int8,
                                  const std::optional<DetectionOp>& detection) {
  std::vector<uint8_t> file = export_tflite(int8);
  const Graph again = import_tflite(file, int8.name, {.whole_batch = true});
  const std::string difference = graph_difference(again, with_operands(int8));
  if (difference.empty()) require_runnable(again);
  if (difference.empty() && !detection) return file;
  if (difference.empty()) {
    return append_detection(file, int8.name, *detection);
  }
  throw Error(
      Exit::kInternal,
      int8.name + ": the file, read back, is another graph: " + difference);
}

// Returns an engine of a graph that outlives it.
std::unique_ptr<Engine> engine_of(const Graph& graph) {
  if (is_float(graph)) {
    return std::make_unique<FloatEngine>(
        std::shared_ptr<const Graph>(std::shared_ptr<void>(), &graph));
  }
  return node_engine(std::make_shared<const Prepared>(
                         prepare(graph, plan_request({}), Images::kNone)),
                     {});
}

Accuracy measure(const Graph& graph, const Dataset& data,
                 const Classes& classes, const QuantizeFlags& flags,
                 const InputOptions& pictures) {
  const int jobs = core_count();
  Progress progress("frames");
  FramesOptions options;
  options.pictures = pictures;
  options.limit = flags.evaluate_limit;
  if (flags.evaluate.empty() && !options.limit) options.limit = flags.frames;
  options.progress = [&](int64_t done, int64_t of) { progress.say(done, of); };
  Frames frames(graph, data, std::move(options));
  answer_frames(*engine_of(graph), jobs, frames);
  tell_frames(progress, progress.end(), 0);
  return count_answers(classes, frames.answers());
}

// On the data that --evaluate names, else on the calibration data if they
// say what is right.
std::optional<AccuracyPair> accuracy_of(const QuantizeFlags& flags,
                                        const Graph& floats, const Graph& int8,
                                        const InputOptions& real,
                                        const CalibrationData& calibration) {
  std::unique_ptr<Dataset> named;
  const Dataset* data = calibration.data.get();
  if (!flags.evaluate.empty()) {
    named = open_dataset(floats, flags.evaluate, flags.evaluate_which);
    data = named.get();
  }
  if (data == nullptr) return std::nullopt;
  if (!named && data->label(0) < 0) return std::nullopt;
  std::optional<Classes> classes;
  try {
    classes = match_classes(floats, *data, read_labels(flags.labels),
                            flags.label_offset);
  } catch (const Error& e) {
    if (named) throw;
    tell("no accuracy: %s\n", e.what());
    return std::nullopt;
  }
  // The int8 model says itself what becomes of pixels.
  InputOptions own;
  own.fit = real.fit;
  AccuracyPair pair;
  pair.data = named ? flags.evaluate : calibration_title(flags);
  tell("accuracy of the float model on %s\n", pair.data.c_str());
  pair.floats = measure(floats, *data, *classes, flags, real);
  tell("accuracy of the quantized model\n");
  pair.int8 = measure(int8, *data, *classes, flags, own);
  return pair;
}

// The lowest and highest of some frames.
std::pair<float, float> values_seen(const Calibration& frames) {
  constexpr int64_t kSome = 8;
  std::pair<float, float> seen{0, 0};
  for (const int64_t f : spread_frames(frames.count, kSome)) {
    for (const float v : frames.frame(f)) {
      seen = {std::min(seen.first, v), std::max(seen.second, v)};
    }
  }
  return seen;
}

// Takes what the model itself does to pixels into the table that makes them
// values; says so, and whether the values can be meant.
void take_normalization(Graph& floats, const QuantizeFlags& flags,
                        InputOptions& pictures, CalibrationData& calibration) {
  const std::optional<OwnNormalization> own = own_normalization(floats);
  if (!own || is_random_input(flags.calibrate[0])) return;
  const auto [low, high] = values_seen(calibration.frames);
  const std::string doubt = doubt_about_input(*own, low, high);
  if (!doubt.empty()) tell("warning: %s\n", doubt.c_str());
  if (!calibration.pictures) return;
  const auto all = joined(*calibration.pixels, *own);
  if (!all) return;
  floats = without_own(floats, *own, *all);
  pictures.normalization = all;
  calibration = open_calibration(floats, flags, pictures);
  tell("%zu operators that normalize the input go into the table of pixels\n",
       own->ops.size());
}

// Returns the graph with what --carry names as variables.
Graph carried(Graph floats, const QuantizeFlags& flags) {
  std::vector<CarriedInput> pairs;
  for (const std::string& argument : flags.carry) {
    const size_t sign = argument.find('=');
    if (sign == std::string::npos) {
      throw Error(Exit::kUsage,
                  "--carry " + printable(argument) +
                      " does not name an input and an output",
                  "write --carry INPUT=OUTPUT");
    }
    pairs.push_back({argument.substr(0, sign), argument.substr(sign + 1)});
  }
  return with_carried_inputs(std::move(floats), pairs);
}

void refuse_evaluate(const QuantizeFlags& flags) {
  if (!flags.is_sequence() || flags.evaluate.empty()) return;
  throw Error(Exit::kUsage,
              std::string("--evaluate: with ") +
                  (flags.stream ? "--stream" : "--carry") +
                  " each frame depends on the one before it",
              "leave out one of them");
}

// Returns the graph with states of loops as variables beside those it has.
Graph streamed(const Graph& graph) {
  Graph streamed = with_carried_states(graph);
  if (streamed.variables.size() > graph.variables.size()) return streamed;
  throw Error(Exit::kUsage,
              "--stream: " + graph.name +
                  " has no loop (LSTM, GRU, RNN) that begins with a constant "
                  "state",
              "leave it out");
}

// Returns the arguments that every rank must have alike.
Team::Given given_to(const QuantizeFlags& flags, const Graph& graph,
                     const CalibrationData& calibration,
                     const InputOptions& pictures,
                     const QuantizeOptions& options) {
  const Calibration& frames = calibration.frames;
  std::string carry;
  for (const std::string& pair : flags.carry) carry += pair + "\n";
  std::string list = std::to_string(frames.count);
  if (calibration.data) {
    list += " " + journal_key("", *calibration.data, pictures);
  }
  const auto input = [&](int64_t i) { return bytes_of(frames.frame(i)); };
  return {{"model", model_checksum(flags.model, flags.ends, graph)},
          {"list of calibration frames", list},
          {"content of frames", some_inputs_checksum(frames.count, input)},
          {"--activations", flags.activations},
          {"--equalize", flags.equalize},
          {"--no-bias-correction", options.bias_correction ? "no" : "yes"},
          {"--stream", flags.stream ? "yes" : "no"},
          {"--carry", carry}};
}

}  // namespace

int quantize_command(const QuantizeFlags& flags) {
  Team& team = *flags.team;
  if (!flags.mpi && flags.node_timeout) {
    throw Error(Exit::kUsage, "--node-timeout is for the ranks of --mpi",
                "leave it out, or add --mpi");
  }
  QuantizeOptions options = quantize_options(flags);
  std::vector<FileArgument> inputs{{"MODEL", flags.model},
                                   {"--evaluate", flags.evaluate},
                                   {"--labels", flags.labels}};
  for (const std::string& data : flags.calibrate) {
    const auto named = named_file(data);
    inputs.push_back({"--calibrate", named ? named->second : data});
  }
  check_files(inputs, {{"--output", team.leads() ? output_path(flags) : ""}});
  const LoadedModel model = load_whole_model(flags.model, flags.ends);
  refuse_evaluate(flags);
  Graph floats = carried(model.graph, flags);
  InputOptions pictures = input_options(flags.pictures);
  CalibrationData calibration = open_calibration(floats, flags, pictures);
  take_normalization(floats, flags, pictures, calibration);
  if (flags.stream) floats = streamed(floats);
  options.input_ranges = calibration.input_ranges;
  options.keep_outputs = model.detection.has_value();
  if (team.leads() && !calibration.taken.empty()) {
    tell("%s\n", calibration.taken.c_str());
  }
  if (!calibration.note.empty()) {
    tell("warning: %s\n", calibration.note.c_str());
  }

  QuantizeOutcome outcome;
  outcome.model = floats.name;
  outcome.output = output_path(flags);
  outcome.calibration = calibration_title(flags);
  outcome.frames = calibration.frames.count;
  outcome.ranges =
      options.ranges == RangeMethod::kMinMax ? "minmax" : flags.ranges;
  outcome.pictures = calibration.pictures;
  outcome.plain_pixels = calibration.plain_pixels;
  outcome.note = calibration.note;

  if (team.size() > 1) {
    team.agree(given_to(flags, model.graph, calibration, pictures, options));
  }
  // Calibration takes long: a model that cannot run is refused before it.
  Graph unseen = quantize_unseen(floats, options);
  unseen.name = outcome.output;
  require_runnable(unseen);
  Progress progress("frames");
  std::optional<Graph> made =
      quantize(floats, calibration.frames, options, team, outcome.report,
               [&](int64_t done, int64_t of) { progress.say(done, of); });
  if (!made) return 0;
  Graph int8 = *std::move(made);
  outcome.seconds = progress.end();
  tell_frames(progress, outcome.seconds, 0);
  int8.pixels = calibration.pictures ? calibration.pixels : floats.pixels;
  int8.name = std::filesystem::path(outcome.output).filename().string();
  tell_doubts(outcome.report);
  const std::vector<uint8_t> file = checked_file(int8, model.detection);
  outcome.output_bytes = static_cast<int64_t>(file.size());
  const SnrReport* const low =
      flags.min_snr ? snr_below(outcome.report, *flags.min_snr) : nullptr;
  if (low != nullptr) {
    throw Error(Exit::kDiffers,
                low->what + " is below --min-snr: " + low->range +
                    "; no file is written",
                low->fix);
  }
  write_file(outcome.output, file);
  if (int8.outputs.size() == floats.outputs.size() && !flags.is_sequence()) {
    outcome.accuracy = accuracy_of(flags, floats, int8, pictures, calibration);
  }
  flags.json ? print_quantized_json(outcome) : print_quantized(outcome);
  return 0;
}

}  // namespace shoal
