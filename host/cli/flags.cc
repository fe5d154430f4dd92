#include "host/cli/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <string_view>

#include "device/port/payload.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/ranks/watched_ranks.h"
#include "host/base/size.h"
#include "host/cli/help.h"
#include "host/cli/output.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

void add_ram(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--ram", flags.ram,
                   "Arena budget of every node, such as 160K");
}

void add_objective(CLI::App* verb, PlanFlags& flags) {
  std::vector<std::string> names;
  for (const ObjectiveName& o : kObjectives) names.emplace_back(o.name);
  verb->add_option("--objective", flags.objective,
                   fmt::format("Minimize {}", fmt::join(names, ", ")))
      ->check(one_of(names))
      ->capture_default_str();
}

void add_search(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--max-latency", flags.max_latency,
                   "Upper limit for the time of a frame, such as 120ms");
  verb->add_option("--max-traffic", flags.max_traffic,
                   "Upper limit for bytes over links a frame, such as 1M");
  verb->add_option("--max-arena", flags.max_arena,
                   "Upper limit for every node's arena, such as 64K");
  verb->add_option("--plan-seconds", flags.plan_seconds,
                   "End the search after this long with the best plan so far")
      ->check(real_range(1e-3, 1e6));
  verb->add_option("--effort", flags.effort,
                   "Search about N times as long for a better plan [1]")
      ->check(CLI::Range(1, 100));
  verb->add_option("--plan-jobs", flags.plan_jobs,
                   "Threads of the search [one per core]")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--plan", flags.plan.path,
                   "Take the plan that `shoal plan -o FILE` wrote");
  verb->add_flag("--no-cache", flags.no_cache,
                 "Search again for a plan that was found before");
}

// Where weights and what does not fit the arena lie.
void add_storage_flags(CLI::App* verb, StorageFlags& flags) {
  verb->add_option("--flash", flags.flash,
                   "Most weights to execute in place; 0: stream them all");
  verb->add_option("--storage", flags.storage,
                   "Storage of the board that holds the store [its first]");
  verb->add_option("--max-writes", flags.max_writes,
                   "Activations that a frame may spill to storage [0]");
  verb->add_option("--lifetime", flags.lifetime,
                   "Lifetime of the storage, such as 10y; limits writes");
  verb->add_option("--fps", flags.fps, "Frames a second, for --lifetime")
      ->check(real_range(1e-6, 1e6));
}

// Where stores lie on this computer, and who may read them.
void add_store_flags(CLI::App* verb, StorageFlags& flags) {
  verb->add_option("--store", flags.store,
                   "Folder for the nodes' stores [a temporary one]");
  verb->add_option("--store-key", flags.key,
                   "Key that seals the stores; see `shoal keygen` [a new one]");
  verb->add_flag("--no-encrypt", flags.no_encrypt,
                 "Do not seal the stores: changes to them go unnoticed");
}

// The models that a verb which plans or runs takes.
constexpr const char* kInteger =
    "Quantized .tflite or (QDQ) .onnx file, or zoo:NAME";

}  // namespace

void let_flags_take_one_word(CLI::App& app) {
  for (CLI::App* const verb : app.get_subcommands(nullptr)) {
    for (CLI::Option* const option : verb->get_options()) {
      if (!option->get_positional()) option->allow_extra_args(false);
    }
  }
}

CLI::App* add_verb(CLI::App& app, const char* name, const char* what,
                   const char* example) {
  CLI::App* const verb = app.add_subcommand(name, what);
  verb->footer(std::string("Example:\n  ") + example);
  verb->set_help_flag("-h,--help", "Print the common flags");
  verb->set_help_all_flag("--help-all", "Print all flags");
  return verb;
}

void add_model(CLI::App* verb, std::string& path, ImportOptions& ends) {
  verb->add_option("MODEL", path, kInteger)->required();
  add_ends(verb, ends);
}

void add_any_model(CLI::App* verb, std::string& path, ImportOptions& ends) {
  verb->add_option("MODEL", path,
                   ".tflite or .onnx file, quantized or float, or zoo:NAME")
      ->required();
  add_ends(verb, ends);
}

void add_optional_model(CLI::App* verb, std::string& path, ImportOptions& ends,
                        const char* what) {
  verb->add_option("MODEL", path, what);
  add_ends(verb, ends);
}

