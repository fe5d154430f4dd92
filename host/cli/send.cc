// `shoal send`: inputs for a board that runs an exported project by itself.
#include <memory>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/hex.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/results.h"
#include "host/cli/run_inputs.h"
#include "host/cli/run_report.h"
#include "host/cli/send_profile.h"
#include "host/cli/send_program.h"
#include "host/cli/sequence.h"
#include "host/cli/store_flags.h"
#include "host/engine/alone/alone_engine.h"

namespace shoal {
namespace {

// The same model on this computer.
class Comparison {
 public:
  explicit Comparison(const SendFlags& flags)
      : opening_(
            {.verb = "send", .model = flags.compare, .plan = flags.run.plan}) {}

  const Graph& graph() const {
    return engine_ ? engine_->graph() : opening_.graph();
  }
  std::shared_ptr<const DetectionOp> detection() const {
    return opening_.detection();
  }
  // Throws Error(kUsage) if the board's inputs or outputs are not the model's.
  void check_ends(const Graph& board, const std::string& where) const {
    const auto same = [&](int64_t there, int64_t here, const char* what) {
      if (there == here) return;
      throw Error(Exit::kUsage,
                  where + " runs another model: its " + what + " have " +
                      format_bytes(there) + ", those of " + graph().name + " " +
                      format_bytes(here),
                  "give --compare the model that was exported");
    };
    same(input_bytes(board), input_bytes(graph()), "inputs");
    same(output_bytes(board), output_bytes(graph()), "outputs");
  }
  void begin(const std::vector<Bytes>& inputs) {
    engine_ = opening_.open();
    inputs_ = inputs;
  }
  // Returns what the frames give, all of a sequence.
  std::vector<Bytes> outputs() {
    std::vector<Bytes> all;
    size_t next = 0;
    engine_->stream(
        [&]() -> std::optional<Bytes> {
          if (next == inputs_.size()) return std::nullopt;
          return inputs_[next++];
        },
        [&](const Answer& a) { all.push_back(a.output); });
    return all;
  }

