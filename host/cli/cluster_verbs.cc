#include "host/cli/cluster_verbs.h"

#include <CLI/CLI.hpp>

#include "host/study/split_study.h"

namespace shoal {

void add_simulate(CLI::App& app, SimulateFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "simulate", "Time a cluster in virtual time; show what bounds it",
      "shoal simulate model.tflite --nodes 8 --board teensy41");
  add_model(verb, f.model, f.ends);
  add_input(verb, f.input, " [noise]");
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  verb->add_option("--fault", f.faults,
                   "Kill, restart, hang or cut a node, or slow it tenfold: "
                   "kill:1@5ms; repeatable")
      ->take_all();
  add_state(verb, f.state);
  add_insecure_flag(verb, f.insecure);
  verb->add_option("--frames", f.frames,
                   "Number of frames; all but the first are back to back")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  add_stream(verb, f.stream);
  verb->add_option("--every", f.every,
                   "One node: frame period for the energy [the frame's time]")
      ->check(real_range(1e-3, 1e9));
  add_wait_flag(verb, f.plan.wait);
  verb->add_option("--timeline", f.timeline,
                   "Write a trace that Perfetto opens");
  add_html(verb, f.html);
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = simulate_command(f); });
}

void add_send(CLI::App& app, SendFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "send", "Run inputs on a board that runs an exported project",
      "shoal send /dev/ttyACM0 cat.bmp\n"
      "  shoal send /dev/ttyACM0 cat.bmp --compare model.tflite\n"
      "  shoal send proj/build/serial cat.bmp --profile\n"
      "  shoal send /dev/ttyACM0 --program new.tflite");
  verb->add_option("DEVICE", f.device,
                   "Serial device, socket of an emulator, or HOST:PORT")
      ->required();
  add_inputs(verb, f.run.inputs);
  verb->add_option("--baud", f.baud, "Speed of the serial line")
      ->capture_default_str();
  verb->add_option("--network", f.network,
                   "Name of a network of the board [its first]");
  verb->add_option("--compare", f.compare,
                   "Model that must give the same bytes on this computer");
  verb->add_flag("--profile", f.profile,
                 "Show each layer's time beside the time model's");
  verb->add_flag("--self-test", f.self_test,
                 "Run the built-in test instead of an INPUT");
  verb->add_option("--program", f.program,
                   "Model that replaces the network, instead of an INPUT");
  verb->add_option("--name", f.name,
                   "Name of the --program: letters, digits, _ [the model's]");
  verb->add_option(
      "--key", f.key,
      "Seal the --program with this key of the export [not sealed]");
  add_stream(verb, f.run.stream);
  add_answer_flags(verb, f.run.results);
  verb->add_option("-o,--output", f.run.results.output,
                   "Write all outputs, one after another, in their types");
  verb->add_option("--output-dir", f.run.results.folder,
                   "Write .npy outputs, marked pictures and a page of them");
  add_picture_flags(verb, f.run.pictures);
  add_node_timeout(verb, f.run.cluster);
  add_wait_flag(verb, f.run.plan.wait);
  add_json(verb, f.run.json);
  verb->callback([&] { code = send_command(f); });
}

void add_worker(CLI::App& app, WorkerFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "worker", "Serve as one node of a cluster",
               "shoal worker --listen 127.0.0.1:4242 --ram 64K");
  CLI::Option* const listen =
      verb->add_option("--listen", f.listen,
                       "Address for datagrams; port 0: any free port")
          ->capture_default_str();
  verb->add_option("--serial", f.serial,
                   "Serial device instead of the network; #N: a shared one")
      ->excludes(listen);
  verb->add_option("--ram", f.ram,
                   "Arena size, such as 64K [the board's; host: needed]");
  verb->add_option("--board", f.board, "Board that the node says it is")
      ->capture_default_str();
  verb->add_option("--name", f.name, "Name of the node [its board and port]");
  verb->add_option("--flash", f.flash, "Flash for the program")
      ->capture_default_str();
  add_key_flags(verb, f.key, f.insecure);
  add_identity_flag(verb, f.identity);
  verb->add_option("--coordinator", f.coordinator,
                   "With --identity: public key of the only coordinator")
      ->needs(verb->get_option("--identity"));
  verb->callback([&] { code = worker_command(f); });
}

void add_deploy(CLI::App& app, DeployFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "deploy", "Send running workers their programs",
      "shoal deploy model.tflite --workers 10.0.0.1:7000,10.0.0.2:7000");
  add_model(verb, f.model, f.ends);
  add_worker_plan_flags(verb, f.plan);
  add_worker_flags(verb, f.cluster);
  add_wait_flag(verb, f.plan.wait);
  CLI::Option* const leader = verb->add_option(
      "--leader", f.leader,
      "Board that starts frames, so that no computer is needed");
  CLI::Option* const picture =
      verb->add_option("--picture", f.picture,
                       "Picture that the leader has in place of a camera")
          ->needs(leader);
  leader->needs(picture);
  // A board that leads sends its picture once.
  leader->excludes(add_replay(verb, f.plan));
  verb->add_option("--every", f.every,
                   "Seconds between the leader's frames [only one frame]")
      ->needs(leader)
      ->check(real_range(1e-3, 1e6));
  verb->add_option("--labels", f.labels,
                   "Labels of the classes that the leader reports")
      ->needs(leader);
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = deploy_command(f); });
}

