// The numbers that plans are to reach, beside what they do: for each case what
// was published, the aim, and time, arena, traffic and MACs of shoal's plan;
// over nodes in virtual time, with what the critical path goes to.
//   reach_table SHARED_FOLDER [WORD]   (only cases whose name has the word)
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/board/board.h"
#include "host/data/image/random_input.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/critical_path.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/import/import.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/find_replicas.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/text/plan_figures.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

constexpr int64_t kKilo = 1024;
constexpr int kFrames = 120;  // for frames a second
constexpr uint64_t kSeed = 1;
const std::vector<int> kClocks{1, 2, 3, 1, 3, 2, 2, 4};
const char* const kLarge = "tf2_mobilenet_v2_1.0_224_ptq.tflite";
const char* const kSmall = "mbv2_w0.35_r144_synth.tflite";

struct Case {
  std::string name, published, aim, model;
  int nodes = 1;
  int64_t ram = 0;  // 0: the board's
  Objective objective = Objective::kLatency;
  double alone_ms = 0;  // one node, to compare with
  double most_ms = 0;   // 0: as long as it takes
  bool unequal = false, from_card = false, all_banks = false;
  bool sealed = true;
};

std::vector<Case> all_cases() {
  constexpr double kAlone = 758.8, kAlone112 = 265.3;
  std::vector<Case> cases;
  const auto one = [&](const char* model, double kilobytes, const char* quoted,
                       const char* aim) {
    cases.push_back({fmt::format("one node, {} KB, {}", kilobytes,
                                 model == kLarge ? "1.0@224" : "0.35@144"),
                     quoted, aim, model});
    cases.back().ram = static_cast<int64_t>(kilobytes * kKilo);
  };
  one(kLarge, 96, "172 kB at 1.10 x (MCUNetV2)", "1.01 x");
  one(kLarge, 64, "", "1.05 x");
  one(kLarge, 48, "", "1.08 x");
  one(kLarge, 32, "", "1.7 x");
  one(kSmall, 24, "25.7 kB at 1.25 x (msf-CNN)", "1.01 x");
  one(kSmall, 15, "15.3 kB at 1.38 x (msf-CNN)", "1.05 x");
  one(kSmall, 12, "", "1.10 x");
  one(kSmall, 8.5, "8.56 kB at 1.68 x (msf-CNN)", "1.45 x");
  const auto add = [&](Case c) { cases.push_back(std::move(c)); };
  const auto ram = Objective::kRam, fast = Objective::kLatency;
  add({"8 nodes, 512 KB", "slower than one", "5.1 times", kLarge, 8, 0, fast,
       kAlone});
  add({"8 nodes, all banks of the board", "", "5.8 times", kLarge, 8, 0, fast,
       kAlone, 0, false, false, true});
  add({"8 nodes, 64 KB", "499 KB, 24.3 MB", "4.8 times, 1.25 MB", kLarge, 8,
       64 * kKilo, fast, kAlone});
  add({"8 nodes, 32 KB", "", "4.6 times, 1.35 MB", kLarge, 8, 32 * kKilo, fast,
       kAlone});
  add({"8 nodes, objective ram", "", "16 KB at 3.5 times", kLarge, 8, 0, ram,
       kAlone});
  add({"8 nodes, 32 KB, objective traffic", "24.3 MB", "0.42 MB at 3.5 times",
       kLarge, 8, 32 * kKilo, Objective::kTraffic, kAlone, kAlone / 3.5});
  add({"8 nodes, 1.0@112, 12 KB", "178 KB, 6.2 MB", "4 times, 0.20 MB",
       "zoo:mobilenet_v2@112", 8, 12 * kKilo, fast, kAlone112});
  add({"8 nodes, 1.0@112, objective ram", "", "12 KB, 0.20 MB at 4 times",
       "zoo:mobilenet_v2@112", 8, 0, ram, kAlone112});
  add({"8 unequal nodes", "even split", "within 10 % of the bound", kLarge, 8,
       0, fast, kAlone, 0, true});
  add({"8 nodes, 64 KB, objective throughput", "", "7 times one node's frames",
       kLarge, 8, 64 * kKilo, Objective::kThroughput, kAlone});
  add({"16 nodes, 512 KB", "", "7 times", kLarge, 16, 0, fast, kAlone});
  add({"64 nodes, 512 KB", "", "8 times", kLarge, 64, 0, fast, kAlone});
  for (const std::string name : {"vgg16", "resnet50"}) {
    for (const bool sealed : {false, true}) {
      Case c{fmt::format("8 nodes, {} from a {}card", name,
                         sealed ? "sealed " : ""),
             "", "within 15 % of the slowest node's card or core",
             "zoo:" + name, 8};
      c.from_card = true;
      c.sealed = sealed;
      add(std::move(c));
    }
  }
  return cases;
}

PlanRequest request_of(const Case& c) {
  Cluster cluster = uniform_cluster(c.nodes, find_board("teensy41"), {});
  for (size_t n = 0; n < cluster.nodes.size(); ++n) {
    ClusterNode& node = cluster.nodes[n];
    if (c.ram > 0) node.ram = c.ram;
    node.all_banks = c.all_banks;
    if (c.unequal) node.board.clock_hz *= kClocks[n % kClocks.size()] / 4.0;
    if (c.from_card) node.flash_weights = 0;
    node.rating = board_rating(node.board);
    node.sealed = c.sealed;
  }
  PlanRequest r = linked_nodes(std::move(cluster), "auto", c.objective);
  r.linked = c.nodes > 1;
  r.replay = c.nodes == 1;
  if (c.most_ms > 0) r.limits.latency_s = c.most_ms * 1e-3;
  return r;
}