void add_ends(CLI::App* verb, ImportOptions& ends) {
  verb->add_option(
      "--outputs", ends.outputs,
      "End the model at this tensor (name or '#INDEX'); repeatable");
  verb->add_option("--inputs", ends.inputs,
                   "Begin the model at this tensor; repeatable");
  verb->add_option("--input-shape", ends.shapes,
                   "Sizes of a dynamic input, such as NAME=1x3x320x320");
  verb->add_option("--signature", ends.signature,
                   "Signature of a .tflite file that has several [the only]");
  ends.tell = [](const std::string& line) { tell("%s\n", line.c_str()); };
}

constexpr char kInputs[] =
    "Picture, .npy, .csv, .wav, .bin, NAME=FILE, -, random:SEED";

CLI::Option* add_input(CLI::App* verb, std::string& path,
                       const std::string& more) {
  return verb->add_option("INPUT", path, kInputs + more);
}

void add_inputs(CLI::App* verb, std::vector<std::string>& paths) {
  verb->add_option("INPUT", paths, std::string(kInputs) + ", DIR");
}

void add_json(CLI::App* verb, bool& flag) {
  verb->add_flag("--json", flag, "Print JSON on stdout and nothing else there");
}

CLI::Option* add_html(CLI::App* verb, std::string& file) {
  return verb->add_option("--html", file,
                          "Write a page with drawings; see `shoal report`");
}

void add_mpi(CLI::App* verb, bool& flag, std::optional<double>& node_timeout) {
  verb->add_flag("--mpi", flag,
                 "Share the frames among the processes of mpirun");
  if (CLI::Option* const nodes = verb->get_option_no_throw("--node-timeout")) {
    nodes->description("Seconds that a node or rank may be silent");
    return;
  }
  verb->add_option("--node-timeout", node_timeout,
                   fmt::format("Seconds that a rank may be silent [{}]",
                               RankWatch::kUsualLimit.count()))
      ->check(real_range(0.05, 86'400));
}

void add_stream(CLI::App* verb, bool& flag) {
  CLI::Option* const stream = verb->add_flag(
      "--stream", flag, "INPUT is raw frames in a row; variables carry over");
  if (CLI::Option* const frames = verb->get_option_no_throw("--frames")) {
    stream->excludes(frames);
  }
}

void add_node_flags(CLI::App* verb, PlanFlags& flags) {
  add_ram(verb, flags);
  verb->add_option("--board", flags.board,
                   "Board (memory and costs); see `shoal boards`")
      ->capture_default_str();
  verb->add_option("--strategy", flags.strategy,
                   fmt::format("Cut of the layers: auto, single, {} [auto]",
                               strategy_list()));
  add_objective(verb, flags);
  verb->add_option("--cores", flags.cores,
                   "Cores of the board to use [all that shoal can]")
      ->check(CLI::Range(1, 2));
  add_search(verb, flags);
}

void add_board_flags(CLI::App* verb, PlanFlags& flags) {
  add_node_flags(verb, flags);
  add_storage_flags(verb, flags.storage);
}

void add_plan_flags(CLI::App* verb, PlanFlags& flags) {
  add_board_flags(verb, flags);
  add_store_flags(verb, flags.storage);
  add_replay(verb, flags);
}

CLI::Option* add_replay(CLI::App* verb, PlanFlags& flags) {
  return verb->add_flag(
      "--replay", flags.replay,
      "Shrink the arena: column tiles, the input read once a tile");
}

void add_batch(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--batch", flags.batch,
                   "Frames that run together, sharing reads of weights")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
}

void add_cluster_files(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--cluster", flags.cluster.path,
                   "Nodes and addresses; see `shoal formats cluster.toml`");
  verb->add_option("--cuts", flags.cuts.path,
                   "How to cut each layer; see `shoal formats cuts.toml`");
}

void add_cluster_flags(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--nodes", flags.nodes,
                   "Number of equal nodes, each with this board and RAM");
  verb->add_option("--banks", flags.banks,
                   "all: weights may use every SRAM bank, not only the arena's")
      ->capture_default_str()
      ->check(one_of({"one", "all"}));
  add_cluster_files(verb, flags);
  add_payload(verb, flags);
}

void add_payload(CLI::App* verb, PlanFlags& flags) {
  verb->add_option(
          "--payload", flags.payload,
          fmt::format("Most bytes of a datagram [{}; serial line: {}; or the "
                      "cluster file's]",
                      kUdpPayload, kSerialPayload))
      ->transform(size_in_bytes());
}

