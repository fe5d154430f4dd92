// Measures what many nodes cost this computer, beside one node on the same
// model: CPU time of the process (all virtual nodes, the coordinator, the
// datagrams between them), without planning and deployment.
//
//   bench_cluster MODEL [--nodes N] [--strategy S | --cuts FILE] [--frames F]
//                 [--rounds R] [--json]
//
// One node and N nodes take turns of F frames, R times, first without, then
// with encryption; the numbers are medians of turns, factors those of pairs. N
// nodes compute some rows more than once; that is the plan's doing, so the time
// of one node is scaled by it first. Two ways, both are printed:
//
//   by MACs     the kernel time of one node, times computed MACs by kernel
//               kind. Hides nothing: that kernels are slower on narrow boxes
//               counts as a cost of N nodes.
//   by kernels  the kernel time of the very same shares, measured inside N
//               nodes. What is left is the price of streams and datagrams.
//
// With encryption, the excess over N nodes without is set against bytes sent
// and received times the time that the cipher takes for full datagrams.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/timed_kernels.h"
#include "device/link/cipher.h"
#include "device/port/payload.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

struct Flags {
  std::string model, strategy = "spatial", cuts, board = "host";
  int nodes = 8, frames = 5, rounds = 20;
  bool json = false;
};

double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

using Bytes = std::vector<uint8_t>;

Bytes random_input(const Graph& graph) {
  std::mt19937 random(1);
  Bytes input(static_cast<size_t>(input_bytes(graph)));
  for (uint8_t& b : input) b = static_cast<uint8_t>(random() >> 24);
  return input;
}

// MACs of a frame by kernel: depthwise, and all the others.
struct Macs {
  double depthwise = 0, other = 0;
  double all() const { return depthwise + other; }
};

Macs macs_of(const Prepared& p) {
  Macs macs;
  for (const PlanNode& node : p.plan.nodes) {
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        const auto n = static_cast<double>(actor_macs(p.net, stage, a));
        const bool depthwise =
            !a.copy &&
            p.net.layers[static_cast<size_t>(a.layer)].op == OpCode::kDepthwise;
        (depthwise ? macs.depthwise : macs.other) += n;
      }
    }
  }
  return macs;
}

// Seconds of a frame.
struct Cost {
  double cpu = 0;
  KernelTimes kernels;
};

// Between two moments: processor time, and that of kernels if they are timed.
// Kernels are timed by the wall, since asking for processor time costs more
// than many a kernel call; what else the machine does stretches all alike.
class Meter {
 public:
  void start() { from_ = now(); }
  Cost stop(int frames) const {
    const Point to = now();
    const double cpu = to.cpu - from_.cpu;
    const double share = cpu / (to.wall - from_.wall);
    return {cpu / frames,
            {(to.kernels.depthwise - from_.kernels.depthwise) * share / frames,
             (to.kernels.other - from_.kernels.other) * share / frames}};
  }

 private:
  struct Point {
    double cpu, wall;
    KernelTimes kernels;
  };
  static Point now() { return {cpu_seconds(), wall_seconds(), kernel_times()}; }
  Point from_{};
};

// The traffic of a frame, by all endpoints.
struct Traffic {
  double datagrams = 0, sent = 0, received = 0, resent = 0, row_bytes = 0;
  void add(const EndpointReport& e, int frames) {
    const auto a_frame = [&](uint64_t n) {
      return static_cast<double>(n) / frames;
    };
    datagrams += a_frame(e.traffic.sent);
    sent += a_frame(e.traffic.sent_bytes);
    received += a_frame(e.traffic.received_bytes);
    resent += a_frame(e.link.resent_bytes);
    row_bytes += a_frame(e.link.row_bytes);
  }
};

// The cost of a byte of full datagrams, in seconds.
struct CipherCost {
  double seal_byte = 0, open_byte = 0;
};

CipherCost cipher_cost() {
  const shoal_cipher& cipher = chacha20_poly1305();
  constexpr int kDatagrams = 400;
  constexpr uint32_t kHead = 12, kBytes = kUdpPayload;
  const uint32_t data = kBytes - kHead - cipher.tag_bytes;
  const uint8_t key[kKeyBytes] = {1, 2, 3};
  Bytes packets(size_t{kDatagrams} * kBytes, 7);
  const auto all = [&](auto work) {
    const double start = cpu_seconds();
    for (int i = 0; i < kDatagrams; ++i) {
      uint8_t* const head = packets.data() + size_t{kBytes} * i;
      if (work(key, i, head, kHead, head + kHead, data) != 0) {
        throw Error(Exit::kInternal, "the cipher refuses");
      }
    }
    return (cpu_seconds() - start) / (double{kDatagrams} * kBytes);
  };
  const double seal = all(cipher.seal);
  return {seal, all(cipher.open)};
}

// The measurements of one turn of both, one right after the other.
struct Turn {
  Cost one, many;
  CipherCost cipher;
};

