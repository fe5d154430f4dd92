// Nodes of random clusters fail while frames of random networks run: one is
// killed, restarted, stopped, slow or cut off at some event of the frames,
// maybe a second one beside. The agents and the coordinator's recovery are the
// ones that run on boards; the world is virtual. Every output is the oracle's,
// or the run ends with a typed error within its time.
//
//   SHOAL_FAULT_NETS    how many networks (default: 16)
//   SHOAL_FAULT_EVENTS  at how many events of each (default: 8; 0: at all)
//   SHOAL_RANDOM_SEED   what they follow from (default: 1)
//   SHOAL_FAULT_CASE    this case alone, as a failure prints it
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/faults/faulted_run.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/number_from.h"
#include "tests/random_cluster.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

constexpr int kQuickFrames = 3, kPacedFrames = 8;
constexpr int64_t kSmallBytes = 512 << 10;  // of memory that has no limit
// A frame may wait for a lease to run out, and for a node that often fails.
constexpr Nanos kMostFaultTime = 120 * kSecond;
constexpr int kKinds = 6, kLink = 5;

// A network on a cluster; all follows from these numbers.
struct NetCase {
  uint32_t seed = 1;
  int steps = 4, nodes = 3, style = 0, loss = 0, costs = 0;
  int every_ms = 0;  // frames; nodes that were lost come back meanwhile
  int holds = 0;     // nodes hold programs for the loss of each other one
  int frames() const { return every_ms > 0 ? kPacedFrames : kQuickFrames; }
};

// A fault, and when it happens.
struct FaultCase {
  int kind = 0, node = 0;
  uint64_t event = 0;
  int lasts_ms = -1;  // for ever
  // Another fault that begins `later` events later; -1: none.
  int second = -1, second_kind = 0;
  uint64_t later = 0;
};

std::string to_text(const NetCase& n, const FaultCase& f) {
  std::ostringstream out;
  out << n.seed << ' ' << n.steps << ' ' << n.nodes << ' ' << n.style << ' '
      << n.loss << ' ' << n.costs << ' ' << n.every_ms << ' ' << f.kind << ' '
      << f.node << ' ' << f.event << ' ' << f.lasts_ms << ' ' << f.second << ' '
      << f.later << ' ' << n.holds;
  return out.str();
}

void from_text(const std::string& text, NetCase& n, FaultCase& f) {
  std::istringstream in(text);
  in >> n.seed >> n.steps >> n.nodes >> n.style >> n.loss >> n.costs >>
      n.every_ms >> f.kind >> f.node >> f.event >> f.lasts_ms >> f.second >>
      f.later >> n.holds;
}

NetCase net_case(uint32_t seed) {
  std::mt19937 dice(seed);
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(dice() % static_cast<uint32_t>(high - low + 1));
  };
  NetCase c;
  c.seed = seed;
  c.steps = pick(1, 6);
  c.nodes = pick(2, 5);
  c.style = pick(0, 4);
  c.loss = pick(0, 2) == 0 ? pick(1, 8) : 0;
  c.costs = pick(0, 1);
  c.every_ms = pick(0, 1) * pick(100, 500);
  c.holds = pick(0, 1);
  return c;
}

NodeFault fault_of(int kind, int node, uint64_t event, const FaultCase& c,
                   int nodes) {
  static constexpr NodeFaultKind kOrder[kKinds] = {
      NodeFaultKind::kKill, NodeFaultKind::kRestart, NodeFaultKind::kHang,
      NodeFaultKind::kCut,  NodeFaultKind::kSlow,    NodeFaultKind::kCut};
  NodeFault f{.kind = kOrder[kind], .node = node, .event = event};
  if (c.lasts_ms >= 0) f.until = c.lasts_ms * kMillisecond;
  if (f.kind == NodeFaultKind::kRestart && !f.until) f.until = 0;
  if (f.kind == NodeFaultKind::kKill) f.until.reset();
  if (kind == kLink) f.other = (node + 1) % nodes;
  return f;
}

