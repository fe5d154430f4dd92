// Arguments to options: every verb that is not in cluster_verbs.cc,
// model_verbs.cc or quantize_verb.cc. Besides them only flags.cc sees CLI11.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>

#include "host/base/edit_distance.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/ranks/team.h"
#include "host/base/shell_word.h"
#include "host/cli/cluster_verbs.h"
#include "host/cli/common.h"
#include "host/cli/flags.h"
#include "host/cli/model_verbs.h"
#include "host/cli/on_ranks.h"
#include "host/cli/output.h"
#include "host/cli/search_progress.h"

namespace shoal {
namespace {

// `--timeout`: an alarm, so that even a hang ends.
void on_alarm(int) {
  constexpr char text[] = "shoal: ran past --timeout\n";
  const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  static_cast<void>(written);
  _exit(static_cast<int>(Exit::kTimeout));
}

void start_timeout(int seconds) {
  if (seconds <= 0) return;
  std::signal(SIGALRM, on_alarm);
  alarm(static_cast<unsigned>(seconds));
}

struct Flags {
  InspectFlags inspect;
  PlanCommandFlags plan;
  RunFlags run;
  VerifyFlags verify;
  SimulateFlags simulate;
  BuildFlags build;
  ExportFlags exported;
  EmulateFlags emulate;
  BenchNodeFlags bench_node;
  WorkerFlags worker;
  DeployFlags deploy;
  DiscoverFlags discover;
  ProbeFlags probe;
  KeygenFlags keygen;
  StudyFlags study;
  EvaluateFlags evaluate;
  QuantizeFlags quantize;
  ListFlags list;
  FormatsFlags formats;
  int timeout = 0;
};

void add_result_flags(CLI::App* verb, ResultFlags& flags) {
  verb->add_option("--labels", flags.labels, "one label a line");
  verb->add_option("--top", flags.top, "how many classes to print")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("-o,--output", flags.output,
                   "write all outputs, one after another, in the file's types");
  verb->add_option("--trace", flags.trace,
                   "write checksums of every layer (layers.tsv)");
  verb->add_option("--task", flags.task,
                   "what the outputs are for: classify, detect, segment, "
                   "points or raw (absent: guessed)");
  verb->add_option("--head", flags.head,
                   "how they are read: ssd, yolov8, ... (absent: guessed)");
  verb->add_option("--score", flags.score, "of a box at least")
      ->capture_default_str();
  verb->add_option("--overlap", flags.overlap,
                   "intersection over union of two boxes of one thing (0.45; "
                   "ssd: the file's)");
  verb->add_option("--anchors", flags.anchors,
                   "w,h,... in pixels, of the finest grid first, for outputs "
                   "that are maps of anchors (yolov2, yolov3, yolov5maps; "
                   "COCO's)")
      ->delimiter(',');
  verb->add_option("--output-dir", flags.folder,
                   "folder for a .npy of every output, the pictures with what "
                   "was found, and a page of them");
}

void add_inspect(CLI::App& app, InspectFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "inspect", "What a model consists of and what it needs",
               "shoal inspect model.tflite");
  add_any_model(verb, f.model, f.ends);
  add_json(verb, f.json);
  verb->callback([&] { code = inspect_command(f); });
}

void add_plan(CLI::App& app, PlanCommandFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "plan", "Plan a model for a board or a budget",
               "shoal plan model.tflite --ram 160K\n"
               "  shoal plan model.tflite --nodes 8 --board teensy41");
  add_model(verb, f.model, f.ends);
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  verb->add_option("-o,--output", f.output, "write the plan as JSON");
  CLI::Option* const pareto = verb->add_option(
      "--pareto", f.pareto,
      "instead of one plan the front of arena, time and traffic: "
      "FILE.csv of all that were tried, or FILE.html, which draws "
      "it");
  CLI::Option* const explain = verb->add_flag(
      "--explain", f.explain,
      "what the plan says beside what virtual time makes of it, and "
      "the next best plans");
  // There is no one plan to write or to explain.
  pareto->excludes(explain)->excludes(verb->get_option("--output"));
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&] { code = plan_command(f); });
}

// With a store the model may be absent, and what stands in its place is the
// first input.
bool names_model(const std::string& text) {
  return text.empty() || text.starts_with("zoo:") ||
         text.ends_with(".tflite") || text.ends_with(".onnx");
}

void add_run(CLI::App& app, RunFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "run", "Run a picture or raw input through a model",
      "shoal run model.tflite cat.bmp --ram 160K --labels l.txt\n"
      "  shoal run model.tflite cat.bmp --nodes 8 --strategy kernel\n"
      "  shoal run model.tflite cat.bmp --workers 10.0.0.1:7000,10.0.0.2:7000\n"
      "  shoal run --store DIR cat.bmp");
  add_optional_model(verb, f.model, f.ends,
                     "; float, .onnx or .tflite, without a plan; none to run "
                     "the store of --store");
  add_inputs(verb, f.inputs);
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_result_flags(verb, f.results);
  add_picture_flags(verb, f.pictures);
  const auto* const frames =
      verb->add_option("--frames", f.frames,
                       "run the input this many times (1, or one batch)")
          ->check(CLI::Range(1, 100000000));
  add_stream(verb, f.stream);
  add_worker_flags(verb, f.cluster);
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&f, &code, frames] {
    if (frames->count() == 0) f.frames = 0;
    if (!f.plan.storage.store.empty() && !names_model(f.model)) {
      f.inputs.insert(f.inputs.begin(), std::move(f.model));
      f.model.clear();
    }
    code = run_command(f);
  });
}

