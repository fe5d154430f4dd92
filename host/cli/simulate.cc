#include <vector>

#include "host/base/error.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/open_engine.h"
#include "host/cli/progress.h"
#include "host/cli/sequence.h"
#include "host/cli/simulate_faults.h"
#include "host/cli/simulate_report.h"
#include "host/data/image/random_input.h"
#include "host/model/graph/require_int8.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

// Returns the inputs of a batch: the file for all of its frames, or other noise
// for each.
std::vector<Bytes> simulated_inputs(const Graph& graph,
                                    const SimulateFlags& flags) {
  const auto batch = static_cast<size_t>(flags.plan.batch);
  if (!flags.input.empty()) {
    return std::vector(
        batch, load_input(graph, flags.input, input_options(flags.pictures)));
  }
  std::vector<Bytes> inputs;
  while (inputs.size() < batch) {
    inputs.push_back(
        random_input(graph, flags.network.seed.value_or(1) + inputs.size()));
  }
  return inputs;
}

// Throws unless each input, `times` times, gave what the oracle gives. With
// variables each frame has outputs of its own, repeated inputs included.
void require_oracles_outputs(int times, const std::vector<Bytes>& inputs,
                             Engine& engine) {
  const Graph& graph = engine.graph();
  std::vector<Bytes> expected;
  OracleSequence oracle(graph);
  const size_t frames = graph.variables.empty() ? 1 : size_t(times);
  for (size_t f = 0; f < frames * inputs.size(); ++f) {
    const Bytes& input = inputs[f % inputs.size()];
    expected.push_back(model_output(graph, oracle.next(input)));
  }
  const auto batch = static_cast<int64_t>(inputs.size());
  Progress progress("frames");
  run_frames(engine, inputs, times * batch, [&](int64_t f, const Answer& a) {
    progress.say(f + 1, times * batch);
    if (a.output == expected[static_cast<size_t>(f) % expected.size()]) return;
    throw Error(Exit::kDiffers, "frame " + std::to_string(f) +
                                    ": the output is not the oracle's");
  });
}

// A sequence says itself how many frames there are.
std::vector<Bytes> sequence(const Graph& graph, SimulateFlags& flags) {
  if (flags.input.empty()) {
    throw Error(Exit::kUsage, "--stream needs an INPUT",
                "give one INPUT with all frames");
  }
  if (flags.plan.batch > 1) {
    throw Error(Exit::kUsage,
                "--stream runs frames one after another, --batch together",
                "leave out one of them");
  }
  std::vector<Bytes> frames = load_sequence(graph, flags.input);
  flags.frames = static_cast<int>(frames.size());
  return frames;
}

}  // namespace

int simulate_command(const SimulateFlags& given) {
  SimulateFlags flags = given;
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--cluster", flags.plan.cluster.path},
               {"--cuts", flags.plan.cuts.path},
               {"--store-key", flags.plan.storage.key}},
              {{"--timeline", flags.timeline}, {"--html", flags.html}});
  ClusterFlags cluster;
  cluster.insecure = flags.insecure;
  Recorder recorder(0);  // of whom is not known yet
  SimOptions options;
  options.warm_up = true;
  options.recorder = &recorder;
  options.record_all = !flags.timeline.empty() || !flags.html.empty();
  EngineOpening opening({.verb = "simulate",
                         .model = flags.model,
                         .ends = flags.ends,
                         .plan = flags.plan,
                         .cluster = cluster,
                         .network = flags.network,
                         .energy = flags.every > 0,
                         .stream = flags.stream,
                         .timed = options});
  const std::vector<Bytes> inputs =
      flags.stream ? sequence(opening.graph(), flags)
                   : simulated_inputs(opening.graph(), flags);
  if (!flags.faults.empty()) {
    require_int8(opening.graph());
    return simulate_faults(flags, opening.graph(), inputs);
  }
  if (!flags.state.empty()) {
    throw Error(Exit::kUsage, "--state says what happens after a --fault",
                "add --fault, or leave it out");
  }
  const int times = flags.stream ? 1 : flags.frames;
  const std::unique_ptr<VirtualEngine> engine = opening.open_virtual();
  const Plan& plan = engine->prepared().plan;
  recorder = Recorder(static_cast<uint32_t>(plan.nodes.size()) +
                      (plan.linked ? 1 : 0));
  require_oracles_outputs(times, inputs, *engine);
  report_simulated(flags, *engine, recorder);
  return 0;
}

}  // namespace shoal
