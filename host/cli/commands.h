// The verbs of the command line as plain functions: options in, exit code
// out, Error for everything that goes wrong. app.cc, the *_verb.cc and
// *_verbs.cc, and flags.cc turn arguments into these options.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/text_file.h"
#include "host/engine/virtual/network_flags.h"
#include "host/model/graph/import_options.h"
#include "host/plan/types/cluster.h"

namespace shoal {

class Team;

// Where weights may lie, what a frame may write, and the files that play a
// node's storage.
struct StorageFlags {
  std::optional<std::string> flash, max_writes;  // sizes
  std::string storage;                           // of the board
  std::string store;                             // folder
  std::string key;                               // file
  std::optional<std::string> lifetime;           // 10y
  double fps = 0;
  bool no_encrypt = false;
};

// The same for all verbs that plan.
struct PlanFlags {
  std::optional<std::string> ram;  // a size; none: no budget
  std::string board = "host";
  std::optional<int> cores;   // none: all that are used of the board
  std::string banks = "one";  // or "all" of the board's
  std::string strategy;       // empty: auto
  std::string objective = "latency";
  // Limits: 120ms, 1M, 64K; seconds of planning.
  std::string max_latency, max_traffic, max_arena;
  double plan_seconds = 0;   // 0: as long as it takes
  int effort = 1;            // of the search for a plan, from 1 to 100
  int plan_jobs = 0;         // threads of the search; 0: one per core
  std::optional<int> nodes;  // equal ones; none: one that is not linked
  TextFile plan;             // in place of a search
  bool no_cache = false;     // plans that were found before are not taken
  TextFile cluster, cuts;
  int batch = 1;               // frames on one pass of the weights
  bool replay = false;         // rows of an input may come again
  std::optional<int> payload;  // of the links' datagrams; none: the cluster's
  double wait = 0;             // seconds for what another one owns
  StorageFlags storage;
};

// How a file becomes the model's input.
struct PictureFlags {
  std::vector<float> mean, deviation;
  std::string fit = "stretch";
  std::string bin = "raw";
};

// The flags of what is made of a model's answers.
struct ResultFlags {
  std::string labels, output, trace, html, timeline;  // files
  std::string command;     // the whole line, for --html
  std::string folder;      // of --output-dir
  std::string task, head;  // empty: guessed
  int top = 5;
  float score = 0.25f;
  std::optional<float> overlap;  // none: the head's own
  std::vector<float> anchors;    // none: assumed
};

struct InspectFlags {
  std::string model;
  bool json = false;
  ImportOptions ends;
};
struct PlanCommandFlags {
  std::string model, output, pareto, html;
  std::string command;  // the whole line
  PlanFlags plan;
  bool stream = false;  // states of loops are variables
  bool explain = false;
  bool json = false;
  ImportOptions ends;
};
struct ReportFlags {
  std::vector<std::string> files;  // plans, and a trace
  std::string output = "report.html";
  std::string model_explorer;  // folder; empty: no node data
  std::string command;         // the whole line
  bool json = false;
};
// Which workers, and how to talk to them.
struct ClusterFlags {
  std::vector<std::string> workers;  // addresses
  std::string key = "shoal.key";
  // The key of nodes that were started with a key of this run alone; then not
  // the file.
  std::optional<std::array<uint8_t, 32>> own_key;
  std::optional<Cluster> own_cluster;  // them, where a file has described them
  std::string identity;                // file; then not the key
  std::vector<std::string> node_keys;  // public, of the workers in order
  bool insecure = false;
  bool take_over = false;  // of nodes that another coordinator has
  bool quiet = false;      // the warning of --insecure has been said
  bool samples = false;    // nodes are asked what they do while frames run
  // Seconds that a node may be silent before it is given up.
  std::optional<double> node_timeout;
  int usual_timeout = 5;            // without --node-timeout
  std::vector<std::string> spares;  // addresses
  // When a node is lost, "replan" goes on with the others, "wait" waits for it,
  // "fail" ends the run.
  std::string on_loss = "fail", usual_on_loss = "fail";
  // Then a sequence ends ("lose", or empty) or goes on from a copy of its
  // variables ("mirror", "mirror:FRAMES").
  std::string state;
};
struct RunFlags {
  std::string model;
  std::vector<std::string> inputs;
  ResultFlags results;
  PlanFlags plan;
  ClusterFlags cluster;
  NetworkFlags network;
  PictureFlags pictures;
  int frames = 1;
  bool stream = false;
  bool json = false;
  ImportOptions ends;
};
// Frames for a board that runs alone.
struct SendFlags {
  // A board may compute for long without a word.
  SendFlags() { run.cluster.usual_timeout = 10; }