void add_discover(CLI::App& app, DiscoverFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "discover", "Find the nodes that answer, and what they are",
               "shoal discover 10.0.0.5:7000 10.0.0.6:7000-7003 -o "
               "cluster.toml\n"
               "  shoal discover serial:/dev/ttyACM0");
  verb->add_option("ADDRESS", f.addresses,
                   "HOST:PORT, HOST:FIRST-LAST (ports) or serial:DEVICE[#N]")
      ->required();
  add_key_flags(verb, f.cluster.key, f.cluster.insecure);
  add_node_timeout(verb, f.cluster);
  verb->add_option("-o,--output", f.output,
                   "Write the nodes that answer as a cluster file");
  add_json(verb, f.json);
  verb->callback([&] { code = discover_command(f); });
}

void add_probe(CLI::App& app, ProbeFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "probe", "Measure one node without a model: memory, speed, link",
      "shoal probe 10.0.0.5:7000 -o mine.toml\n"
      "  shoal probe /dev/ttyACM0 --insecure");
  verb->add_option("ADDRESS", f.address,
                   "HOST:PORT, serial:DEVICE or its path; replaces its program")
      ->required();
  add_key_flags(verb, f.cluster.key, f.cluster.insecure);
  add_node_timeout(verb, f.cluster);
  verb->add_option("--board", f.board,
                   "Board for what is not measured [what the node says]");
  verb->add_option("-o,--output", f.output,
                   "Write the measured board (.toml) for --board");
  add_json(verb, f.json);
  verb->callback([&] { code = probe_command(f); });
}

void add_keygen(CLI::App& app, KeygenFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "keygen", "Make the key of a cluster, or an identity",
               "shoal keygen -o shoal.key\n"
               "  shoal keygen --identity -o node0.key");
  CLI::Option* const output = verb->add_option(
      "-o,--output", f.output, "File to write [shoal.key or identity.key]");
  CLI::Option* const identity = verb->add_flag(
      "--identity", f.identity, "Make a key pair and print its public key");
  verb->add_option("--public", f.show, "Print the public key of this identity")
      ->excludes(output)
      ->excludes(identity);
  verb->add_flag("--force", f.force, "Replace an existing file");
  verb->callback([&] { code = keygen_command(f); });
}

void add_split_study(CLI::App* verb, StudyFlags& f) {
  verb->add_option("--nodes", f.nodes, "Node counts, such as 1..8,16")
      ->capture_default_str();
  f.strategies = SplitStudyOptions{}.strategies;
  verb->add_option("--strategies", f.strategies, "Strategies to compare")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("--cuts", f.cuts,
                   "Add the cuts of a cuts.toml file; repeatable");
  verb->add_option("--sizes", f.sizes, "Picture sizes; empty: only the model's")
      ->capture_default_str();
}

void add_swap_study(CLI::App* verb, StudyFlags& f) {
  verb->add_option("--networks", f.networks,
                   "Networks of the zoo, such as vgg16,alexnet")
      ->delimiter(',');
  verb->add_option("--storage", f.storages,
                   "Board storages, such as sd-4bit,qspi-nor")
      ->delimiter(',');
  verb->add_option("--ram", f.rams, "Arena sizes, such as 256K,512K")
      ->delimiter(',');
  verb->add_option("--every", f.every, "Seconds between frames")
      ->capture_default_str()
      ->check(real_range(1e-3, 1e9));
  verb->add_flag("--full", f.full,
                 "Five boards; encryption and writes at every RAM size");
  verb->add_flag("--no-runs", f.no_runs,
                 "Plan only; run no real frame of the networks");
}

void add_study(CLI::App& app, StudyFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "study", "Answer a paper's questions in tables and a page",
               "shoal study split model.tflite -o DIR\n"
               "  shoal study swap -o DIR");
  verb->add_option("STUDY", f.study, "split or swap")
      ->required()
      ->check(one_of({"split", "swap"}));
  verb->add_option("MODEL", f.model,
                   "Model of the split study: .tflite file or zoo:NAME");
  add_ends(verb, f.ends);
  verb->add_option("-o,--output", f.folder,
                   "Folder for study_NAME.html and study_NAME.json");
  add_html(verb, f.html);
  verb->add_option("--board", f.boards,
                   "split: board of every node [teensy41]; swap: one or more")
      ->delimiter(',');
  add_split_study(verb, f);
  add_swap_study(verb, f);
  add_json(verb, f.json);
  verb->callback([&] {
    code = f.study == "swap" ? swap_study_command(f) : study_command(f);
  });
}

}  // namespace shoal
