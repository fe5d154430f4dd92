// Nodes fail in the middle of a sequence: of random networks that keep
// variables, on random numbers of nodes, at random events. With a mirror every
// frame is the oracle's as if nothing had happened; without one the error says
// with which frame the sequence ends.
//
//   SHOAL_RANDOM_NETS    how many networks (default: 12)
//   SHOAL_FAULT_EVENTS   at how many events of each (default: 6; 0: at all)
//   SHOAL_RANDOM_SEED    the first seed (default: 1)
//   SHOAL_SEQUENCE_CASE  this case alone, as a failure prints it
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/faults/faulted_run.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/number_from.h"
#include "tests/random_stream.h"

namespace shoal {
namespace {

constexpr int kSequenceFrames = 9;
constexpr Nanos kMostSequenceTime = 120 * kSecond;

// All follows from these numbers.
struct SequenceCase {
  uint32_t seed = 1;
  int64_t event = 0;  // of the fault; -1: there is none
  int kind = 0, node = 0;
  int second = -1;  // another node that is killed 100 events later
  bool is_mirrored = true;
};

std::string to_text(const SequenceCase& c) {
  std::ostringstream out;
  out << c.seed << ' ' << c.event << ' ' << c.kind << ' ' << c.node << ' '
      << c.second << ' ' << c.is_mirrored;
  return out.str();
}

struct SequenceTally {
  int runs = 0, repeated = 0, returned = 0, ended = 0;
};

class Sequence {
 public:
  explicit Sequence(uint32_t seed)
      : graph_(import_tflite(RandomStream(seed).file(), "random")),
        random_(seed),
        nodes_(2 + static_cast<int>(random_() % 4)),
        every_(static_cast<uint16_t>(1 + random_() % 4)),
        frames_(random_frames(graph_, kSequenceFrames, random_)),
        plans_(std::make_shared<FallbackPlans>(graph_, std::nullopt)) {
    Kept kept = initial_values(graph_);
    for (const auto& frame : frames_) {
      expected_.push_back(
          model_output(graph_, run_oracle(graph_, frame, kept)));
    }
    options_.sim.network.seed = seed;
    options_.sim.network.loss = random_() % 3 == 0 ? 0.05 : 0;
    options_.sim.costs = random_() % 2 == 0;
    options_.sim.insecure = random_() % 2 == 0;
    options_.every = random_() % 2 == 0 ? 0 : 100 * kMillisecond;
    options_.holds_fallbacks = random_() % 2 == 0;
    options_.plans = plans_;
    options_.limit = kMostSequenceTime;
    static const char* const kStrategies[] = {"auto", "spatial", "kernel",
                                              "layer"};
    strategy_ = kStrategies[random_() % std::size(kStrategies)];
    // Mapped, or with programs that pass through the arena.
    board_ = random_() % 2 == 0 ? "host" : "emcraft-sf2";
  }
  int nodes() const { return nodes_; }
  bool keeps_variables() const { return !graph_.variables.empty(); }

  FaultedRun run(const SequenceCase& c) {
    FaultedOptions o = options_;
    o.mirror_every = c.is_mirrored ? every_ : uint16_t{0};
    o.sim.frames = kSequenceFrames;
    o.sim.input = [&](int f) { return frames_[static_cast<size_t>(f)]; };
    got_ = 0;
    o.sim.output = [&](int f, const std::vector<uint8_t>& output) {
      ++got_;
      if (output == expected_[static_cast<size_t>(f)]) return;
      throw Error(Exit::kDiffers, "frame " + std::to_string(f) + " is wrong");
    };
    if (c.event >= 0) {
      NodeFault f{.node = c.node, .event = static_cast<uint64_t>(c.event)};
      f.kind = static_cast<NodeFaultKind>(c.kind);
      if (f.kind == NodeFaultKind::kRestart) f.until = 20 * kMillisecond;
      if (f.kind == NodeFaultKind::kHang) f.until = 700 * kMillisecond;
      o.faults.push_back(f);
      if (c.second >= 0) {
        o.faults.push_back({.node = c.second, .event = *f.event + 100});
      }
    }
    Cluster cluster = uniform_cluster(nodes_, find_board(board_), {});
    for (ClusterNode& n : cluster.nodes) {
      if (n.board.unlimited()) n.ram = n.flash = 512 << 10;
    }
    return run_with_faults(graph_, linked_nodes(cluster, strategy_), o);
  }
  uint64_t events() { return run({.event = -1}).world_events; }
  int got() const { return got_; }

