#include <chrono>
#include <memory>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/measured_timeline.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/progress.h"
#include "host/cli/results.h"
#include "host/cli/run_inputs.h"
#include "host/cli/run_model.h"
#include "host/cli/run_report.h"
#include "host/cli/sequence.h"
#include "host/cli/store_flags.h"
#include "host/oracle/golden/trace.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

namespace {

Trace trace_of(const Graph& graph, const Answer& a) {
  const std::vector<Bytes> values = a.values();
  return make_trace(graph, [&](int t) {
    return file_bytes(graph, t, values[static_cast<size_t>(t)]);
  });
}

// Runs one input several times, which must give the same each time, or each of
// several inputs once. The frames of a sequence are inputs.
class Run {
 public:
  // `first`: the bytes of the first input, which may be a pipe's.
  Run(const RunFlags& flags, std::vector<RunInput> inputs, Bytes first,
      Engine& engine, Results& results, RunReport& report)
      : flags_(flags),
        inputs_(std::move(inputs)),
        input_(std::move(first)),
        engine_(engine),
        results_(results),
        report_(report),
        frames_(frames_of(flags, inputs_.size())) {}

  void all() {
    if (frames_ > 1 && !flags_.stream && engine_.keeps_variables()) {
      throw several_frames(std::to_string(frames_) + " frames",
                           engine_.graph().name);
    }
    engine_.stream([&] { return next(); }, [&](const Answer& a) { take(a); });
    if (flags_.stream && !flags_.results.trace.empty()) {
      write_file(flags_.results.trace, format_trace(traces_));
    }
    results_.finish();
  }

 private:
  static size_t frames_of(const RunFlags& flags, size_t inputs) {
    if (inputs > 1) return inputs;
    return static_cast<size_t>(flags.frames > 0 ? flags.frames
                                                : flags.plan.batch);
  }

  std::optional<Bytes> next() {
    if (given_ == frames_) return std::nullopt;
    const bool another = inputs_.size() > 1 && given_ > 0;
    if (another) input_ = inputs_[given_].load(engine_.graph());
    ++given_;
    return input_;
  }

  void take(const Answer& a) {
    const bool repeated = inputs_.size() == 1 && got_ > 0;
    if (repeated && a.output != first_) {
      throw Error(Exit::kDiffers,
                  "frame " + std::to_string(got_) +
                      " has a different output than the first frame");
    }
    if (!repeated) {
      report_.add(results_.read(inputs_[got_], a.output), a.output);
      first_ = a.output;
    }
    ++got_;
    tell_frame();
    // Several inputs show their results as they come.
    if (inputs_.size() == 1) {
      progress_.say(static_cast<int64_t>(got_), static_cast<int64_t>(frames_));
    }
    if (flags_.results.trace.empty()) return;
    if (flags_.stream) {
      traces_.push_back(
          {static_cast<int>(traces_.size()), trace_of(engine_.graph(), a)});
    } else if (got_ == frames_) {
      write_trace(flags_.results.trace, engine_.graph(), a);
    }
  }

  // A line a frame, for the first hundred; then one for every hundred.
  void tell_frame() {
    constexpr size_t kEach = 100;
    if (!is_verbose() || (got_ > kEach && got_ % kEach != 0)) return;
    const auto now = std::chrono::steady_clock::now();
    tell_more("frame " + std::to_string(got_ - 1) + " has its answer, " +
              format_time(std::chrono::duration<double>(now - begun_).count()) +
              " after the run began");
  }

