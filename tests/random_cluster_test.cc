// Random networks on random clusters under random cuts, over networks that
// lose, repeat, delay and overtake: every plan is right, every run ends, and
// the bytes are the oracle's; for a part of the cases at every layer.
//
//   SHOAL_CLUSTER_NETS   how many networks (default: 300)
//   SHOAL_RANDOM_SEED    what they follow from (default: 1)
//   SHOAL_CLUSTER_CASE   this case alone, as a failure prints it
//   SHOAL_CLUSTER_LOG    if set, prints each case before it runs
#include "tests/random_cluster.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <sstream>
#include <string>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/check/check.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cost/program_size.h"
#include "host/plan/planner/planner.h"
#include "host/program/emit/testing/emit_all.h"
#include "tests/number_from.h"
#include "tests/random_net.h"

namespace shoal {

// For RapidCheck's reports.
void showValue(const ClusterCase& c, std::ostream& out) { out << to_text(c); }

namespace {

constexpr int kClusterNets = 300;
// The deepest network that random_net.h makes by itself.
constexpr int kMostSteps = 12;

struct ClusterTally {
  int plans = 0, frames = 0, layers = 0, refused = 0, orders = 0;
  int styles[kCutStyles] = {}, streams = 0;
  int tiled = 0;       // plans by files of cuts that have tiles
  int transposed = 0;  // shares of transpositions
  int programs = 0, equal_programs = 0;  // in size to what the search knows
  uint64_t lost = 0, events = 0;
};

class ClusterJudge {
 public:
  // `closely`: compares every layer of every plan, else of every third.
  ClusterJudge(const ClusterCase& c, ClusterTally& tally, bool closely)
      : case_(c),
        tally_(tally),
        closely_(closely),
        random_(c.seed),
        graph_(import_tflite(random_model({c.seed, c.steps}), "random")),
        net_(lower(graph_)),
        cluster_(random_cluster(c)) {}

  // Throws what the tool throws; "" if all is right.
  std::string judge() {
    cuts_ = random_cuts(case_, net_, cluster_, toml_);
    if (std::getenv("SHOAL_CLUSTER_CASE")) {
      std::printf("%s\n", describe_all().c_str());
      std::fflush(stdout);
    }
    input_ = random_input(graph_, random_);
    oracle_ = run_oracle(graph_, input_);
    std::optional<Prepared> least = smallest();
    if (!least) return "";
    std::string fault = run(*least);
    if (!fault.empty()) return "smallest: " + fault;
    give(*least);
    const Prepared fast = prepare(Objective::kLatency);
    for (size_t n = 0; n < fast.plan.nodes.size(); ++n) {
      if (fast.plan.nodes[n].arena_bytes > cluster_.nodes[n].ram) {
        return "over the budget, " + cluster_.nodes[n].name;
      }
    }
    fault = run(fast);
    return fault.empty() ? fault : "fastest: " + fault;
  }

  std::string describe_all() const {
    std::ostringstream out;
    out << text_of(graph_) << "\n" << describe(net_, cuts_) << toml_ << "nodes";
    for (const ClusterNode& n : cluster_.nodes) {
      out << " " << n.board.name << ":" << n.rating;
    }
    return out.str();
  }

 private:
  Prepared prepare(Objective objective) {
    Prepared p;
    p.graph = graph_;
    p.net = net_;
    PlanRequest request = case_.style == CutStyle::kAuto
                              ? linked_nodes(cluster_, "auto", objective)
                              : linked_nodes(cluster_, cuts_, objective);
    request.max_payload = static_cast<uint32_t>(case_.payload);
    request.replay = case_.style == CutStyle::kTiles ||
                     (case_.style == CutStyle::kAuto && case_.seed % 2 > 0);
    p.plan = make_plan(net_, request);
    for (const std::string& fault : check(net_, p.plan)) {
      throw Error(Exit::kInternal, "the checker: " + fault);
    }
    p.images = emit_all(net_, p.plan);
    check_sizes(p);
    for (size_t n = 0; n < p.images.size(); ++n) {
      p.plan.nodes[n].program_bytes = static_cast<uint32_t>(p.images[n].size());
    }
    ++tally_.plans;
    count_transposed(p);
    tally_.tiled += cuts_.tiles.empty() ? 0 : 1;
    tally_.orders += p.plan.order.layers.empty() ? 0 : 1;
    tally_.streams += static_cast<int>(p.plan.streams.size());
    return p;
  }

