// Arguments to options: every verb that is not in cluster_verbs.cc,
// model_verbs.cc or quantize_verb.cc. Besides them only flags.cc sees CLI11.
#include "host/cli/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/base/ranks/team.h"
#include "host/base/shell_word.h"
#include "host/cli/cluster_verbs.h"
#include "host/cli/common.h"
#include "host/cli/defaults_file.h"
#include "host/cli/flags.h"
#include "host/cli/generated_verbs.h"
#include "host/cli/help.h"
#include "host/cli/in_process.h"
#include "host/cli/memory_short.h"
#include "host/cli/model_verbs.h"
#include "host/cli/on_ranks.h"
#include "host/cli/output.h"
#include "host/cli/search_progress.h"
#include "host/cli/serve_verbs.h"
#include "host/cli/usage_errors.h"
#include "host/engine/workers/stop_signals.h"

namespace shoal {
namespace {

void ran_past_timeout(int) {
  constexpr std::string_view kText = "shoal: ran past --timeout\n";
  constexpr std::string_view kJson =
      R"({"error":{"code":8,"kind":"timeout","message":"ran past --timeout",)"
      "\"help\":\"\"}}\n";
  static_assert(static_cast<int>(Exit::kTimeout) == 8);
  const std::string_view text = prints_errors_as_json() ? kJson : kText;
  const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(written);
  _exit(static_cast<int>(Exit::kTimeout));
}

// `--timeout`: an alarm, so that even a hang ends. Who holds nodes gets a few
// seconds to give them back, as if it were told to stop.
void on_alarm(int) {
  constexpr unsigned kGraceS = 3;  // stopping nodes takes at most one
  static volatile std::sig_atomic_t asked = 0;
  if (asked || !StopSignals::any()) ran_past_timeout(0);
  asked = 1;
  std::signal(SIGTERM, ran_past_timeout);
  alarm(kGraceS);
  kill(getpid(), SIGTERM);
}

void start_timeout(int seconds) {
  if (seconds <= 0) return;
  std::signal(SIGALRM, on_alarm);
  alarm(static_cast<unsigned>(seconds));
}

struct Flags {
  InspectFlags inspect;
  PlanCommandFlags plan;
  ReportFlags report;
  RunFlags run;
  SendFlags send;
  ServeFlags serve;
  WatchFlags watch;
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
  GeneratedFlags generated;
  DefaultsFile defaults;
  int timeout = 0;
  bool wide = false, no_config = false, quiet = false, verbose = false;
};

void add_result_flags(CLI::App* verb, ResultFlags& flags) {
  add_answer_flags(verb, flags);
  verb->add_option("-o,--output", flags.output,
                   "Write all outputs, one after another, in their types");
  verb->add_option("--trace", flags.trace,
                   "Write checksums of every layer (layers.tsv)");
  verb->add_option("--timeline", flags.timeline,
                   "Write what each node did, measured, for Perfetto");
  verb->add_option("--output-dir", flags.folder,
                   "Write .npy outputs, marked pictures and a page of them");
  add_html(verb, flags.html);
}

void add_inspect(CLI::App& app, InspectFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "inspect", "Show what a model consists of and needs",
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
  verb->add_option("-o,--output", f.output,
                   "Write the plan as JSON, also for --plan");
  CLI::Option* const pareto = verb->add_option(
      "--pareto", f.pareto,
      "Write the front of arena, time and traffic: .csv or .html");
  CLI::Option* const page = add_html(verb, f.html);
  verb->add_flag("--stream", f.stream,
                 "Plan for runs with --stream: loops keep their states");
  CLI::Option* const explain = verb->add_flag(
      "--explain", f.explain,
      "Compare the plan with a simulation and the next best plans");
  // There is no one plan to write or to explain, and none is given.
  pareto->excludes(explain)->excludes(verb->get_option("--output"));
  pareto->excludes(page)->excludes(verb->get_option("--plan"));
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&] { code = plan_command(f); });
}