 private:
  EngineOpening opening_;
  std::unique_ptr<Engine> engine_;
  std::vector<Bytes> inputs_;
};

void check_same(const Bytes& board, const Bytes& here, size_t frame) {
  if (board == here) return;
  size_t at = 0;
  while (at < board.size() && at < here.size() && board[at] == here[at]) ++at;
  throw Error(Exit::kDiffers,
              "frame " + std::to_string(frame) +
                  ": the board's output differs "
                  "from this computer's at byte " +
                  std::to_string(at),
              "export the model again with this shoal, and flash it");
}

// Says which network it is, if the board has several.
std::string network_of(const AloneFacts& facts) {
  const size_t others = facts.networks.size() - 1;
  if (others == 0) return "";
  return " as network " + facts.networks[facts.network] + ", and with " +
         std::to_string(others) + " other" + (others == 1 ? "" : "s");
}

int run_self_test(AloneEngine& board, const SendFlags& flags) {
  const AloneClient::TestResult test = board.client().self_test(board.facts());
  if (flags.run.json) {
    nlohmann::json json = {{"board", board.facts().board},
                           {"selfcheck", test.good ? "ok" : "differs"}};
    if (!test.good) json["differs_at"] = test.differs_at;
    say_json(json);
  } else if (test.good) {
    say("selfcheck ok\n");
  }
  if (test.good) return 0;
  throw Error(Exit::kDiffers,
              flags.device +
                  ": the output of the built-in test differs at "
                  "byte " +
                  std::to_string(test.differs_at),
              "flash the project again");
}

}  // namespace

int send_command(const SendFlags& flags) {
  const RunFlags& run = flags.run;
  if (!flags.program.empty()) return send_program_command(flags);
  if (!flags.name.empty()) {
    throw Error(Exit::kUsage, "--name is that of a --program",
                "--network NAME for one that the board has");
  }
  if (!flags.key.empty()) {
    throw Error(Exit::kUsage,
                "--key seals a --program, and frames are not sealed",
                "give --program MODEL with it, or leave it out");
  }
  if (run.inputs.empty() && !flags.self_test) {
    throw Error(Exit::kUsage, "INPUT is missing",
                "give a picture, a file of values, --self-test or --program");
  }
  if (flags.profile && flags.self_test) {
    throw Error(Exit::kUsage, "--self-test measures no layers",
                "give an INPUT with --profile instead");
  }
  std::vector<FileArgument> read = {{"--labels", run.results.labels},
                                    {"--compare", flags.compare}};
  for (const std::string& input : run.inputs) read.push_back({"INPUT", input});
  check_files(read, {{"--output", run.results.output}});
  AloneEngine board(
      open_alone_line(flags.device, flags.baud), flags.device, flags.network,
      run.cluster.node_timeout.value_or(run.cluster.usual_timeout));
  tell_more(flags.device + " is board " + board.facts().board + " with " +
            board.graph().name + network_of(board.facts()));
  if (flags.self_test) return run_self_test(board, flags);
  if (flags.profile) board.measure();

  std::optional<Comparison> comparison;
  if (!flags.compare.empty()) {
    comparison.emplace(flags);
    comparison->check_ends(board.graph(), flags.device);
  }
  std::vector<std::string> labels = read_labels(run.results.labels);
  if (labels.empty()) labels = board.labels();
  const Graph& graph = board.graph();
  std::vector<RunInput> inputs =
      run.stream ? sequence_inputs(graph, run.inputs)
                 : run_inputs(graph, run.inputs, input_options(run.pictures));
  if (inputs.size() > 1 && !run.stream && board.keeps_variables()) {
    throw several_frames(
        format_count(static_cast<int64_t>(inputs.size())) + " inputs",
        graph.name);
  }
  Results results(run.results, run.pictures, graph,
                  comparison ? comparison->detection() : nullptr, labels,
                  lock_request(run.plan, "send"));
  RunReport report(run, results, inputs.size() > 1);
  std::vector<Bytes> sent, came;
  size_t given = 0, got = 0;
  board.stream(
      [&]() -> std::optional<Bytes> {
        if (given == inputs.size()) return std::nullopt;
        Bytes input = inputs[given++].load(graph);
        if (comparison) sent.push_back(input);
        return input;
      },
      [&](const Answer& a) {
        report.add(results.read(inputs[got++], a.output), a.output);
        if (comparison) came.push_back(a.output);
      });
  results.finish();
  if (comparison) {
    comparison->begin(sent);
    const std::vector<Bytes> here = comparison->outputs();
    for (size_t i = 0; i < came.size(); ++i) check_same(came[i], here[i], i);
  }
  const AloneClient& client = board.client();
  const double frames = static_cast<double>(got);
  Document no_page;
  const auto more = [&](const EngineReport&, nlohmann::json* json, Document&) {
    if (json) {
      (*json)["board"] = board.facts().board;
      (*json)["network"] = board.facts().networks[board.facts().network];
      (*json)["networks"] = board.facts().networks;
      (*json)["program"] = to_hex(board.facts().program);
      (*json)["board_s"] = board.board_s() / frames;
      (*json)["repeats"] = client.repeats();
      (*json)["damaged_frames"] = client.damaged();
      if (comparison) (*json)["compared"] = "equal";
      if (flags.profile) (*json)["profile"] = profile_json(board);
      return;
    }
    say("board    %s, %s a frame by its own clock, with its waits\n",
        board.facts().board.c_str(),
        format_time(board.board_s() / frames).c_str());
    if (client.repeats() + client.damaged() > 0) {
      say("line     %s asked again, %s of frames sent again\n",
          format_count(static_cast<int64_t>(client.repeats())).c_str(),
          format_count(static_cast<int64_t>(client.damaged())).c_str());
    }
    if (comparison) say("compare  equal to this computer, byte for byte\n");
    if (flags.profile) say_profile(board);
  };
  report.end(board.report(), more, no_page);
  return 0;
}

}  // namespace shoal