void add_verify(CLI::App& app, VerifyFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "verify", "Compare plan, oracle and golden results layer by layer",
      "shoal verify model.tflite cat.in.bin --ram 160K --golden DIR\n"
      "  shoal verify model.tflite cat.in.bin --nodes 8 --loss 10%");
  add_model(verb, f.model, f.ends);
  verb->add_option("INPUT", f.inputs, "pictures or raw inputs")->required();
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_insecure_flag(verb, f.insecure);
  add_stream(verb, f.stream);
  verb->add_option("--golden", f.golden,
                   "a model's folder of golden results, or their root");
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&] { code = verify_command(f); });
}

void add_build(CLI::App& app, BuildFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "build", "Write what a board's storage has to hold",
               "shoal build --board emcraft-sf2 model.tflite x.bin -o DIR\n"
               "  shoal build model.tflite --flash 0 --ram 512K --store DIR");
  add_model(verb, f.model, f.ends);
  add_input(verb, f.input, ", one frame");
  verb->add_option("-o,--output", f.folder,
                   "folder for storage.img of an emulated board");
  verb->add_option("--labels", f.labels, "one label a line, for the stores");
  add_plan_flags(verb, f.plan);
  add_wait_flag(verb, f.plan.wait);
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = build_command(f); });
}

void add_export(CLI::App& app, ExportFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "export", "Write a project for a board's own tools",
      "shoal export model.tflite cat.bmp --as c --board mps2-an386 -o proj\n"
      "  shoal export model.tflite --as esp-idf --cluster cluster.toml -o "
      "projs");
  add_model(verb, f.model, f.ends);
  add_input(verb, f.input, ", for the built-in test; absent: noise");
  verb->add_option(
          "--as", f.ecosystem,
          "c, cmake, arduino, platformio, pico-sdk, esp-idf, zephyr or "
          "stm32cube (`shoal boards` says which for which board)")
      ->required();
  verb->add_option("-o,--output", f.folder, "folder of the project")
      ->required();
  verb->add_option("--name", f.name,
                   "of the project: letters, digits and _ (the model's)");
  verb->add_option("--labels", f.labels, "one label a line");
  add_node_flags(verb, f.plan);
  add_cluster_files(verb, f.plan);
  verb->add_option("--node", f.node,
                   "one node of the cluster, by its name (all of them)");
  add_key_flags(verb, f.key, f.insecure);
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = export_command(f); });
}

void add_emulate(CLI::App& app, EmulateFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "emulate", "Run a model on an emulated board",
               "shoal emulate --board emcraft-sf2 model.tflite cat.bmp\n"
               "  shoal emulate --board mps2-an386 --nodes 4 model.tflite "
               "cat.bmp\n"
               "  shoal emulate --board mps2-an386 --nodes 4 --serve");
  add_optional_model(verb, f.model, f.ends, "; none with --serve");
  add_input(verb, f.input);
  add_board_flags(verb, f.plan);
  add_replay(verb, f.plan);
  verb->add_option("--nodes", f.plan.nodes,
                   "so many boards on a network, each in an emulator of its "
                   "own; programs come over the network");
  verb->add_option("--cluster", f.plan.cluster.path,
                   "unequal ones, without addresses; see `shoal formats "
                   "cluster.toml`");
  verb->add_flag("--serve", f.serve,
                 "of a network: print NAME HOST:PORT PROCESS of each board and "
                 "run until SIGTERM; with --key or --insecure");
  verb->add_option("--cuts", f.plan.cuts.path,
                   "of a network: the cut of every layer; see `shoal formats "
                   "cuts.toml`");
  verb->add_option("--state", f.state,
                   "of a network: folder that keeps the boards' storages, so "
                   "that programs stay (nothing stays)");
  add_wait_flag(verb, f.plan.wait);
  verb->add_flag("--no-encrypt", f.plan.storage.no_encrypt,
                 "of a network: boards keep weights in their storage as they "
                 "are, not sealed");
  add_payload(verb, f.plan, "; smaller ones leave boards more of their memory");
  add_key_flags(verb, f.key, f.insecure);
  add_result_flags(verb, f.results);
  add_picture_flags(verb, f.pictures);
  verb->add_option("--frames", f.frames, "run the input this many times")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_option("--seconds", f.seconds,
                   "end with exit code 6 if the board takes more seconds; of "
                   "--nodes: to be ready")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_flag("--layers", f.layers, "instructions of every layer");
  add_json(verb, f.json);
  verb->callback([&] { code = emulate_command(f); });
}