void add_report(CLI::App& app, ReportFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "report", "Draw a plan and its frame as one HTML page",
               "shoal plan model.tflite --nodes 8 -o plan.json\n"
               "  shoal simulate model.tflite --nodes 8 --timeline trace.json\n"
               "  shoal report plan.json trace.json -o report.html");
  verb->add_option("FILE", f.files,
                   "Plan, or two to compare, and the trace of a frame")
      ->required()
      ->expected(1, 3);
  verb->add_option("-o,--output", f.output, "Write the page here")
      ->capture_default_str();
  verb->add_option("--model-explorer", f.model_explorer,
                   "Folder for node data that Model Explorer loads");
  add_json(verb, f.json);
  verb->callback([&] { code = report_command(f); });
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
                     "Model, .tflite, .onnx or zoo:NAME; absent with --store");
  add_inputs(verb, f.inputs);
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_result_flags(verb, f.results);
  add_picture_flags(verb, f.pictures);
  const auto* const frames =
      verb->add_option("--frames", f.frames,
                       "Run the input N times [1, or one batch]")
          ->check(CLI::Range(1, 100000000));
  add_stream(verb, f.stream);
  add_worker_flags(verb, f.cluster);
  add_on_loss(verb, f.cluster);
  add_state(verb, f.cluster.state);
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
      app, "verify", "Compare plan, oracle and golden results by layer",
      "shoal verify model.tflite cat.in.bin --ram 160K --golden DIR\n"
      "  shoal verify model.tflite cat.in.bin --nodes 8 --loss 10%");
  add_model(verb, f.model, f.ends);
  verb->add_option("INPUT", f.inputs, "Pictures or raw inputs")->required();
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_insecure_flag(verb, f.insecure);
  add_stream(verb, f.stream);
  verb->add_option("--golden", f.golden,
                   "Golden results of the model, or the folder above them");
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&] { code = verify_command(f); });
}

void add_build(CLI::App& app, BuildFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "build", "Write what a board's storage must hold",
               "shoal build --board emcraft-sf2 model.tflite x.bin -o DIR\n"
               "  shoal build model.tflite --flash 0 --ram 512K --store DIR");
  add_model(verb, f.model, f.ends);
  add_input(verb, f.input, ", one frame");
  verb->add_option("-o,--output", f.folder,
                   "Folder for storage.img of an emulated board");
  verb->add_option("--labels", f.labels, "Labels for the stores, one a line");
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
  add_input(verb, f.input, "; for the built-in test [noise]");
  verb->add_option("--as", f.ecosystem,
                   "Board tools, such as c or esp-idf; see `shoal boards`")
      ->required();
  verb->add_option("-o,--output", f.folder, "Folder for the project")
      ->required();
  verb->add_option("--name", f.name,
                   "Project name: letters, digits and _ [the model's]");
  verb->add_option("--labels", f.labels, "File with one label a line");
  verb->add_option("--head", f.head,
                   "How to read the outputs: ssd, yolov8, ... [guessed]");
  verb->add_option("--also", f.also,
                   "Further network NAME=MODEL in the same arena; repeatable");
  verb->add_option("--also-input", f.also_inputs,
                   "Test input NAME=INPUT of one of --also [noise]");
  verb->add_option("--also-labels", f.also_labels,
                   "Labels NAME=FILE of one of --also");
  verb->add_option("--slots", f.slots,
                   "Flash for networks of `send --program`, two slots [none]");
  verb->add_flag("--all-operators", f.all_operators,
                 "With --slots: also operators that MODEL does not have");
  verb->add_option("--listen", f.listen,
                   "UDP address for `send` [the board's serial line]");
  add_node_flags(verb, f.plan);
  add_cluster_files(verb, f.plan);
  verb->add_option("--node", f.node,
                   "Export only this node of the cluster [all]");
  verb->add_option("--key", f.key,
                   "Key of --cluster [shoal.key], or of --slots [not sealed]");
  add_insecure_flag(verb, f.insecure);
  verb->get_option("--key")->excludes(verb->get_option("--insecure"));
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
  add_optional_model(verb, f.model, f.ends,
                     "Quantized .tflite or .onnx, zoo:NAME; not with --serve");
  add_input(verb, f.input);
  add_board_flags(verb, f.plan);
  add_replay(verb, f.plan);
  verb->add_option("--nodes", f.plan.nodes,
                   "Emulate N boards on a network, each in its own emulator");
  verb->add_option("--cluster", f.plan.cluster.path,
                   "Boards of the network; see `shoal formats cluster.toml`");
  verb->add_flag("--serve", f.serve,
                 "Print every board's address and run until SIGTERM");
  verb->add_option("--cuts", f.plan.cuts.path,
                   "How to cut each layer; see `shoal formats cuts.toml`");
  verb->add_option("--state", f.state,
                   "Keep the boards' storage in this folder [not kept]");
  add_wait_flag(verb, f.plan.wait);
  verb->add_flag("--no-encrypt", f.plan.storage.no_encrypt,
                 "Let the boards of a network keep weights unsealed");
  add_payload(verb, f.plan);
  add_key_flags(verb, f.key, f.insecure);
  add_result_flags(verb, f.results);
  add_picture_flags(verb, f.pictures);
  verb->add_option("--frames", f.frames, "Run the input N times")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_option("--seconds", f.seconds,
                   "Exit code 6 if the board (--nodes: its boot) takes longer")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_flag("--layers", f.layers, "Count the instructions of every layer");
  add_json(verb, f.json);
  verb->callback([&] { code = emulate_command(f); });
}

