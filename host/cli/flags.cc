#include "host/cli/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "device/port/payload.h"
#include "host/base/ranks/watched_ranks.h"
#include "host/cli/output.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

void add_ram(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--ram", flags.ram,
                   "arena budget of the node, such as 160K; hard");
}

void add_objective(CLI::App* verb, PlanFlags& flags) {
  std::vector<std::string> objectives;
  for (const ObjectiveName& o : kObjectives) {
    objectives.push_back(fmt::format("{} ({})", o.name, o.meaning));
  }
  verb->add_option("--objective", flags.objective,
                   fmt::format("{}", fmt::join(objectives, ", ")))
      ->capture_default_str();
}

void add_limits(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--max-latency", flags.max_latency,
                   "of a frame, such as 120ms; hard");
  verb->add_option("--max-traffic", flags.max_traffic,
                   "bytes of rows over links a frame, such as 1M (1,000,000); "
                   "hard");
  verb->add_option("--max-arena", flags.max_arena,
                   "of any node, those of --cluster too, such as 64K; hard");
  verb->add_option("--plan-seconds", flags.plan_seconds,
                   "the search ends after so long with the best so far")
      ->check(real_range(1e-3, 1e6));
}

// Where weights and what does not fit the arena lie.
void add_storage_flags(CLI::App* verb, StorageFlags& flags) {
  verb->add_option("--flash", flags.flash,
                   "bytes of weights to execute in place at most; 0: all of "
                   "them stream from storage");
  verb->add_option("--storage", flags.storage,
                   "storage of the board that holds the store (its first)");
  verb->add_option(
      "--max-writes", flags.max_writes,
      "bytes of activations that a frame may spill to storage (0)");
  verb->add_option("--lifetime", flags.lifetime,
                   "of the storage, such as 10y: bounds what a frame writes");
  verb->add_option("--fps", flags.fps, "frames a second, for --lifetime")
      ->check(real_range(1e-6, 1e6));
}

// Where stores lie on this computer, and who may read them.
void add_store_flags(CLI::App* verb, StorageFlags& flags) {
  verb->add_option("--store", flags.store,
                   "folder for the nodes' stores (a temporary one)");
  verb->add_option("--store-key", flags.key,
                   "seals the stores; see `shoal keygen` (a new key)");
  verb->add_flag("--no-encrypt", flags.no_encrypt,
                 "stores are not sealed: whoever changes them is not noticed");
}

// What a verb that plans or runs takes.
constexpr const char* kInteger =
    "int8 or uint8 .tflite file, quantized (QDQ) .onnx file, or zoo:NAME";

}  // namespace

CLI::App* add_verb(CLI::App& app, const char* name, const char* what,
                   const char* example) {
  CLI::App* const verb = app.add_subcommand(name, what);
  verb->footer(std::string("Example:\n  ") + example);
  return verb;
}

void add_model(CLI::App* verb, std::string& path, ImportOptions& ends) {
  verb->add_option("MODEL", path, kInteger)->required();
  add_ends(verb, ends);
}

void add_any_model(CLI::App* verb, std::string& path, ImportOptions& ends) {
  verb->add_option("MODEL", path,
                   ".tflite or .onnx file, int8, uint8 or float, or zoo:NAME")
      ->required();
  add_ends(verb, ends);
}

void add_optional_model(CLI::App* verb, std::string& path, ImportOptions& ends,
                        const std::string& more) {
  verb->add_option("MODEL", path, kInteger + more);
  add_ends(verb, ends);
}

