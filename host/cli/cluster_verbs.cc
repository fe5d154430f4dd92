#include "host/cli/cluster_verbs.h"

#include <CLI/CLI.hpp>

#include "host/study/split_study.h"

namespace shoal {

void add_simulate(CLI::App& app, SimulateFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "simulate", "Time of a cluster in virtual time, and what bounds it",
      "shoal simulate model.tflite --nodes 8 --board teensy41");
  add_model(verb, f.model, f.ends);
  add_input(verb, f.input, "; else noise");
  add_plan_flags(verb, f.plan);
  add_batch(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_network_flags(verb, f.network);
  add_insecure_flag(verb, f.insecure);
  verb->add_option("--frames", f.frames,
                   "the first alone, the others close behind each other")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  add_stream(verb, f.stream);
  verb->add_option("--every", f.every,
                   "of one node: seconds from frame to frame, in which the "
                   "energy of a frame is told (as long as it takes)")
      ->check(real_range(1e-3, 1e9));
  add_wait_flag(verb, f.plan.wait);
  verb->add_option("--timeline", f.timeline,
                   "write a trace that Perfetto opens");
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = simulate_command(f); });
}

void add_worker(CLI::App& app, WorkerFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "worker", "Serve as one node of a cluster",
               "shoal worker --listen 127.0.0.1:4242 --ram 64K");
  CLI::Option* const listen =
      verb->add_option("--listen", f.listen,
                       "HOST:PORT for datagrams; port 0: one that is free")
          ->capture_default_str();
  verb->add_option("--serial", f.serial,
                   "a serial device instead of the network")
      ->excludes(listen);
  verb->add_option("--ram", f.ram,
                   "of the arena, such as 64K; else all of the board's");
  verb->add_option("--board", f.board, "what the node is")
      ->capture_default_str();
  verb->add_option("--name", f.name, "of the node; else its board and port");
  verb->add_option("--flash", f.flash, "for the program")
      ->capture_default_str();
  add_key_flags(verb, f.key, f.insecure);
  add_identity_flag(verb, f.identity);
  verb->add_option("--coordinator", f.coordinator,
                   "with --identity: the public key of the one coordinator")
      ->needs(verb->get_option("--identity"));
  verb->callback([&] { code = worker_command(f); });
}

void add_deploy(CLI::App& app, DeployFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "deploy", "Give running workers their programs, ready for runs",
      "shoal deploy model.tflite --workers 10.0.0.1:7000,10.0.0.2:7000");
  add_model(verb, f.model, f.ends);
  add_worker_plan_flags(verb, f.plan);
  add_worker_flags(verb, f.cluster);
  add_wait_flag(verb, f.plan.wait);
  CLI::Option* const leader = verb->add_option(
      "--leader", f.leader,
      "HOST:PORT of one more board, which starts frames from now on: no "
      "computer is needed any more");
  CLI::Option* const picture =
      verb->add_option("--picture", f.picture,
                       "INPUT that it has, in the place of a camera")
          ->needs(leader);
  leader->needs(picture);
  // A board that leads sends its picture once.
  leader->excludes(add_replay(verb, f.plan));
  verb->add_option("--every", f.every,
                   "seconds from one of its frames to the next; else there is "
                   "one")
      ->needs(leader)
      ->check(real_range(1e-3, 1e6));
  verb->add_option("--labels", f.labels, "of the classes that it tells")
      ->needs(leader);
  add_picture_flags(verb, f.pictures);
  add_json(verb, f.json);
  verb->callback([&] { code = deploy_command(f); });
}

void add_discover(CLI::App& app, DiscoverFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "discover", "Which nodes answer, and what they are",
               "shoal discover 10.0.0.5:7000 10.0.0.6:7000-7003 -o "
               "cluster.toml\n"
               "  shoal discover serial:/dev/ttyACM0");
  verb->add_option(
          "ADDRESS", f.addresses,
          "HOST:PORT, HOST:FIRST-LAST (a range of ports) or serial:DEVICE")
      ->required();
  add_key_flags(verb, f.cluster.key, f.cluster.insecure);
  add_node_timeout(verb, f.cluster);
  verb->add_option("-o,--output", f.output,
                   "write those that answer as a cluster file");
  add_json(verb, f.json);
  verb->callback([&] { code = discover_command(f); });
}