  // Counts transpositions of which a node makes a part.
  void count_transposed(const Prepared& p) {
    for (const PlanNode& node : p.plan.nodes) {
      for (const PlanStage& stage : node.stages) {
        for (const PlanActor& a : stage.actors) {
          if (a.copy) continue;
          const Layer& layer = net_.layers[static_cast<size_t>(a.layer)];
          const bool is_share =
              stage.ports[static_cast<size_t>(a.out)].box != layer.out.box;
          if (layer.op == OpCode::kTranspose && is_share) ++tally_.transposed;
        }
      }
    }
  }

  // A program is as large as a search takes it to be, or smaller where layers
  // have equal tables by chance.
  void check_sizes(const Prepared& p) {
    const std::vector<ProgramSize> sizes = program_sizes(net_, p.plan);
    for (size_t n = 0; n < p.images.size(); ++n) {
      Header h;
      std::memcpy(&h, p.images[n].data(), sizeof h);
      ++tally_.programs;
      tally_.equal_programs += sizes[n].bytes() == h.program_bytes ? 1 : 0;
      if (sizes[n].bytes() >= h.program_bytes) continue;
      throw Error(Exit::kInternal, "a program of " +
                                       std::to_string(h.program_bytes) +
                                       " B was taken to have " +
                                       std::to_string(sizes[n].bytes()));
    }
  }

  // Layers that may not be joined or cut into groups are refused; then they are
  // not.
  std::optional<Prepared> smallest() {
    ++tally_.styles[static_cast<int>(case_.style)];
    for (const bool last : {false, false, true}) {
      try {
        return prepare(Objective::kRam);
      } catch (const Error& e) {
        ++tally_.refused;
        if (e.code() == Exit::kUnsupported) return {};
        if (last || e.code() != Exit::kUsage) throw;
        if (std::string(e.what()).find("groups") != std::string::npos) {
          for (BlockChoice& b : cuts_.blocks) b.groups = 1;
        } else {
          cuts_.joined.clear();
        }
      }
    }
    return {};
  }

  // Every node may have between what the fullest has needed and twice that,
  // or what itself has needed and twice that.
  void give(const Prepared& least) {
    const bool uneven = random_() % 3 == 0;
    uint32_t most = 0;
    for (const PlanNode& n : least.plan.nodes) {
      most = std::max(most, n.arena_bytes);
    }
    const uint32_t more = random_() % 4 ? random_() % (most + 1) : 0;
    for (size_t n = 0; n < cluster_.nodes.size(); ++n) {
      const uint32_t own = least.plan.nodes[n].arena_bytes;
      cluster_.nodes[n].ram =
          uneven ? own + random_() % (own + 1) : most + more;
    }
  }

  SimOptions options() {
    SimOptions o;
    o.network.medium = case_.radio ? Medium::kRadio : Medium::kSwitch;
    o.network.loss = case_.loss / 100.0;
    o.network.duplicate = case_.duplicate / 100.0;
    o.network.reorder = case_.reorder / 100.0;
    o.network.jitter = case_.jitter * 100 * kMicrosecond;
    o.network.seed = case_.seed;
    o.costs = case_.costs;
    o.insecure = !case_.secure;
    o.max_payload = static_cast<uint32_t>(case_.payload);
    o.timeout_us = 60'000'000;
    o.frames = 1 + static_cast<int>(random_() % 4);
    o.first_alone = random_() % 2;
    static constexpr uint32_t kQueues[] = {2, 3, 16, 64};
    o.receive_queue = kQueues[random_() % 4];
    if (random_() % 4 == 0 && !case_.radio) o.bits_per_s = 1e7;
    if (random_() % 4 == 0) o.latency = 1 + random_() % (2 * kMillisecond);
    return o;
  }