std::vector<NodeFault> faults_of(const FaultCase& c, int nodes) {
  std::vector<NodeFault> all{fault_of(c.kind, c.node, c.event, c, nodes)};
  if (c.second >= 0) {
    all.push_back(
        fault_of(c.second_kind, c.second, c.event + c.later, c, nodes));
  }
  return all;
}

struct FaultTally {
  int runs = 0, kinds[kKinds] = {}, repeated = 0, returned = 0, refused = 0;
  uint64_t frames = 0;
};

class FaultJudge {
 public:
  explicit FaultJudge(const NetCase& c)
      : case_(c),
        graph_(import_tflite(random_model({c.seed, c.steps}), "random")),
        request_(request_of()),
        plans_(std::make_shared<FallbackPlans>(graph_, std::nullopt)) {
    std::mt19937 random(c.seed);
    for (int f = 0; f <= c.frames(); ++f) {
      inputs_.push_back(random_input(graph_, random));
      outputs_.push_back(
          model_output(graph_, run_oracle(graph_, inputs_.back())));
    }
  }

  // Returns how many events the frames have without a fault.
  uint64_t events() { return run({}).world_events; }

  // Returns what is wrong; "" if all is right.
  std::string judge(const FaultCase& c, FaultTally& tally) {
    ++tally.runs, ++tally.kinds[c.kind];
    try {
      const FaultedRun r = run(faults_of(c, case_.nodes));
      for (const int n : r.repeats) tally.repeated += n > 0;
      for (const RunEvent& e : r.events) tally.returned += e.what == "return";
      tally.frames += r.frames.size();
      return r.frames.size() == static_cast<size_t>(case_.frames())
                 ? ""
                 : "a frame is missing";
    } catch (const Error& e) {
      const std::string text = e.what();
      const auto says = [&](const char* part) {
        return text.find(part) != std::string::npos;
      };
      const bool too_few =
          says("cannot hold the network") || says("no node is left");
      if (e.code() != Exit::kNode || !too_few) return text;
      ++tally.refused;
      return "";
    }
  }

 private:
  PlanRequest request_of() {
    ClusterCase c;
    c.seed = case_.seed;
    c.nodes = case_.nodes;
    Cluster cluster = random_cluster(c);
    for (ClusterNode& n : cluster.nodes) {
      if (n.board.unlimited()) n.ram = kSmallBytes;
      n.flash = kSmallBytes;
    }
    static const char* const kStrategies[] = {"auto", "spatial", "kernel",
                                              "layer"};
    PlanRequest r = linked_nodes(
        cluster, case_.style < 4 ? kStrategies[case_.style] : "auto");
    if (case_.style == 4) {  // for all nodes; those left have other cuts
      c.style = CutStyle::kFile;
      std::string toml;
      random_cuts(c, planned_net(graph_, r), cluster, toml);
      r.cuts_file = PlanText{"cuts.toml", toml};
    }
    return r;
  }

  FaultedRun run(const std::vector<NodeFault>& faults) {
    FaultedOptions o;
    o.sim.network.seed = case_.seed;
    o.sim.network.loss = case_.loss * 0.01;
    o.sim.costs = case_.costs > 0;
    o.sim.insecure = case_.seed % 4 != 0;
    o.sim.warm_up = true;
    o.sim.frames = case_.frames();
    o.every = case_.every_ms * kMillisecond;
    o.sim.input = [&](int f) { return inputs_[static_cast<size_t>(f)]; };
    o.sim.output = [&](int f, const std::vector<uint8_t>& output) {
      if (output == outputs_[static_cast<size_t>(f)]) return;
      throw Error(Exit::kDiffers, "frame " + std::to_string(f) + " is wrong");
    };
    o.faults = faults;
    o.limit = kMostFaultTime;
    o.plans = plans_;
    o.holds_fallbacks = case_.holds > 0;
    return run_with_faults(graph_, request_, o);
  }

