// Arguments to options. The only file that sees CLI11.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "host/base/error.h"
#include "host/cli/commands.h"

namespace shoal {
namespace {

void add_plan_flags(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--ram", flags.ram,
                   "arena budget of the node, such as 160K; hard");
  verb->add_option("--board", flags.board,
                   "board id (see `shoal boards`); its memory is the budget")
      ->capture_default_str();
  verb->add_option("--strategy", flags.strategy,
                   "how to cut: single; over nodes spatial, kernel or layer");
  verb->add_option("--objective", flags.objective,
                   "latency (least time in the budget) or ram (smallest arena)")
      ->capture_default_str();
}

void add_cluster_flags(CLI::App* verb, PlanFlags& flags) {
  verb->add_option("--nodes", flags.nodes,
                   "so many equal nodes of this board and RAM");
  verb->add_option("--cluster", flags.cluster,
                   "cluster.toml: nodes with their boards and addresses");
  verb->add_option("--cuts", flags.cuts, "cuts.toml: the cut of every layer");
}

void add_network_flags(CLI::App* verb, NetworkFlags& flags) {
  verb->add_option("--loss", flags.loss, "of datagrams between nodes: 10%");
  verb->add_option("--duplicate", flags.duplicate, "come twice: 5%");
  verb->add_option("--reorder", flags.reorder, "come later than others: 5%");
  verb->add_option("--jitter", flags.jitter, "up to so much later: 1ms");
  verb->add_option("--rate", flags.rate, "of every link, bits a second: 100M");
  verb->add_option("--latency", flags.latency, "one way: 60us");
  verb->add_option("--network", flags.network, "switch or radio");
  verb->add_option("--payload", flags.payload,
                   "bytes of a datagram at most (1472; a serial line: 128)");
  verb->add_option("--framing", flags.framing,
                   "bytes of every datagram on the wire besides (board's)");
  verb->add_option("--seed", flags.seed, "of the network's luck")
      ->capture_default_str();
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
}

void add_worker_flags(CLI::App* verb, ClusterFlags& flags) {
  verb->add_option("--workers", flags.workers,
                   "addresses of running `shoal worker`s, one node each")
      ->delimiter(',');
  add_key_flags(verb, flags.key, flags.insecure);
  verb->add_option("--timeout", flags.timeout,
                   "of a cluster: seconds that a node may be silent (5); "
                   "else of the whole command")
      ->check(CLI::NonNegativeNumber);
}

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

CLI::App* add_verb(CLI::App& app, const char* name, const char* what,
                   const char* example) {
  CLI::App* const verb = app.add_subcommand(name, what);
  verb->footer(std::string("Example:\n  ") + example);
  return verb;
}

struct Flags {
  InspectFlags inspect;
  PlanCommandFlags plan;
  RunFlags run;
  VerifyFlags verify;
  SimulateFlags simulate;
  BuildFlags build;
  EmulateFlags emulate;
  BenchNodeFlags bench_node;
  WorkerFlags worker;
  KeygenFlags keygen;
  StudyFlags study;
  ListFlags list;
  int timeout = 0;
};

void define(CLI::App& app, Flags& f, int& code) {
  app.add_option("--timeout", f.timeout,
                 "end with exit code 8 after this many seconds (0: never)")
      ->check(CLI::NonNegativeNumber);
  app.fallthrough();
  const auto json = [](CLI::App* verb, bool& flag) {
    verb->add_flag("--json", flag, "JSON on stdout, nothing else there");
  };
  const auto model = [](CLI::App* verb, std::string& path) {
    verb->add_option("MODEL", path, ".tflite file, int8 or uint8")->required();
  };

  CLI::App* verb =
      add_verb(app, "inspect", "What a model consists of and what it needs",
               "shoal inspect model.tflite");
  model(verb, f.inspect.model);
  json(verb, f.inspect.json);
  verb->callback([&] { code = inspect_command(f.inspect); });

  verb = add_verb(app, "plan", "Plan a model for a board or a budget",
                  "shoal plan model.tflite --ram 160K");
  model(verb, f.plan.model);
  add_plan_flags(verb, f.plan.plan);
  add_cluster_flags(verb, f.plan.plan);
  verb->add_option("-o,--output", f.plan.output, "write the plan as JSON");
  json(verb, f.plan.json);
  verb->callback([&] { code = plan_command(f.plan); });

  verb = add_verb(app, "run", "Run a picture or raw input through a model",
                  "shoal run model.tflite cat.bmp --ram 160K --labels l.txt");
  model(verb, f.run.model);
  verb->add_option("INPUT", f.run.input,
                   "picture (png, jpg, bmp) or raw bytes (.bin)")
      ->required();
  add_plan_flags(verb, f.run.plan);
  add_cluster_flags(verb, f.run.plan);
  add_network_flags(verb, f.run.network);
  verb->add_option("--labels", f.run.labels, "one label a line");
  verb->add_option("--top", f.run.top, "how many classes to print")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--output", f.run.output,
                   "write all outputs, one after another, in the file's types");
  verb->add_option("--trace", f.run.trace,
                   "write checksums of every layer (layers.tsv)");
  verb->add_option("--mean", f.run.mean,
                   "of picture values, one or per channel")
      ->delimiter(',');
  verb->add_option("--std", f.run.deviation,
                   "deviation of picture values, one or per channel")
      ->delimiter(',');
  verb->add_option("--frames", f.run.frames, "run the input this many times")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  add_worker_flags(verb, f.run.cluster);
  json(verb, f.run.json);
  verb->callback([&] {
    const bool alone =
        f.run.cluster.workers.empty() && f.run.plan.cluster.empty();
    if (alone) start_timeout(f.run.cluster.timeout);
    code = run_command(f.run);
  });