void add_ends(CLI::App* verb, ImportOptions& ends) {
  const auto once = [verb](const char* flag, std::vector<std::string>& values,
                           const char* what) {
    verb->add_option(flag, values, what)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  once("--outputs", ends.outputs,
       "end the model with this tensor (its name, or '#INDEX'); again for "
       "several");
  once("--inputs", ends.inputs,
       "begin the model with this tensor; again for several");
  once("--input-shape", ends.shapes,
       "NAME=1x3x320x320: the sizes of a model input that are open in the "
       "file");
  ends.tell = [](const std::string& line) { tell("%s\n", line.c_str()); };
}

constexpr char kInputs[] =
    "picture (png, jpg, bmp, gif, ppm, webp), values (.npy, .bin), - (stdin) "
    "or random:SEED";

CLI::Option* add_input(CLI::App* verb, std::string& path,
                       const std::string& more) {
  return verb->add_option("INPUT", path, kInputs + more);
}

void add_inputs(CLI::App* verb, std::vector<std::string>& paths) {
  verb->add_option("INPUT", paths,
                   std::string(kInputs) + "; several, and folders of them");
}

void add_json(CLI::App* verb, bool& flag) {
  verb->add_flag("--json", flag, "JSON on stdout, nothing else there");
}

void add_mpi(CLI::App* verb, bool& flag, std::optional<int>& node_timeout) {
  verb->add_flag("--mpi", flag,
                 "on all processes that mpirun has started, which take frames "
                 "as they are free");
  const std::string of_ranks =
      fmt::format("of --mpi: seconds that a rank may be silent ({})",
                  RankWatch::kUsualLimit.count());
  if (CLI::Option* const nodes = verb->get_option_no_throw("--node-timeout")) {
    nodes->description(nodes->get_description() + "; " + of_ranks);
    return;
  }
  verb->add_option("--node-timeout", node_timeout, of_ranks)
      ->check(CLI::Range(1, 86'400));
}

void add_stream(CLI::App* verb, bool& flag) {
  CLI::Option* const stream = verb->add_flag(
      "--stream", flag,
      "INPUT has raw frames one after another; variables of the model live "
      "from one to the next");
  if (CLI::Option* const frames = verb->get_option_no_throw("--frames")) {
    stream->excludes(frames);
  }
}

void add_node_flags(CLI::App* verb, PlanFlags& flags) {
  add_ram(verb, flags);
  verb->add_option("--board", flags.board,
                   "board id (see `shoal boards`); its memory is the budget")
      ->capture_default_str();
  verb->add_option(
      "--strategy", flags.strategy,
      "auto (the default): a cut of its own for each layer, "
      "without nodes that make it worse; over several nodes also " +
          strategy_list() +
          ": one kind of cut for all layers; single for one node");
  add_objective(verb, flags);
  add_limits(verb, flags);
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
      "in a smaller arena: layers a part of the columns at a time, "
      "for which the input's rows come again from the top");
}

void add_batch(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--batch", flags.batch,
                   "frames that run together, so that weights from storage "
                   "are read once for all of them")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
}

void add_cluster_files(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--cluster", flags.cluster.path,
                   "nodes with their boards and addresses; see `shoal formats "
                   "cluster.toml`");
  verb->add_option("--cuts", flags.cuts.path,
                   "the cut of every layer; see `shoal formats cuts.toml`");
}

void add_cluster_flags(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--nodes", flags.nodes,
                   "so many equal nodes of this board and RAM");
  verb->add_option("--banks", flags.banks,
                   "all: weights may stay in every bank of the nodes' SRAM, "
                   "not only in the arena's")
      ->capture_default_str()
      ->check(CLI::IsMember({"one", "all"}));
  add_cluster_files(verb, flags);
  add_payload(verb, flags);
}

void add_payload(CLI::App* verb, PlanFlags& flags, const std::string& more) {
  verb->add_option("--payload", flags.payload,
                   fmt::format("of a cluster: bytes of a datagram at most (its "
                               "file's; else {}, over a "
                               "serial line {}){}",
                               kUdpPayload, kSerialPayload, more));
}

void add_worker_plan_flags(CLI::App* verb, PlanFlags& flags) {
  add_ram(verb, flags);
  verb->add_option("--strategy", flags.strategy,
                   "auto (the default): a cut of its own for each layer, "
                   "without nodes that make it worse; or " +
                       strategy_list() + ": one kind of cut for all layers");
  add_objective(verb, flags);
  add_limits(verb, flags);
  add_cluster_files(verb, flags);
}