  const NetCase case_;
  const Graph graph_;
  const PlanRequest request_;
  const std::shared_ptr<FallbackPlans> plans_;
  std::vector<std::vector<uint8_t>> inputs_, outputs_;
};

FaultCase fault_case(const NetCase& n, uint64_t event, std::mt19937& dice) {
  static constexpr int kLasts[] = {-1, 0, 1, 20, 250, 400, 1500};
  FaultCase f;
  f.kind = static_cast<int>(dice() % kKinds);
  f.node = static_cast<int>(dice() % static_cast<uint32_t>(n.nodes));
  f.event = event;
  f.lasts_ms = kLasts[dice() % std::size(kLasts)];
  if (dice() % 4 == 0) {
    f.second = static_cast<int>(dice() % static_cast<uint32_t>(n.nodes));
    f.second_kind = static_cast<int>(dice() % kKinds);
    f.later = dice() % 2000;
  }
  return f;
}

void judge_net(const NetCase& n, int at_events, FaultTally& tally) {
  FaultJudge judge(n);
  uint64_t events = 0;
  try {
    events = judge.events();
  } catch (const Error& e) {
    // Not all cuts are possible on all nodes.
    if (e.code() == Exit::kDoesNotFit || e.code() == Exit::kUsage) return;
    ADD_FAILURE() << e.what() << "\nwithout a fault: SHOAL_FAULT_CASE='"
                  << to_text(n, {}) << "'";
    return;
  }
  std::mt19937 dice(n.seed);
  const uint64_t count =
      at_events > 0 ? static_cast<uint64_t>(at_events) : events;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t event = at_events > 0 ? dice() % events : i;
    const FaultCase f = fault_case(n, event, dice);
    const std::string wrong = judge.judge(f, tally);
    EXPECT_EQ(wrong, "") << "SHOAL_FAULT_CASE='" << to_text(n, f) << "'";
  }
}

// A node that needs no inputs ran ahead, which hid that the others stood.
TEST(RandomFaults, CasesThatFailedOnce) {
  for (const char* const text : {"5200030 2 3 3 0 1 0 5 2 719 -1 -1 0 1",
                                 "4900035 2 3 3 0 0 0 5 1 5 -1 -1 0 1"}) {
    NetCase n;
    FaultCase f;
    FaultTally tally;
    from_text(text, n, f);
    EXPECT_EQ(FaultJudge(n).judge(f, tally), "") << text;
    EXPECT_GT(tally.repeated, 0) << text;
  }
}

TEST(RandomFaults, EveryFrameIsExactOrTheErrorSaysWhy) {
  FaultTally tally;
  if (const char* text = std::getenv("SHOAL_FAULT_CASE")) {
    NetCase n;
    FaultCase f;
    from_text(text, n, f);
    EXPECT_EQ(FaultJudge(n).judge(f, tally), "");
    return;
  }
  const uint32_t nets = number_from("SHOAL_FAULT_NETS", 16);
  const int at_events = static_cast<int>(number_from("SHOAL_FAULT_EVENTS", 8));
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1) * 100'000;
  for (uint32_t i = 0; i < nets; ++i) {
    judge_net(net_case(first + i), at_events, tally);
  }
  std::printf(
      "%d faults (%d killed, %d restarted, %d stopped, %d cut off, %d slow, "
      "%d links cut): %llu frames, %d of them run again, %d nodes taken in "
      "again; %d runs ended with too few nodes left\n",
      tally.runs, tally.kinds[0], tally.kinds[1], tally.kinds[2],
      tally.kinds[3], tally.kinds[4], tally.kinds[5],
      static_cast<unsigned long long>(tally.frames), tally.repeated,
      tally.returned, tally.refused);
  EXPECT_GT(tally.repeated, 0);
}

}  // namespace
}  // namespace shoal