 private:
  const Graph graph_;
  std::mt19937 random_;
  const int nodes_;
  const uint16_t every_;
  const std::vector<std::vector<uint8_t>> frames_;
  std::vector<std::vector<uint8_t>> expected_;
  const std::shared_ptr<FallbackPlans> plans_;
  FaultedOptions options_;
  std::string strategy_, board_;
  int got_ = 0;
};

// Returns what is wrong; "" if all is right.
std::string judge(Sequence& sequence, const SequenceCase& c,
                  SequenceTally& tally) {
  ++tally.runs;
  try {
    const FaultedRun r = sequence.run(c);
    for (const RunEvent& e : r.events) {
      tally.repeated += e.what == "repeat";
      tally.returned += e.what == "return";
    }
    return sequence.got() == kSequenceFrames ? "" : "a frame is missing";
  } catch (const Error& e) {
    const std::string text = e.what();
    const auto says = [&](const std::string& part) {
      return text.find(part) != std::string::npos;
    };
    if (e.code() != Exit::kNode) return text;
    ++tally.ended;
    const bool names_frame =
        says("the sequence ends with frame " + std::to_string(sequence.got()));
    const bool too_few =
        says("cannot hold the network") || says("no node is left");
    return names_frame && (!c.is_mirrored || too_few) ? "" : text;
  }
}

TEST(RandomSequences, OutliveTheirNodesOrSayWithWhichFrameTheyEnd) {
  SequenceTally tally;
  if (const char* const text = std::getenv("SHOAL_SEQUENCE_CASE")) {
    SequenceCase c;
    std::istringstream(text) >> c.seed >> c.event >> c.kind >> c.node >>
        c.second >> c.is_mirrored;
    Sequence sequence(c.seed);
    EXPECT_EQ(judge(sequence, c, tally), "");
    return;
  }
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t nets = number_from("SHOAL_RANDOM_NETS", 12);
  const uint32_t at_events = number_from("SHOAL_FAULT_EVENTS", 6);
  int judged = 0;
  for (uint32_t seed = first; seed < first + nets; ++seed) {
    Sequence sequence(seed);
    if (!sequence.keeps_variables()) continue;
    uint64_t events = 0;
    try {
      events = sequence.events();
    } catch (const Error& e) {
      ADD_FAILURE() << "seed " << seed << ", without a fault: " << e.what();
      continue;
    }
    ++judged;
    std::mt19937 dice(seed);
    const auto nodes = static_cast<uint32_t>(sequence.nodes());
    const uint64_t count = at_events > 0 ? at_events : events;
    for (uint64_t i = 0; i < count; ++i) {
      SequenceCase c{.seed = seed};
      c.event = static_cast<int64_t>(at_events > 0 ? dice() % events : i);
      c.kind = static_cast<int>(dice() % 3);
      c.node = static_cast<int>(dice() % nodes);
      if (dice() % 4 == 0) c.second = static_cast<int>(dice() % nodes);
      c.is_mirrored = dice() % 5 != 0;
      EXPECT_EQ(judge(sequence, c, tally), "")
          << "SHOAL_SEQUENCE_CASE='" << to_text(c) << "'";
    }
  }
  std::printf(
      "%d networks, %d faults: %d sequences went on from a copy, %d nodes "
      "taken in again, %d ended\n",
      judged, tally.runs, tally.repeated, tally.returned, tally.ended);
  EXPECT_GT(tally.repeated, 0);
}

}  // namespace
}  // namespace shoal