  std::string run(const Prepared& p) {
    SimOptions o = options();
    const std::vector<uint8_t> expected = model_output(graph_, oracle_);
    std::vector<uint8_t> output;
    std::string fault;
    int frames = 0;
    o.output = [&](int frame, const std::vector<uint8_t>& bytes) {
      output = bytes;
      ++frames;
      if (bytes != expected && fault.empty()) {
        fault = "the output of frame " + std::to_string(frame);
      }
    };
    const bool closely = random_() % 3 == 0 || closely_;
    TraceCollector trace(p.graph, p.net, p.plan);
    trace.watch(static_cast<uint32_t>(o.frames - 1));
    if (closely) o.observer = [&](int node) { return trace.observer(node); };
    const SimResult r = simulate_cluster(p, cluster_, input_, o);
    for (const EndpointReport& n : r.nodes) tally_.lost += n.traffic.lost;
    tally_.events += r.events;
    if (std::getenv("SHOAL_CLUSTER_LOG")) {
      std::printf("  %d frames, %llu events, %.3f s\n", frames,
                  static_cast<unsigned long long>(r.events),
                  static_cast<double>(r.ended) * 1e-9);
    }
    tally_.frames += frames;
    if (frames != o.frames) return std::to_string(frames) + " outputs";
    if (!closely) return fault;
    const Verification v = judge_frame(p.graph, output, trace.values(input_),
                                       oracle_, std::nullopt);
    tally_.layers += static_cast<int>(v.layers);
    return v.wrong ? v.between + ": " + shoal::describe(*v.wrong) : fault;
  }