void add_worker_plan_flags(CLI::App* verb, PlanFlags& flags) {
  add_ram(verb, flags);
  verb->add_option(
      "--strategy", flags.strategy,
      fmt::format("Cut of the layers: auto, {} [auto]", strategy_list()));
  add_objective(verb, flags);
  add_search(verb, flags);
  add_cluster_files(verb, flags);
}

void add_worker_flags(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--workers", flags.workers,
                   "Addresses of running nodes: `shoal worker`s or boards")
      ->delimiter(',');
  verb->add_flag("--take-over", flags.take_over,
                 "End another coordinator's run on these workers");
  add_key_flags(verb, flags.key, flags.insecure);
  add_identity_flag(verb, flags.identity);
  verb->add_option("--node-key", flags.node_keys,
                   "With --identity: public keys of --workers, in order")
      ->delimiter(',');
  add_node_timeout(verb, flags);
}

void add_identity_flag(CLI::App* verb, std::string& file) {
  verb->add_option("--identity", file,
                   "Own key pair instead of --key; see `shoal keygen`")
      ->excludes(verb->get_option("--key"))
      ->excludes(verb->get_option("--insecure"));
}

void add_insecure_flag(CLI::App* verb, bool& insecure) {
  verb->add_flag("--insecure", insecure,
                 "No key, no encryption: anyone on the network can do all");
}

void add_key_flags(CLI::App* verb, std::string& key, bool& insecure) {
  verb->add_option("--key", key, "Key of the cluster; see `shoal keygen`")
      ->capture_default_str();
  add_insecure_flag(verb, insecure);
  verb->get_option("--key")->excludes(verb->get_option("--insecure"));
}

void add_node_timeout(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--node-timeout", flags.node_timeout,
                   fmt::format("Seconds that a node may be silent [{}]",
                               flags.usual_timeout))
      ->check(real_range(0.05, 86'400));
}

void add_state(CLI::App* verb, std::string& state, bool serves) {
  verb->add_option(
      "--state", state,
      serves ? "Variables: mirror[:FRAMES[:FILE]], peers[:FRAMES] [lose]"
             : "Variables after it: lose, mirror or mirror:FRAMES [lose]");
}

SequenceCopies sequence_copies(const std::string& state) {
  constexpr int64_t kUsual = 10, kMost = 10'000;
  if (state.empty() || state == "lose") return {};
  const size_t first = state.find(':');
  const std::string word = state.substr(0, first);
  const bool at_peers = word == "peers";
  if (first == state.npos && (at_peers || word == "mirror")) {
    return {kUsual, {}, at_peers};
  }
  std::string_view number = first == state.npos
                                ? std::string_view()
                                : std::string_view(state).substr(first + 1);
  std::string file;
  const size_t colon = number.find(':');
  if (!at_peers && colon != number.npos && colon + 1 < number.size()) {
    file = number.substr(colon + 1);
    number = number.substr(0, colon);
  }
  int64_t frames = 0;
  const auto [end, wrong] =
      std::from_chars(number.data(), number.data() + number.size(), frames);
  const bool is_whole = end == number.data() + number.size();
  if ((!at_peers && word != "mirror") || number.empty() ||
      wrong != std::errc() || !is_whole || frames < 1 || frames > kMost) {
    throw Error(Exit::kUsage, "--state " + printable(state) + " is not known",
                (at_peers ? "peers, or peers:FRAMES with 1 to "
                          : "lose, mirror, or mirror:FRAMES with 1 to ") +
                    format_count(kMost) + " frames from one copy to the next");
  }
  return {static_cast<uint16_t>(frames), std::move(file), at_peers};
}

void refuse_next_process(const SequenceCopies& copies,
                         const std::string& state) {
  if (!copies.outlive()) return;
  const std::string what = copies.at_peers ? "nodes keep" : "a file keeps";
  throw Error(Exit::kUsage,
              "--state " + printable(state) + ": " + what +
                  " the sequence that `shoal serve` goes on with; this verb "
                  "has all frames and begins with the first",
              copies.at_peers ? "mirror" : "leave out the file");
}

void add_on_loss(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--on-loss", flags.on_loss,
                   "When a node is lost: replan, wait or fail")
      ->capture_default_str()
      ->check(one_of({"replan", "wait", "fail"}));
  verb->add_option("--spares", flags.spares,
                   "Nodes that take the place of lost --workers")
      ->delimiter(',');
}