void add_probe(CLI::App& app, ProbeFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "probe",
               "Measure one node without a model: bytes, cycles per MAC, link",
               "shoal probe 10.0.0.5:7000 -o mine.toml\n"
               "  shoal probe /dev/ttyACM0 --insecure");
  verb->add_option("ADDRESS", f.address,
                   "host:port, serial:DEVICE, or the device's path; a program "
                   "that was sent there is replaced")
      ->required();
  add_key_flags(verb, f.cluster.key, f.cluster.insecure);
  add_node_timeout(verb, f.cluster);
  verb->add_option("--board", f.board,
                   "whose facts stand for what is not measured; else those of "
                   "the board that the node says it is");
  verb->add_option("-o,--output", f.output,
                   "write a measured board (.toml), for --board and cluster "
                   "files");
  add_json(verb, f.json);
  verb->callback([&] { code = probe_command(f); });
}

void add_keygen(CLI::App& app, KeygenFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "keygen", "Make the key of a cluster, or an identity",
               "shoal keygen -o shoal.key\n"
               "  shoal keygen --identity -o node0.key");
  CLI::Option* const output = verb->add_option(
      "-o,--output", f.output, "the file; else shoal.key or identity.key");
  CLI::Option* const identity =
      verb->add_flag("--identity", f.identity,
                     "a key pair of one node or of the coordinator; its "
                     "public key is printed");
  verb->add_option("--public", f.show, "print the public key of an identity")
      ->excludes(output)
      ->excludes(identity);
  verb->add_flag("--force", f.force, "replace a file that is there");
  verb->callback([&] { code = keygen_command(f); });
}

void add_split_study(CLI::App* verb, StudyFlags& f) {
  const char* const group = "split";
  verb->add_option("--nodes", f.nodes, "how many, such as 1..8,16")
      ->capture_default_str()
      ->group(group);
  f.strategies = SplitStudyOptions{}.strategies;
  verb->add_option("--strategies", f.strategies, "of the cuts")
      ->delimiter(',')
      ->capture_default_str()
      ->group(group);
  verb->add_option("--cuts", f.cuts,
                   "cuts.toml of a mixture; more than one may be given")
      ->group(group);
  verb->add_option("--sizes", f.sizes,
                   "rows and columns of the picture; empty: only its own")
      ->capture_default_str()
      ->group(group);
}

void add_swap_study(CLI::App* verb, StudyFlags& f) {
  const char* const group = "swap";
  verb->add_option("--networks", f.networks,
                   "of the zoo, such as vgg16,alexnet")
      ->delimiter(',')
      ->group(group);
  verb->add_option("--storage", f.storages,
                   "of boards, such as sd-4bit,qspi-nor")
      ->delimiter(',')
      ->group(group);
  verb->add_option("--ram", f.rams, "arenas, such as 256K,512K")
      ->delimiter(',')
      ->group(group);
  verb->add_option("--every", f.every, "seconds from frame to frame")
      ->capture_default_str()
      ->check(real_range(1e-3, 1e9))
      ->group(group);
  verb->add_flag("--full", f.full,
                 "five boards; encryption and writes at every size of RAM")
      ->group(group);
  verb->add_flag("--no-runs", f.no_runs,
                 "plans only, without a real frame of each network")
      ->group(group);
}

void add_study(CLI::App& app, StudyFlags& f, int& code) {
  CLI::App* const verb =
      add_verb(app, "study", "A paper's questions as tables and a page",
               "shoal study split model.tflite -o DIR\n"
               "  shoal study swap -o DIR");
  verb->add_option("STUDY", f.study, "which: split, swap")
      ->required()
      ->check(CLI::IsMember({"split", "swap"}));
  verb->add_option("MODEL", f.model,
                   "of the split study: .tflite file or zoo:NAME");
  add_ends(verb, f.ends);
  verb->add_option("-o,--output", f.folder,
                   "folder for study_NAME.html and study_NAME.json");
  verb->add_option("--board", f.boards,
                   "split: of every node (teensy41); swap: one or more")
      ->delimiter(',');
  add_split_study(verb, f);
  add_swap_study(verb, f);
  add_json(verb, f.json);
  verb->callback([&] {
    code = f.study == "swap" ? swap_study_command(f) : study_command(f);
  });
}

}  // namespace shoal