void add_worker_flags(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--workers", flags.workers,
                   "addresses of nodes that run: `shoal worker`s, boards")
      ->delimiter(',');
  verb->add_flag("--take-over", flags.take_over,
                 "end the run of another coordinator that has these workers");
  add_key_flags(verb, flags.key, flags.insecure);
  add_identity_flag(verb, flags.identity);
  verb->add_option("--node-key", flags.node_keys,
                   "with --identity and --workers: the workers' public keys, "
                   "in their order")
      ->delimiter(',');
  add_node_timeout(verb, flags);
}

void add_identity_flag(CLI::App* verb, std::string& file) {
  verb->add_option("--identity", file,
                   "a key pair of one's own instead of the cluster's key; see "
                   "`shoal keygen --identity`")
      ->excludes(verb->get_option("--key"))
      ->excludes(verb->get_option("--insecure"));
}

void add_insecure_flag(CLI::App* verb, bool& insecure) {
  verb->add_flag("--insecure", insecure,
                 "no encryption, no key: whoever is on the network may do "
                 "everything");
}

void add_key_flags(CLI::App* verb, std::string& key, bool& insecure) {
  verb->add_option("--key", key, "the cluster's key; see `shoal keygen`")
      ->capture_default_str();
  add_insecure_flag(verb, insecure);
  verb->get_option("--key")->excludes(verb->get_option("--insecure"));
}

void add_node_timeout(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--node-timeout", flags.node_timeout,
                   fmt::format("seconds that a node of a cluster may be silent "
                               "({})",
                               flags.usual_timeout))
      ->check(CLI::Range(1, 86'400));
}

CLI::Validator real_range(double least, double most) {
  return {[=](std::string& text) {
            double v = 0;
            const bool good =
                CLI::detail::lexical_cast(text, v) && v >= least && v <= most;
            return good ? std::string()
                        : fmt::format("{} is not a number from {} to {}", text,
                                      least, most);
          },
          fmt::format("FLOAT in [{} - {}]", least, most)};
}

void add_wait_flag(CLI::App* verb, double& seconds) {
  verb->add_option("--wait", seconds,
                   "for what another one owns (a store, a journal, a node): "
                   "seconds, else exit code 9 at once (0)")
      ->check(real_range(0, 1e6));
}

void add_network_flags(CLI::App* verb, NetworkFlags& flags) {
  verb->add_option("--loss", flags.loss, "of datagrams between nodes: 10%");
  verb->add_option("--duplicate", flags.duplicate,
                   "share that comes twice: 5%");
  verb->add_option("--reorder", flags.reorder,
                   "share that comes later than others: 5%");
  verb->add_option("--jitter", flags.jitter, "up to so much later: 1ms");
  verb->add_option("--rate", flags.rate, "of every link, bits a second: 100M");
  verb->add_option("--latency", flags.latency, "one way: 60us");
  verb->add_option("--network", flags.network, "switch or radio");
  verb->add_option("--power-loss", flags.power_loss,
                   "NODE@TIME: node NODE (from 0) loses its power so long "
                   "into the first frame, such as 1@5ms");
  verb->add_option("--framing", flags.framing,
                   "bytes of every datagram on the wire besides (board's)");
  verb->add_option("--seed", flags.seed,
                   "of what the network does by chance (1)");
}

void add_picture_flags(CLI::App* verb, PictureFlags& flags) {
  verb->add_option("--mean", flags.mean,
                   "of pixels, which are 0 to 255; one, or one per channel")
      ->delimiter(',');
  verb->add_option("--std", flags.deviation,
                   "deviation of pixels; one, or one per channel")
      ->delimiter(',');
  verb->add_option(
          "--fit", flags.fit,
          "of a picture of another shape: stretch it, crop its middle, "
          "or letterbox: all of it between grey borders")
      ->check(CLI::IsMember({"stretch", "crop", "letterbox"}))
      ->capture_default_str();
}

}  // namespace shoal