  verb = add_verb(
      app, "verify", "Compare plan, oracle and golden results layer by layer",
      "shoal verify model.tflite cat.in.bin --ram 160K --golden DIR");
  model(verb, f.verify.model);
  verb->add_option("INPUT", f.verify.inputs, "pictures or raw inputs")
      ->required();
  add_plan_flags(verb, f.verify.plan);
  add_cluster_flags(verb, f.verify.plan);
  add_network_flags(verb, f.verify.network);
  add_insecure_flag(verb, f.verify.insecure);
  verb->add_option("--golden", f.verify.golden,
                   "a model's folder of golden results, or their root");
  json(verb, f.verify.json);
  verb->callback([&] { code = verify_command(f.verify); });

  const auto normalize = [](CLI::App* verb, auto& flags) {
    verb->add_option("--mean", flags.mean,
                     "of picture values, one or per channel")
        ->delimiter(',');
    verb->add_option("--std", flags.deviation,
                     "deviation of picture values, one or per channel")
        ->delimiter(',');
  };
  verb = add_verb(app, "simulate",
                  "Time of a cluster in virtual time, and what bounds it",
                  "shoal simulate model.tflite --nodes 8 --board teensy41");
  model(verb, f.simulate.model);
  verb->add_option("INPUT", f.simulate.input,
                   "picture (png, jpg, bmp) or raw bytes (.bin); else noise");
  add_plan_flags(verb, f.simulate.plan);
  add_cluster_flags(verb, f.simulate.plan);
  add_network_flags(verb, f.simulate.network);
  add_insecure_flag(verb, f.simulate.insecure);
  verb->add_option("--frames", f.simulate.frames,
                   "the first alone, the others close behind each other")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--timeline", f.simulate.timeline,
                   "write a trace that Perfetto opens");
  normalize(verb, f.simulate);
  json(verb, f.simulate.json);
  verb->callback([&] { code = simulate_command(f.simulate); });

  verb = add_verb(app, "build", "Write what a board's storage has to hold",
                  "shoal build --board emcraft-sf2 model.tflite x.bin -o DIR");
  model(verb, f.build.model);
  verb->add_option("INPUT", f.build.input,
                   "picture (png, jpg, bmp) or raw bytes (.bin), one frame");
  verb->add_option("-o,--output", f.build.folder, "folder for storage.img")
      ->required();
  add_plan_flags(verb, f.build.plan);
  normalize(verb, f.build);
  json(verb, f.build.json);
  verb->callback([&] { code = build_command(f.build); });

  verb = add_verb(app, "emulate", "Run a model on an emulated board",
                  "shoal emulate --board emcraft-sf2 model.tflite cat.bmp");
  model(verb, f.emulate.model);
  verb->add_option("INPUT", f.emulate.input,
                   "picture (png, jpg, bmp) or raw bytes (.bin)")
      ->required();
  add_plan_flags(verb, f.emulate.plan);
  verb->add_option("--labels", f.emulate.labels, "one label a line");
  verb->add_option("--top", f.emulate.top, "how many classes to print")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_option("--output", f.emulate.output,
                   "write all outputs, one after another, in the file's types");
  verb->add_option("--trace", f.emulate.trace,
                   "write checksums of every layer (layers.tsv)");
  normalize(verb, f.emulate);
  verb->add_option("--frames", f.emulate.frames,
                   "run the input this many times")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_option("--seconds", f.emulate.seconds,
                   "end with exit code 6 if the board takes more seconds")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb->add_flag("--layers", f.emulate.layers, "instructions of every layer");
  json(verb, f.emulate.json);
  verb->callback([&] { code = emulate_command(f.emulate); });

  verb = add_verb(app, "bench-node",
                  "Instructions of a board's kernels, beside a peer's",
                  "shoal bench-node --board emcraft-sf2");
  verb->add_option("--board", f.bench_node.board, "board id")->required();
  json(verb, f.bench_node.json);
  verb->callback([&] { code = bench_node_command(f.bench_node); });

  verb = add_verb(app, "worker", "Serve as one node of a cluster",
                  "shoal worker --listen 127.0.0.1:4242 --ram 64K");
  verb->add_option("--listen", f.worker.listen,
                   "ADDRESS:PORT for datagrams; port 0: one that is free")
      ->capture_default_str();
  verb->add_option("--serial", f.worker.serial,
                   "a serial device instead of the network");
  verb->add_option("--ram", f.worker.ram,
                   "of the arena, such as 64K; else all of the board's");
  verb->add_option("--board", f.worker.board, "what the node is")
      ->capture_default_str();
  verb->add_option("--name", f.worker.name,
                   "of the node; else its board and port");
  verb->add_option("--flash", f.worker.flash, "for the program")
      ->capture_default_str();
  add_key_flags(verb, f.worker.key, f.worker.insecure);
  verb->callback([&] { code = worker_command(f.worker); });

  verb = add_verb(app, "keygen", "Make the key of a cluster",
                  "shoal keygen -o shoal.key");
  verb->add_option("-o,--output", f.keygen.output, "the file")
      ->capture_default_str();
  verb->add_flag("--force", f.keygen.force, "replace a file that is there");
  verb->callback([&] { code = keygen_command(f.keygen); });

  verb = add_verb(app, "study", "A paper's questions as tables and a page",
                  "shoal study split model.tflite -o DIR");
  verb->add_option("STUDY", f.study.study, "which: split")
      ->required()
      ->check(CLI::IsMember({"split"}));
  model(verb, f.study.model);
  verb->add_option("-o,--output", f.study.folder,
                   "folder for study_split.html and study_split.json");
  verb->add_option("--nodes", f.study.nodes, "how many, such as 1..8,16")
      ->capture_default_str();
  verb->add_option("--strategies", f.study.strategies, "of the cuts")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--cuts", f.study.cuts,
                   "cuts.toml of a mixture; more than one may be given");
  verb->add_option("--board", f.study.board, "of every node")
      ->capture_default_str();
  verb->add_option("--sizes", f.study.sizes,
                   "rows and columns of the picture; empty: only its own")
      ->capture_default_str();
  json(verb, f.study.json);
  verb->callback([&] { code = study_command(f.study); });

  verb = add_verb(app, "ops", "List the operators", "shoal ops");
  json(verb, f.list.json);
  verb->callback([&] { code = ops_command(f.list); });
  verb = add_verb(app, "boards", "List the boards", "shoal boards");
  json(verb, f.list.json);
  verb->callback([&] { code = boards_command(f.list); });
  verb = add_verb(app, "doctor", "Check this machine and this build",
                  "shoal doctor");
  json(verb, f.list.json);
  verb->callback([&] { code = doctor_command(f.list); });

  app.parse_complete_callback([&] {
    // Not CLI11's own check, which hides a verb that it does not know.
    if (app.get_subcommands().empty()) {
      throw Error(Exit::kUsage, "a verb is missing", "see `shoal --help`");
    }
    start_timeout(f.timeout);
  });
}

int report(const Error& e) {
  std::fprintf(stderr, "shoal: %s\n", e.what());
  if (!e.fix().empty()) std::fprintf(stderr, "  %s\n", e.fix().c_str());
  return static_cast<int>(e.code());
}

int run_app(int argc, char** argv) {
  CLI::App app("shoal: convolutional networks on microcontrollers, row by row",
               "shoal");
  app.set_version_flag("--version", "shoal " SHOAL_VERSION);
  Flags flags;
  int code = 0;
  define(app, flags, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    return report(Error(Exit::kUsage, e.what(), "see `shoal --help`"));
  } catch (const Error& e) {
    return report(e);
  } catch (const std::bad_alloc&) {
    return report(Error(Exit::kInternal, "out of memory"));
  } catch (const std::exception& e) {
    return report(Error(Exit::kInternal, e.what()));
  }
  if (std::fflush(stdout) != 0) {
    return report(Error(Exit::kInternal, "stdout: cannot be written"));
  }
  return code;
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) { return shoal::run_app(argc, argv); }