void add_bench_node(CLI::App& app, BenchNodeFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "bench-node", "Instructions of a board's kernels, beside CMSIS-NN's",
      "shoal bench-node --board emcraft-sf2");
  verb->add_option("--board", f.board, "board id")->required();
  verb->add_option("--core", f.core,
                   "kernels for another core, beside this one's: cortex-m0plus "
                   "on mps2-an385");
  add_json(verb, f.json);
  verb->callback([&] { code = bench_node_command(f); });
}

void add_lists(CLI::App& app, ListFlags& f, int& code) {
  const auto add = [&](const char* name, const char* what,
                       int (*command)(const ListFlags&)) {
    CLI::App* const verb =
        add_verb(app, name, what, (std::string("shoal ") + name).c_str());
    add_json(verb, f.json);
    verb->callback([&f, &code, command] { code = command(f); });
  };
  add("ops", "List the operators", ops_command);
  add("boards", "List the boards", boards_command);
  add("doctor", "Check this machine and this build", doctor_command);
}

void add_formats(CLI::App& app, FormatsFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "formats", "What stands in cluster.toml, cuts.toml, ...",
               "shoal formats cluster.toml");
  verb->add_option("NAME", f.name, "prints that format; absent: lists them");
  add_json(verb, f.json);
  verb->callback([&] { code = formats_command(f); });
}

void define(CLI::App& app, Flags& f, Team& team, int& code) {
  app.add_option("--timeout", f.timeout,
                 "end with exit code 8 after this many seconds (0: never)")
      ->check(CLI::Range(0, 1 << 30));
  app.fallthrough();
  add_inspect(app, f.inspect, code);
  add_plan(app, f.plan, code);
  add_run(app, f.run, code);
  add_verify(app, f.verify, code);
  add_simulate(app, f.simulate, code);
  add_build(app, f.build, code);
  add_export(app, f.exported, code);
  add_emulate(app, f.emulate, code);
  add_bench_node(app, f.bench_node, code);
  add_worker(app, f.worker, code);
  add_discover(app, f.discover, code);
  add_probe(app, f.probe, code);
  add_deploy(app, f.deploy, code);
  add_keygen(app, f.keygen, code);
  add_study(app, f.study, code);
  add_evaluate(app, f.evaluate, code);
  add_quantize(app, f.quantize, code);
  add_lists(app, f.list, code);
  add_formats(app, f.formats, code);
  f.evaluate.team = f.quantize.team = &team;
  app.parse_complete_callback([&] {
    // Not CLI11's own check, which hides a verb that it does not know.
    if (app.get_subcommands().empty()) {
      throw Error(Exit::kUsage, "a verb is missing", "see `shoal --help`");
    }
    if (team.leads()) start_timeout(f.timeout);
  });
}

// CLI11 lists all words behind a verb that it does not know.
void refuse_unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (!app.get_subcommands().empty()) return;
  const std::vector<std::string> left = app.remaining();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (std::string_view(argv[i - 1]) == "--timeout") continue;
    if (std::ranges::count(left, word) == 0) continue;
    if (word.starts_with("-")) {
      throw Error(Exit::kUsage, "'" + printable(word) + "' comes before a verb",
                  "see `shoal --help`");
    }
    constexpr size_t kAlike = 2;
    std::string fix = "see `shoal --help`";
    size_t least = kAlike + 1;
    for (const CLI::App* const verb : app.get_subcommands({})) {
      const size_t letters = edit_distance(word, verb->get_name());
      if (letters >= std::min(least, word.size())) continue;
      least = letters;
      fix = "`shoal " + verb->get_name() + "`? `shoal --help` lists all verbs";
    }
    throw Error(Exit::kUsage, "'" + printable(word) + "' is no verb", fix);
  }
}

int run_verb(int argc, char** argv, Team& team) {
  CLI::App app("shoal: convolutional networks on microcontrollers, row by row",
               "shoal");
  app.set_version_flag("--version", "shoal " SHOAL_VERSION);
  Flags flags;
  flags.plan.command = "shoal";
  for (int i = 1; i < argc; ++i) {
    flags.plan.command += " " + shell_word(argv[i]);
  }
  int code = 0;
  define(app, flags, team, code);
  const SearchProgress progress;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help, --version
      return team.leads() ? app.exit(e) : 0;
    }
    refuse_unknown_verb(app, argc, argv);
    std::string verb;
    if (!app.get_subcommands().empty()) {
      verb = app.get_subcommands().front()->get_name() + " ";
    }
    throw Error(Exit::kUsage, e.what(), "see `shoal " + verb + "--help`");
  }
  return code;
}

int run_app(int argc, char** argv) {
  prepare_streams();
  return run_on_ranks(wished_ranks(argc, argv),
                      [&](Team& team) { return run_verb(argc, argv, team); });
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) { return shoal::run_app(argc, argv); }