void add_answer_flags(CLI::App* verb, ResultFlags& flags) {
  verb->add_option("--labels", flags.labels, "File with one label a line");
  verb->add_option("--top", flags.top, "Number of classes to print")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--task", flags.task,
                   "classify, detect, segment, points or raw [guessed]");
  verb->add_option("--head", flags.head,
                   "How to read the outputs: ssd, yolov8, ... [guessed]");
  verb->add_option("--score", flags.score, "Least score of a box")
      ->capture_default_str();
  verb->add_option(
      "--overlap", flags.overlap,
      "IoU above which two boxes are one object [0.45; ssd: file]");
  verb->add_option("--anchors", flags.anchors,
                   "Anchors w,h,... in pixels, finest grid first [COCO]")
      ->delimiter(',');
}

CLI::Validator one_of(std::vector<std::string> names) {
  const std::string listed = fmt::format("{{{}}}", fmt::join(names, ","));
  return {[names = std::move(names)](std::string& text) {
            if (std::ranges::count(names, text) != 0) return std::string();
            const std::string nearest = nearest_word(text, names);
            return fmt::format(
                "'{}' is unknown\n{}one of: {}", printable(text),
                nearest.empty() ? "" : "did you mean " + nearest + "? ",
                fmt::join(names, ", "));
          },
          listed};
}

CLI::Validator size_in_bytes() {
  return {[](std::string& text) {
            try {
              text = std::to_string(parse_size(text, ""));
              return std::string();
            } catch (const Error& e) {
              return fmt::format("'{}' is not a size\n{}", printable(text),
                                 e.fix());
            }
          },
          "SIZE"};
}

CLI::Validator real_range(double least, double most) {
  return {[=](std::string& text) {
            double v = 0;
            const bool good =
                CLI::detail::lexical_cast(text, v) && v >= least && v <= most;
            return good ? std::string()
                        : fmt::format("'{}' is not a number from {} to {}",
                                      text, least, most);
          },
          fmt::format("FLOAT in [{} - {}]", least, most)};
}

void add_wait_flag(CLI::App* verb, double& seconds) {
  verb->add_option(
          "--wait", seconds,
          fmt::format("Seconds to wait for what another process owns [{:g}]",
                      seconds))
      ->check(real_range(0, 1e6));
}

void add_network_flags(CLI::App* verb, NetworkFlags& flags) {
  verb->add_option("--loss", flags.loss,
                   "Share of the datagrams that are lost, such as 10%");
  verb->add_option("--duplicate", flags.duplicate,
                   "Share of the datagrams that arrive twice, such as 5%");
  verb->add_option("--reorder", flags.reorder,
                   "Share of the datagrams that arrive late, such as 5%");
  verb->add_option("--jitter", flags.jitter,
                   "Longest extra delay of a datagram, such as 1ms");
  verb->add_option("--rate", flags.rate,
                   "Bits a second of every link, such as 100M");
  verb->add_option("--latency", flags.latency,
                   "One-way delay of a link, such as 60us");
  verb->add_option("--network", flags.network,
                   "Kind of network: switch or radio");
  verb->add_option("--power-loss", flags.power_loss,
                   "Cut a node's power in the first frame, such as 1@5ms");
  verb->add_option("--framing", flags.framing,
                   "Bytes of framing per datagram [the board's]")
      ->transform(size_in_bytes());
  verb->add_option("--seed", flags.seed,
                   "Seed of the network's random events [1]");
}

void add_picture_flags(CLI::App* verb, PictureFlags& flags) {
  verb->add_option("--mean", flags.mean,
                   "Mean of the pixels (0 to 255), one or one per channel")
      ->delimiter(',');
  verb->add_option("--std", flags.deviation,
                   "Deviation of the pixels, one or one per channel")
      ->delimiter(',');
  verb->add_option("--fit", flags.fit,
                   "Other shapes: stretch, crop (middle) or letterbox")
      ->check(one_of({"stretch", "crop", "letterbox"}))
      ->capture_default_str();
  verb->add_option("--bin", flags.bin,
                   "Values in .bin: raw (the input's type) or float32")
      ->check(one_of({"raw", "float32"}))
      ->capture_default_str();
}

}  // namespace shoal