struct Run {
  std::vector<Turn> turns;
  Traffic traffic;
};

struct Plans {
  Prepared one, many;
  Cluster cluster;
  Bytes input;
};

// One node and the virtual ones take turns of some frames each: what else the
// machine does meets both alike.
Run take_turns(const Plans& p, const Flags& flags, bool insecure) {
  NodeRunner runner(p.one.graph, p.one.net, p.one.images[0],
                    p.one.plan.nodes[0].arena_bytes);
  const Bytes wanted = runner.run(p.input);
  Run run;
  Meter meter;
  const auto turn = [&] {
    Turn t;
    t.many = meter.stop(flags.frames);
    meter.start();
    for (int i = 0; i < flags.frames; ++i) runner.run(p.input);
    t.one = meter.stop(flags.frames);
    if (!insecure) t.cipher = cipher_cost();
    run.turns.push_back(t);
  };
  const int frames = flags.frames * flags.rounds;
  SimOptions options;
  options.costs = false;
  options.insecure = insecure;
  options.frames = frames;
  options.warm_up = true;
  options.first_alone = false;
  options.output = [&](int frame, const Bytes& output) {
    if (output != wanted) {
      throw Error(Exit::kDiffers, "many nodes differ from one");
    }
    if (frame > 0 && frame % flags.frames == 0) turn();
    if (frame % flags.frames == 0) meter.start();
  };
  const SimResult r = simulate_cluster(p.many, p.cluster, p.input, options);
  for (const EndpointReport& node : r.nodes) run.traffic.add(node, frames);
  run.traffic.add(r.coordinator, frames);
  return run;
}

template <class F>
std::vector<double> sorted(const Run& run, F value) {
  std::vector<double> v;
  for (const Turn& t : run.turns) v.push_back(value(t));
  std::sort(v.begin(), v.end());
  return v;
}

template <class F>
double median(const Run& run, F value) {
  return sorted(run, value)[run.turns.size() / 2];
}

struct Result {
  Run clear, sealed, timed;  // the last one with clocks around kernels
  Macs one_macs, many_macs;
};

Result measure(const Flags& flags) {
  const Board& board = find_board(flags.board);
  PlanRequest single = one_node(board);
  Plans p;
  p.cluster = uniform_cluster(flags.nodes, board, std::nullopt);
  PlanRequest linked = linked_nodes(p.cluster, flags.strategy);
  if (!flags.cuts.empty()) {
    const Bytes text = read_file(flags.cuts);
    linked.cuts_file = {flags.cuts, std::string(text.begin(), text.end())};
  }
  p.one = prepare(load_model(flags.model), single);
  p.many = prepare(load_model(flags.model), linked);
  p.input = random_input(p.one.graph);
  Result r;
  r.one_macs = macs_of(p.one);
  r.many_macs = macs_of(p.many);
  r.clear = take_turns(p, flags, true);
  r.sealed = take_turns(p, flags, false);
  time_kernels(true);
  r.timed = take_turns(p, flags, true);
  return r;
}

// Milliseconds a frame, and factors.
struct Summary {
  double one, clear, sealed;
  KernelTimes one_kernels, many_kernels;
  double recomputed;  // MACs of N nodes / of one node
  double ratio, by_macs, by_kernels;
  double best_ratio;            // of the least turns: undisturbed ones
  double seal_byte, open_byte;  // ns
  double aead, aead_factor;     // a frame's; excess / that
};

Summary summary_of(const Result& r) {
  Summary s{};
  const auto ms = [](const Run& run, auto value) {
    return 1e3 * median(run, value);
  };
  const auto ratio = [](const Turn& t) { return t.many.cpu / t.one.cpu; };
  s.one = ms(r.clear, [](const Turn& t) { return t.one.cpu; });
  s.clear = ms(r.clear, [](const Turn& t) { return t.many.cpu; });
  s.sealed = ms(r.sealed, [](const Turn& t) { return t.many.cpu; });
  s.one_kernels = {
      ms(r.timed, [](const Turn& t) { return t.one.kernels.depthwise; }),
      ms(r.timed, [](const Turn& t) { return t.one.kernels.other; })};
  s.many_kernels = {
      ms(r.timed, [](const Turn& t) { return t.many.kernels.depthwise; }),
      ms(r.timed, [](const Turn& t) { return t.many.kernels.other; })};
  s.recomputed = r.many_macs.all() / r.one_macs.all();

  // Medians of the timed turns: parts of one node's time, and what N nodes make
  // of it.
  const double depthwise = r.many_macs.depthwise / r.one_macs.depthwise;
  const double other = r.many_macs.other / r.one_macs.other;
  const double by_macs = median(r.timed, [&](const Turn& t) {
    const KernelTimes& k = t.one.kernels;
    const double scaled =
        (k.depthwise > 0 ? k.depthwise * depthwise : 0) + k.other * other;
    return (t.one.cpu - k.all() + scaled) / t.one.cpu;
  });
  const double by_kernels = median(r.timed, [](const Turn& t) {
    return (t.one.cpu - t.one.kernels.all() + t.many.kernels.all()) / t.one.cpu;
  });
  s.ratio = median(r.clear, ratio);
  s.by_macs = s.ratio / by_macs;
  s.by_kernels = s.ratio / by_kernels;
  const auto least = [&](auto value) { return sorted(r.clear, value).front(); };
  s.best_ratio = least([](const Turn& t) { return t.many.cpu; }) /
                 least([](const Turn& t) { return t.one.cpu; }) / by_macs;

  s.seal_byte =
      1e9 * median(r.sealed, [](const Turn& t) { return t.cipher.seal_byte; });
  s.open_byte =
      1e9 * median(r.sealed, [](const Turn& t) { return t.cipher.open_byte; });
  s.aead = (r.sealed.traffic.sent * s.seal_byte +
            r.sealed.traffic.received * s.open_byte) *
           1e-6;
  s.aead_factor =
      (median(r.sealed, ratio) - median(r.clear, ratio)) * s.one / s.aead;
  return s;
}