  std::string device;   // or address
  std::string network;  // of the board's networks; empty: the first
  std::string compare;  // model that must give the same bytes; empty: none
  std::string program;  // model that replaces the network; empty: none
  std::string name;     // of that one; empty: the model's
  std::string key;      // that seals it; empty: none
  int baud = 115200;
  bool self_test = false;
  bool profile = false;  // times of layers
  RunFlags run;          // its model stays empty
};
// A broker that frames come from.
struct MqttFlags {
  std::string address;           // empty: none
  std::string in, out;           // topics of frames and of answers
  std::string login, ca, spool;  // files, and a folder
};
struct ServeFlags {
  ServeFlags() {
    cluster.on_loss = cluster.usual_on_loss = "replan";
    cluster.usual_timeout = 1;
    plan.wait = 10;
  }

  std::string model;
  ResultFlags results;
  PlanFlags plan;
  ClusterFlags cluster;
  PictureFlags pictures;
  std::vector<std::string> models;  // more of them: NAME=MODEL
  // Where frames come from; all empty, mqtt too: HTTP at the usual address.
  std::string http, frames_from, folder;
  bool prefixed = false;  // frames of frames_from, by their length
  MqttFlags mqtt;
  std::string http_cert, http_key;  // files
  std::string token;                // file
  bool no_token = false;            // though other computers reach it
  bool replicas = false;            // each worker runs whole frames
  std::string max_body = "32M";
  int connections = 32, queue = 64;
  double request_timeout = 30;  // seconds
  bool json = false;
  ImportOptions ends;
};
struct WatchFlags {
  std::string address, token, ca;  // token, ca: files
  double every = 1;                // seconds
  int count = 0;                   // 0: until it is ended
  bool json = false;
};
struct VerifyFlags {
  std::string model, golden;
  std::vector<std::string> inputs;
  PlanFlags plan;
  NetworkFlags network;
  bool insecure = false;
  bool stream = false;
  bool json = false;
  ImportOptions ends;
};
struct SimulateFlags {
  std::string model, input, timeline, html;
  std::string command;  // the whole line
  PlanFlags plan;
  NetworkFlags network;
  std::vector<std::string> faults;  // of nodes, in time
  std::string state;                // as of ClusterFlags
  PictureFlags pictures;
  double every = 0;  // seconds from frame to frame; 0: one after another
  int frames = 1;
  bool stream = false;
  bool insecure = false;
  bool json = false;
  ImportOptions ends;
};
struct BuildFlags {
  std::string model, input, folder, labels;
  PlanFlags plan;
  PictureFlags pictures;
  bool json = false;
  ImportOptions ends;
};
struct ExportFlags {
  std::string model, input, ecosystem, folder, name, labels;
  // Further networks, NAME=MODEL, and of these NAME=FILE of their own.
  std::vector<std::string> also, also_inputs, also_labels;
  std::string slots;  // bytes of flash for programs that are sent; empty: none
  bool all_operators = false;  // of which these may be made
  // The key of a cluster (empty: shoal.key), or of sealed programs (empty: they
  // are not sealed).
  std::string key;
  std::string node;  // of a cluster; none: all
  bool insecure = false;
  std::string head;    // of MODEL's outputs; empty: guessed
  std::string listen;  // address of a board alone; empty: its serial line
  PlanFlags plan;
  PictureFlags pictures;
  bool json = false;
  ImportOptions ends;
};
struct EmulateFlags {
  std::string model, input;
  ResultFlags results;
  PlanFlags plan;
  PictureFlags pictures;
  int frames = 1;
  int seconds = 120;
  bool layers = false, json = false;
  // For several boards on a network, plan.nodes of them.
  bool serve = false;
  std::string state;  // folder of their storages
  std::string key = "shoal.key";
  bool insecure = false;
  ImportOptions ends;
};
struct BenchNodeFlags {
  std::string board, core;
  bool json = false;
};
struct WorkerFlags {
  std::string listen = "127.0.0.1:0", serial;  // one of them
  std::string ram, board = "host", name, flash = "64M";
  std::string key = "shoal.key";
  std::string identity, coordinator;  // file, public key; then not the key
  bool insecure = false;
};
struct DeployFlags {
  std::string model;
  PlanFlags plan;
  ClusterFlags cluster;
  // A board that starts frames: its address, what it sees.
  std::string leader, picture, labels;
  double every = 0;  // seconds; 0: one frame
  PictureFlags pictures;
  bool json = false;
  ImportOptions ends;
};
struct DiscoverFlags {
  // There may be no node at all.
  DiscoverFlags() { cluster.usual_timeout = 2; }