// The slowest node's card, or core if that takes longer; of the core, what it
// checks or opens of the card's bytes counts or not.
double slowest_alone_s(const Plan& plan, bool checks) {
  double most = 0;
  for (const PlanNode& node : plan.nodes) {
    double card = 0, core = 0;
    for (const PlanStage& s : node.stages) {
      card += s.storage_s, core += s.compute_s;
      if (checks) core += s.check_s;
    }
    most = std::max({most, card, core});
  }
  return most;
}

double cpu_s() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::string path_text(const Recorder& recorder, const Prepared& p,
                      const FrameTime& frame) {
  const auto coordinator = static_cast<uint32_t>(p.plan.nodes.size());
  const PathSums sums = sum_up(
      critical_path(recorder, coordinator, frame.submitted, frame.finished),
      p.plan);
  std::string text;
  for (const auto& [reason, time] : sums.by_reason) {
    const double ms = static_cast<double>(time) * 1e-6;
    if (ms < 0.5) continue;
    text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ",
                        reason_name(reason), ms);
  }
  return text;
}

// Returns the rate of nodes that each compute whole frames, whose rows may come
// again for tiles.
std::string whole_frames(const Net& net, PlanRequest request, double alone_s) {
  request.replay = true;
  const std::optional<Replicas> replicas = find_replicas(net, request);
  if (!replicas || replicas->nodes.empty()) return "no node has room alone; ";
  const double rate = frames_per_s(*replicas);
  return fmt::format(
      "whole frames on each node {:.2f} frames/s, {:.2f} times; ", rate,
      rate * alone_s);
}

void print_row(const Case& c, const Graph& graph) {
  std::printf("| %s | %s | %s |", c.name.c_str(), c.published.c_str(),
              c.aim.c_str());
  std::fflush(stdout);
  try {
    const PlanRequest request = request_of(c);
    const double start = cpu_s();
    Prepared p = prepare(graph, request);
    const double planning = cpu_s() - start;
    double ms = p.plan.latency_s * 1e3;
    std::string path = "-", note;
    if (p.plan.linked) {
      const bool frames = c.objective == Objective::kThroughput;
      Recorder recorder(static_cast<uint32_t>(c.nodes) + 1);
      SimOptions options;
      options.warm_up = true;
      options.recorder = &recorder;
      options.frames = frames ? kFrames : 1;
      seal_stores(p, kSeed, options);
      const SimResult result = simulate_cluster(
          p, request.cluster, random_input(p.graph, 1), options);
      ms = result.latency_s() * 1e3;
      path = path_text(recorder, p, result.frames.front());
      if (frames) {
        note = fmt::format("{:.2f} frames/s, {:.2f} times, {} under way; ",
                           result.frames_per_s(),
                           result.frames_per_s() * c.alone_ms * 1e-3,
                           frames_under_way(p.plan, stream_edges(p.plan)));
        note += whole_frames(p.net, request, c.alone_ms * 1e-3);
      }
    }
    const double bound =
        plan_bound(p.net, request.cluster, {.linked = p.plan.linked}, p.plan)
            .latency_s;
    if (c.from_card) {
      const double alone = slowest_alone_s(p.plan, false) * 1e3;
      const double checked = slowest_alone_s(p.plan, true) * 1e3;
      note += fmt::format(
          "{:.1f} % above the slowest node's {:.0f} ms, {:.1f} % above its "
          "{:.0f} ms with what it checks; ",
          100 * (ms / alone - 1), alone, 100 * (ms / checked - 1), checked);
    }
    const PlanNumbers n = numbers_of(p.net, request, p.plan, false);
    std::printf(
        " %.1f | %s | %s | %.2f | %.3f | %.1f | %s%s | %.1f |\n", ms,
        c.alone_ms > 0 ? fmt::format("{:.2f}", c.alone_ms / ms).c_str() : "",
        format_count(n.ram).c_str(), static_cast<double>(n.traffic_bytes) / 1e6,
        static_cast<double>(p.plan.macs) /
            static_cast<double>(p.plan.model_macs),
        bound * 1e3, note.c_str(), path.c_str(), planning);
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    std::printf(" - | | | | | | %s | |\n", e.fix().c_str());
  }
  std::fflush(stdout);
}

void print_table(const std::string& shared, const std::string& word) {
  std::printf(
      "| case | published | aim | ms | times one node | arena, B | MB a frame "
      "| MACs | bound, ms | critical path, ms | planned in, s of CPU "
      "|\n|---|---|---|--:|--:|--:|--:|--:|--:|---|--:|\n");
  for (const Case& c : all_cases()) {
    if (c.name.find(word) == std::string::npos) continue;
    const bool zoo = c.model.starts_with("zoo:");
    print_row(c, load_model(zoo ? c.model : shared + "/models/" + c.model));
  }
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: reach_table SHARED_FOLDER [WORD]\n");
    return static_cast<int>(shoal::Exit::kUsage);
  }
  try {
    shoal::print_table(argv[1], argc > 2 ? argv[2] : "");
  } catch (const shoal::Error& e) {
    std::fprintf(stderr, "reach_table: %s\n", e.what());
    return static_cast<int>(e.code());
  }
  return 0;
}