void print_text(const Flags& flags, const Result& r) {
  const Summary s = summary_of(r);
  const std::string many = std::to_string(flags.nodes) + " nodes";
  const auto line = [](const std::string& what, double ms, KernelTimes k) {
    std::printf("%-20s %8.2f ms CPU a frame", what.c_str(), ms);
    if (k.all() > 0) {
      std::printf(", kernels %.2f (depthwise %.2f)", k.all(), k.depthwise);
    }
    std::printf("\n");
  };
  line("one node", s.one, s.one_kernels);
  line(many + ", insecure", s.clear, s.many_kernels);
  line(many + ", encrypted", s.sealed, {});
  std::printf(
      "%s, insecure: %.3f x the CPU time of one node, which computes 1/%.4f of "
      "the MACs;\n  without recomputation %.3f x by MACs (least turns %.3f x), "
      "%.3f x by kernels\n",
      many.c_str(), s.ratio, s.recomputed, s.by_macs, s.best_ratio,
      s.by_kernels);
  const Traffic& t = r.clear.traffic;
  std::printf(
      "a frame: %.0f datagrams, %.0f bytes sent (%.0f of rows, %.0f again), "
      "%.0f received\n",
      t.datagrams, t.sent, t.row_bytes, t.resent, t.received);
  std::printf(
      "AEAD: %.2f ns/byte sealed, %.2f opened, %.2f ms a frame; encrypted, the "
      "nodes take %.2f x that more\n",
      s.seal_byte, s.open_byte, s.aead, s.aead_factor);
}

void print_json(const Flags& flags, const Result& r) {
  const Summary s = summary_of(r);
  const Traffic& t = r.clear.traffic;
  const nlohmann::json json{
      {"model", flags.model},
      {"nodes", flags.nodes},
      {"strategy", flags.strategy},
      {"kind", "measured"},
      {"cpu_ms",
       {{"one", s.one}, {"insecure", s.clear}, {"encrypted", s.sealed}}},
      {"kernel_ms",
       {{"one", s.one_kernels.all()}, {"insecure", s.many_kernels.all()}}},
      {"computed_macs", r.many_macs.all()},
      {"recomputation", s.recomputed},
      {"ratio", s.ratio},
      {"ratio_by_macs", s.by_macs},
      {"ratio_by_macs_of_least_turns", s.best_ratio},
      {"ratio_by_kernels", s.by_kernels},
      {"datagrams", t.datagrams},
      {"sent_bytes", t.sent},
      {"received_bytes", t.received},
      {"row_bytes", t.row_bytes},
      {"resent_bytes", t.resent},
      {"aead_seal_ns_per_byte", s.seal_byte},
      {"aead_open_ns_per_byte", s.open_byte},
      {"aead_ms", s.aead},
      {"aead_factor", s.aead_factor}};
  std::printf("%s\n", json.dump(2).c_str());
}

int bench_cluster(int argc, char** argv) {
  Flags flags;
  BenchOptions options("CPU time of many virtual nodes beside one");
  options.required("MODEL", flags.model);
  options.add("--nodes", flags.nodes, 1, kMaxNodes);
  options.add("--strategy", flags.strategy);
  options.add("--cuts", flags.cuts);
  options.add("--board", flags.board);
  options.add("--frames", flags.frames, 1, 100000);
  options.add("--rounds", flags.rounds, 1, 1000);
  options.add("--json", flags.json);
  if (const auto code = options.parse(argc, argv)) return *code;
  const Result r = measure(flags);
  (flags.json ? print_json : print_text)(flags, r);
  return 0;
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  try {
    return shoal::bench_cluster(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_cluster: %s\n", e.what());
    return 1;
  }
}
