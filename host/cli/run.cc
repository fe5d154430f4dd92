#include <memory>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/run_report.h"
#include "host/oracle/golden/trace.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

namespace {

// A store that was built is run with INPUT alone.
void require_operands(const RunFlags& flags) {
  if (flags.model.empty() && flags.plan.storage.store.empty()) {
    throw Error(Exit::kUsage, "MODEL is required",
                "see `shoal run --help`; --store DIR of a built store does "
                "without");
  }
  if (flags.input.empty()) {
    throw Error(Exit::kUsage, "INPUT is required", "see `shoal run --help`");
  }
}

// The same input so many times; what it gave each time, which must be the same.
Bytes run_frames(const RunFlags& flags, const Bytes& input, Engine& engine) {
  Bytes output;
  int given = 0, got = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    if (given++ >= flags.frames) return std::nullopt;
    return input;
  };
  const auto take = [&](const Answer& a) {
    if (got == 0) {
      output = a.output;
    } else if (a.output != output) {
      throw Error(Exit::kDiffers, "frame " + std::to_string(got) +
                                      " has another output than the first");
    }
    if (++got < flags.frames || flags.trace.empty()) return;
    write_trace(flags.trace, engine.graph(), a);
  };
  engine.stream(next, take);
  return output;
}

}  // namespace

void write_trace(const std::string& file, const Graph& graph, const Answer& a) {
  const std::vector<Bytes> values = a.values();
  write_file(file, format_trace(make_trace(graph, [&](int t) {
               return file_bytes(graph, t, values[static_cast<size_t>(t)]);
             })));
}

int run_command(const RunFlags& flags) {
  require_operands(flags);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.labels},
               {"--key", flags.cluster.key},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}, {"--trace", flags.trace}});
  EngineOpening opening({.verb = "run",
                         .model = flags.model,
                         .plan = flags.plan,
                         .cluster = flags.cluster,
                         .network = flags.network,
                         .trace = !flags.trace.empty(),
                         .floats = true,
                         .remote = true});
  std::vector<std::string> labels = read_labels(flags.labels);
  if (labels.empty()) labels = opening.labels();
  const Bytes input = load_input(opening.graph(), flags.input,
                                 normalization(flags.mean, flags.deviation));
  const std::unique_ptr<Engine> engine = opening.open(labels);
  const Bytes output = run_frames(flags, input, *engine);
  const EngineReport report = engine->report();
  for (const std::string& note : report.notes) tell("%s\n", note.c_str());
  report_run(flags, engine->graph(), labels, output, report);
  return 0;
}

}  // namespace shoal