  std::vector<std::string> addresses;
  std::string output;  // cluster.toml
  ClusterFlags cluster;
  bool json = false;
};
struct KeygenFlags {
  std::string output;  // empty: shoal.key or identity.key
  std::string show;    // identity whose public key is wanted
  bool identity = false, force = false;
};
struct ProbeFlags {
  std::string address, output;
  std::string board;  // for what is not measured; empty: what the node says
  ClusterFlags cluster;
  bool json = false;
};
struct StudyFlags {
  std::string study, model, folder, html;
  std::string nodes = "1..8,16,32,64";
  std::string sizes = "96,112,128,160,192,224";
  std::vector<std::string> boards;      // none: the study's own
  std::vector<std::string> strategies;  // set by add_study()
  std::vector<std::string> cuts;        // files
  // For the swap study; none: its own.
  std::vector<std::string> networks, storages, rams;
  double every = 600;  // seconds
  bool full = false, no_runs = false;
  bool json = false;
  ImportOptions ends;
};
struct EvaluateFlags {
  std::string model, data, which, labels, resume, output, html;
  std::string command;     // the whole line
  std::string truth;       // file or folder
  std::string task, head;  // empty: guessed
  float score = 0.001f;
  std::optional<float> overlap;  // none: the head's own
  std::vector<float> anchors;    // none: assumed
  PlanFlags plan;
  ClusterFlags cluster;
  NetworkFlags network;
  PictureFlags pictures;
  std::optional<int64_t> limit;  // frames; none: all
  int label_offset = 0;
  int jobs = 0;  // threads; 0: a core each
  bool json = false;
  ImportOptions ends;
  bool mpi = false;
  Team* team = nullptr;  // never null when the verb runs
};
struct QuantizeFlags {
  std::string model, output;
  // Data, for a model of several inputs NAME=FILE of each; and which of
  // several in a folder.
  std::vector<std::string> calibrate;
  std::string which;
  int64_t frames = 200;
  std::string ranges = "mse", equalize = "auto";
  std::optional<double> percentile;
  bool no_bias_correction = false;
  bool stream = false;             // states of loops go on from frame to frame
  std::vector<std::string> carry;  // IN=OUT: OUT is IN of the next frame
  bool is_sequence() const { return stream || !carry.empty(); }
  std::optional<double> min_snr;  // of each output and layer, dB
  PictureFlags pictures;
  std::string activations = "int8";
  // Data for accuracy before and after; none: those of calibration.
  std::string evaluate, evaluate_which, labels;
  std::optional<int64_t> evaluate_limit;  // frames
  int label_offset = 0;
  bool json = false;
  ImportOptions ends;
  bool mpi = false;
  std::optional<double> node_timeout;  // of a rank, in seconds
  Team* team = nullptr;                // never null when the verb runs
};
struct ListFlags {
  std::string config;  // the file of defaults; empty: none
  bool json = false;
};

struct FormatsFlags {
  std::string name;  // empty: list the names
  bool json = false;
};

int inspect_command(const InspectFlags&);
int plan_command(const PlanCommandFlags&);
int report_command(const ReportFlags&);
int run_command(const RunFlags&);
int send_command(const SendFlags&);
int serve_command(const ServeFlags&);
int watch_command(const WatchFlags&);
int verify_command(const VerifyFlags&);
int simulate_command(const SimulateFlags&);
int build_command(const BuildFlags&);
int export_command(const ExportFlags&);
int emulate_command(const EmulateFlags&);
int emulate_nodes(const EmulateFlags&);  // of it: boards on a network
int bench_node_command(const BenchNodeFlags&);
int worker_command(const WorkerFlags&);
int deploy_command(const DeployFlags&);
int discover_command(const DiscoverFlags&);
int probe_command(const ProbeFlags&);
int keygen_command(const KeygenFlags&);
int study_command(const StudyFlags&);
int swap_study_command(const StudyFlags&);
int evaluate_command(const EvaluateFlags&);
int quantize_command(const QuantizeFlags&);
int ops_command(const ListFlags&);
int boards_command(const ListFlags&);
int doctor_command(const ListFlags&);
int formats_command(const FormatsFlags&);

}  // namespace shoal