  const ClusterCase case_;
  ClusterTally& tally_;
  const bool closely_;
  std::mt19937 random_;
  const Graph graph_;
  const Net net_;
  Cluster cluster_;
  std::string toml_;
  Cuts cuts_;
  std::vector<uint8_t> input_;
  Values oracle_;
};

// "" or what is wrong, with all that it was.
std::string fault_of(const ClusterCase& c, ClusterTally& tally,
                     bool closely = false) {
  if (std::getenv("SHOAL_CLUSTER_LOG")) {
    std::printf("%s\n", to_text(c).c_str());
    std::fflush(stdout);
  }
  std::string fault, what;
  try {
    ClusterJudge judge(c, tally, closely);
    try {
      fault = judge.judge();
    } catch (const std::exception& e) {
      fault = e.what();
    }
    if (!fault.empty()) what = judge.describe_all();
  } catch (const std::exception& e) {
    fault = e.what();
  }
  if (fault.empty()) return "";
  return fault + "\nSHOAL_CLUSTER_CASE=" + to_text(c) + "\n" + what;
}

rc::Gen<ClusterCase> any_case() {
  using rc::gen::set;
  const auto percent = [] { return rc::gen::inRange(0, 21); };
  const auto nodes = rc::gen::map(rc::gen::inRange(1, 11),
                                  [](int n) { return n < 10 ? n : 16; });
  const auto style =
      rc::gen::map(rc::gen::inRange(0, kCutStyles + 2), [](int n) {
        return n < kCutStyles ? static_cast<CutStyle>(n) : CutStyle::kByHand;
      });
  return rc::gen::resize(
      rc::kNominalSize,
      rc::gen::build<ClusterCase>(
          set(&ClusterCase::seed,
              rc::gen::noShrink(rc::gen::inRange<uint32_t>(1, 1u << 24))),
          set(&ClusterCase::steps, rc::gen::inRange(0, kMostSteps + 1)),
          set(&ClusterCase::nodes, nodes), set(&ClusterCase::style, style),
          set(&ClusterCase::loss, percent()),
          set(&ClusterCase::duplicate, percent()),
          set(&ClusterCase::reorder, percent()),
          set(&ClusterCase::jitter, rc::gen::inRange(0, 10)),
          set(&ClusterCase::payload,
              rc::gen::element(1472, 1472, 600, 250, 128, 96)),
          set(&ClusterCase::secure), set(&ClusterCase::costs),
          set(&ClusterCase::radio)));
}

TEST(RandomCluster, EveryPlanGivesTheOraclesBytes) {
  ClusterTally tally;
  if (const char* text = std::getenv("SHOAL_CLUSTER_CASE")) {
    EXPECT_EQ(fault_of(from_text(text), tally, true), "");
    return;
  }
  rc::detail::TestParams params;
  params.maxSuccess =
      static_cast<int>(number_from("SHOAL_CLUSTER_NETS", kClusterNets));
  params.seed = number_from("SHOAL_RANDOM_SEED", 1);
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [&] {
        const ClusterCase c = *any_case();
        const std::string fault = fault_of(c, tally);
        if (!fault.empty()) RC_FAIL(fault);
      },
      rc::detail::TestMetadata{}, params);
  if (!result.is<rc::detail::SuccessResult>()) {
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    ADD_FAILURE() << text.str();
  }
  if (params.maxSuccess >= kClusterNets) {
    EXPECT_GT(tally.tiled, 0);
    EXPECT_GT(tally.transposed, 0);
    EXPECT_GT(tally.equal_programs, tally.programs * 9 / 10);
  }
  std::printf(
      "seed %llu: %d plans, %d streams, %d frames, %d layers compared, %llu "
      "datagrams lost, %d refusals, %d orders that are not the net's; layer %d "
      "kernel %d spatial %d file %d by "
      "hand %d cells %d columns %d auto %d tiles %d\n",
      static_cast<unsigned long long>(params.seed), tally.plans, tally.streams,
      tally.frames, tally.layers, static_cast<unsigned long long>(tally.lost),
      tally.refused, tally.orders, tally.styles[0], tally.styles[1],
      tally.styles[2], tally.styles[3], tally.styles[4], tally.styles[5],
      tally.styles[6], tally.styles[7], tally.styles[8]);
}

// A node without a part that answered a ping; sums of a transposed
// convolution; rows that no output needs, in a trace; a trace of channel
// groups; groups across nodes; rows behind a gap where nobody reads the rows
// between; segments that were costed in another order; tiles of a layer that
// begins to read below its view's first row; groups of a depthwise layer that
// makes several channels of each; a refusal by twice of what is enough.
TEST(RandomCluster, CasesThatFailedOnce) {
  ClusterTally tally;
  for (const char* text :
       {"7903468,0,6,4,15,0,0,3,1472,0,0,0", "788712,6,2,4,0,0,0,0,250,0,0,0",
        "8522422,4,1,0,0,0,0,0,96,0,0,0", "3722650,1,4,4,0,0,0,0,1472,0,0,0",
        "15869244,3,2,4,19,18,19,6,96,0,0,1",
        "12860634,1,5,2,0,0,0,1,250,0,0,0", "8398517,3,4,4,0,0,0,0,96,0,0,0",
        "8615561,0,7,7,0,0,0,0,128,0,0,0",
        "5982884,2,3,6,20,16,14,0,1472,1,1,1",
        "11962858,11,1,8,0,0,0,0,1472,0,0,0", "4494275,6,4,3,0,0,0,0,128,0,0,0",
        "3251457,7,3,0,0,0,0,0,600,0,0,0"}) {
    EXPECT_EQ(fault_of(from_text(text), tally, true), "");
  }
}

}  // namespace
}  // namespace shoal