  const RunFlags& flags_;
  const std::vector<RunInput> inputs_;
  Bytes input_, first_;
  Engine& engine_;
  Results& results_;
  RunReport& report_;
  const size_t frames_;
  Progress progress_{"frames"};
  size_t given_ = 0, got_ = 0;
  const std::chrono::steady_clock::time_point begun_ =
      std::chrono::steady_clock::now();
  std::vector<FrameTrace> traces_;  // of a sequence
};

// Refuses flags that do not go with several inputs.
void check_several(const RunFlags& flags, const std::vector<RunInput>& inputs) {
  if (inputs.size() < 2) return;
  if (flags.frames > 0) {
    throw Error(Exit::kUsage,
                "--frames repeats one input, but " +
                    format_count(static_cast<int64_t>(inputs.size())) +
                    " were given",
                "leave out --frames, or give one input");
  }
  if (!flags.results.trace.empty() && !flags.stream) {
    throw Error(Exit::kUsage,
                "--trace writes the layers of one input, but " +
                    format_count(static_cast<int64_t>(inputs.size())) +
                    " were given",
                "give one input");
  }
  if (inputs.size() % static_cast<size_t>(flags.plan.batch) != 0) {
    throw Error(Exit::kUsage,
                format_count(static_cast<int64_t>(inputs.size())) +
                    " inputs cannot be split into batches of " +
                    std::to_string(flags.plan.batch),
                "leave out --batch, or give more inputs");
  }
}

void write_timeline(const std::string& file, const std::string& timeline) {
  if (timeline.empty()) {
    throw Error(Exit::kNode, "no node tells how long it works",
                "leave out --timeline, or give the nodes the firmware of this "
                "shoal");
  }
  write_file(file, timeline);
}

}  // namespace

void write_trace(const std::string& file, const Graph& graph, const Answer& a) {
  write_file(file, format_trace(trace_of(graph, a)));
}

int run_command(const RunFlags& flags) {
  return run_model(flags,
                   [](const EngineReport&, nlohmann::json*, Document&) {});
}

int run_model(const RunFlags& flags, const RunMore& more) {
  require_operands("run", flags.model, flags.plan, "INPUT",
                   flags.inputs.empty() ? "" : flags.inputs[0]);
  const ResultFlags& wanted = flags.results;
  std::vector<FileArgument> read = {{"MODEL", flags.model},
                                    {"--labels", wanted.labels},
                                    {"--key", flags.cluster.key},
                                    {"--cluster", flags.plan.cluster.path},
                                    {"--cuts", flags.plan.cuts.path},
                                    {"--store-key", flags.plan.storage.key}};
  for (const std::string& input : flags.inputs)
    read.push_back({"INPUT", input});
  check_files(read, {{"--output", wanted.output},
                     {"--trace", wanted.trace},
                     {"--timeline", wanted.timeline},
                     {"--html", wanted.html}});
  ClusterFlags cluster = flags.cluster;
  cluster.samples = !wanted.timeline.empty() || !wanted.html.empty();
  EngineOpening opening({.verb = "run",
                         .model = flags.model,
                         .ends = flags.ends,
                         .plan = flags.plan,
                         .cluster = std::move(cluster),
                         .network = flags.network,
                         .trace = !wanted.trace.empty(),
                         .times = !wanted.timeline.empty(),
                         .floats = true,
                         .remote = true,
                         .stream = flags.stream});
  std::vector<std::string> labels = read_labels(wanted.labels);
  if (labels.empty()) labels = opening.labels();
  if (labels.empty()) labels = model_labels(flags.model);
  std::vector<RunInput> inputs =
      flags.stream ? sequence_inputs(opening.graph(), flags.inputs)
                   : run_inputs(opening.graph(), flags.inputs,
                                input_options(flags.pictures));
  check_several(flags, inputs);
  // Errors in the first input are told before anything is planned.
  Bytes first = inputs[0].load(opening.graph());
  const std::unique_ptr<Engine> engine = opening.open(labels);
  Results results(wanted, flags.pictures, engine->graph(), opening.detection(),
                  labels, lock_request(flags.plan, "run"));
  RunReport report(flags, results, inputs.size() > 1);
  Run(flags, std::move(inputs), std::move(first), *engine, results, report)
      .all();
  const EngineReport done = engine->report();
  for (const std::string& note : done.notes) tell("%s\n", note.c_str());
  Document page;
  report.end(done, more, page);
  const std::string timeline = measured_timeline(done);
  if (!wanted.timeline.empty()) write_timeline(wanted.timeline, timeline);
  if (wanted.html.empty()) return 0;
  page.title = engine->graph().name;
  page.command = wanted.command;
  page.sections.insert(page.sections.begin(), results.take_section());
  write_verb_page(wanted.html, done, opening.budgets(), std::move(page),
                  timeline);
  return 0;
}

}  // namespace shoal