void add_bench_node(CLI::App& app, BenchNodeFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "bench-node",
               "Count a board's kernel instructions beside CMSIS-NN's",
               "shoal bench-node --board emcraft-sf2");
  verb->add_option("--board", f.board, "Board to emulate; see `shoal boards`")
      ->required();
  verb->add_option("--core", f.core,
                   "Also measure kernels for this core: cortex-m0plus");
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
  CLI::App* const verb = add_verb(
      app, "formats", "Describe cluster.toml, cuts.toml and other files",
      "shoal formats cluster.toml");
  verb->add_option("NAME", f.name, "Format to print [lists them]");
  add_json(verb, f.json);
  verb->callback([&] { code = formats_command(f); });
}

// Says what comes from a file.
void tell_settings(const DefaultsFile& file) {
  if (file.path().empty()) return tell_more("no shoal.toml is read");
  std::string words;
  for (const std::string& word : file.added()) words += " " + word;
  tell_more(file.path() + " sets" + (words.empty() ? " nothing here" : words));
}

void define(CLI::App& app, Flags& f, Team& team, int& code) {
  app.add_option("--timeout", f.timeout,
                 "End with exit code 8 after this long; 0: never [0]")
      ->check(CLI::Range(0, 1 << 30));
  app.add_flag("--wide", f.wide,
               "Print all columns of tables, however wide they are");
  app.add_flag("-q,--quiet", f.quiet,
               "Print results and errors, no notes and no progress");
  app.add_flag("-v,--verbose", f.verbose, "Print more of what is done")
      ->excludes(app.get_option("--quiet"));
  app.add_flag("--no-config", f.no_config,
               "Ignore shoal.toml, which has defaults for flags");
  app.fallthrough();
  app.require_subcommand(0, 1);  // a second verb is an operand: `man plan`
  add_inspect(app, f.inspect, code);
  add_plan(app, f.plan, code);
  add_report(app, f.report, code);
  add_run(app, f.run, code);
  add_send(app, f.send, code);
  add_serve(app, f.serve, code);
  add_watch(app, f.watch, code);
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
  add_generated(app, f.generated, code);
  let_flags_take_one_word(app);
  style_help(app);
  f.evaluate.team = f.quantize.team = &team;
  app.parse_complete_callback([&] {
    // Not CLI11's own check, which hides a verb that it does not know.
    if (app.get_subcommands().empty()) {
      throw Error(Exit::kUsage, "a verb is missing", "see `shoal --help`");
    }
    if (f.quiet) set_loudness(Loudness::kQuiet);
    if (f.verbose) {
      set_loudness(Loudness::kVerbose);
      tell_settings(f.defaults);
    }
    if (team.leads()) start_timeout(f.timeout);
  });
}

// "`shoal run`"; without a verb "`shoal`".
std::string command_text(const CLI::App& app, int argc, char** argv) {
  const auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
  for (int i = 1; i < argc; ++i) {
    for (const CLI::App* const verb : verbs) {
      if (verb->get_name() == argv[i])
        return "`shoal " + verb->get_name() + "`";
    }
  }
  return "`shoal`";
}

// `shoal help VERB` and `shoal VERB help` as `shoal VERB --help`.
std::vector<std::string> with_help_flag(const CLI::App& app,
                                        std::vector<std::string> words) {
  const std::vector<std::string> verbs = verb_names(app);
  if (words.size() == 2 && words[1] == "help" &&
      std::ranges::count(verbs, words[0]) != 0) {
    words[1] = "--help";
  }
  if (words.empty() || words[0] != "help") return words;
  words.erase(words.begin());
  if (!words.empty() && !words[0].starts_with("-") &&
      std::ranges::count(verbs, words[0]) == 0) {
    refuse_verb(app, words[0]);
  }
  words.push_back("--help");
  return words;
}

// Looks for a flag before all are parsed, since they may be wrong.
bool has_word(int argc, char** argv, std::string_view flag) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return false;
    if (word == flag) return true;
  }
  return false;
}

// Gives the whole line to the verbs whose pages show it.
void set_command(Flags& flags, const std::vector<std::string>& words) {
  std::string command = "shoal";
  for (const std::string& word : words) command += " " + shell_word(word);
  for (std::string* const of :
       {&flags.plan.command, &flags.report.command, &flags.simulate.command,
        &flags.evaluate.command, &flags.run.results.command,
        &flags.emulate.results.command}) {
    *of = command;
  }
}

// Parses the command line, which runs its verb.
void parse_words(CLI::App& app, int argc, char** argv,
                 std::vector<std::string> words, Team& team) {
  refuse_missing_value(app, words);
  try {
    std::ranges::reverse(words);  // as CLI11 takes them
    with_memory_for(command_text(app, argc, argv),
                    [&] { app.parse(std::move(words)); });
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help, --version
      if (team.leads()) app.exit(e);
      return;
    }
    refuse_unknown_verb(app, argc, argv);
    if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr) {
      refuse_unknown_flag(app);
    }
    refuse_usage(app, e);
  }
}

int run_verb(int argc, char** argv, Team& team) {
  CLI::App app("shoal: convolutional networks on microcontrollers, row by row",
               "shoal");
  app.set_version_flag("-V,--version", "shoal " SHOAL_VERSION,
                       "Print the version");
  app.set_help_flag("-h,--help", "Print this help; `shoal help VERB` has more");
  Flags flags;
  int code = 0;
  define(app, flags, team, code);
  DefaultsFile& file = flags.defaults;
  if (!has_word(argc, argv, "--no-config")) file = DefaultsFile::find();
  flags.list.config = file.path();
  const std::vector<std::string> words =
      file.add_to(with_help_flag(app, {argv + 1, argv + argc}), app);
  if (std::ranges::count(words, "--json") > 0) print_errors_as_json();
  if (std::ranges::count(words, "--wide") > 0) show_all_columns();
  set_command(flags, words);
  const SearchProgress progress;
  try {
    parse_words(app, argc, argv, words, team);
  } catch (const Error& e) {
    const std::string example = example_of_verb(app, e);
    const std::string advice = file.advice(e.what());
    if (example.empty() && advice.empty()) throw;
    std::string fix = e.fix();
    if (!example.empty()) fix = example + (fix.empty() ? "" : "; ") + fix;
    if (!advice.empty()) fix += (fix.empty() ? "" : "\n  ") + advice;
    throw Error(e.code(), e.what(), fix);
  }
  return code;
}

// Parses words that come from no command line.
void parse_alone(CLI::App& app, std::vector<std::string> words, Team& team) {
  std::string name = "shoal";
  std::vector<std::string> copies = words;
  std::vector<char*> arguments{name.data()};
  for (std::string& word : copies) arguments.push_back(word.data());
  parse_words(app, static_cast<int>(arguments.size()), arguments.data(),
              std::move(words), team);
}

}  // namespace

void run_words(const std::vector<std::string>& words) {
  CLI::App app("shoal", "shoal");
  Flags flags;
  Team team(one_rank());
  int code = 0;
  define(app, flags, team, code);
  set_command(flags, words);
  parse_alone(app, words, team);
}

RunFlags parse_run(const std::vector<std::string>& words) {
  CLI::App app("shoal", "shoal");
  RunFlags flags;
  Team team(one_rank());
  int code = 0;
  add_run(app, flags, code);
  let_flags_take_one_word(app);
  app.get_subcommand("run")->callback([] {});  // it is parsed, not run
  parse_alone(app, words, team);
  return flags;
}

int run_app(int argc, char** argv) {
  prepare_streams();
  if (has_word(argc, argv, "--json")) print_errors_as_json();
  if (has_word(argc, argv, "--wide")) show_all_columns();
  prepare_for_short_memory();
  return run_on_ranks(wished_ranks(argc, argv),
                      [&](Team& team) { return run_verb(argc, argv, team); });
}

}  // namespace shoal
