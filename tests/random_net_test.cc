// Random networks under random plans: every layer of two frames in a row must
// equal the oracle's, whatever the budget, the objective and the board.
//
// Each plan is run from mapped flash and, its weights on a tape, from storage.
//
//   SHOAL_RANDOM_NETS   how many networks (default: some hundreds)
//   SHOAL_RANDOM_SEED   the first seed (default: 1)
#include "tests/random_net.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "device/runtime/testing/thread_pair.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/check/check.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/stored_image.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/golden.h"
#include "host/oracle/int8/oracle.h"
#include "host/program/emit/emit.h"
#include "tests/number_from.h"
#include "tests/tape_plan.h"

namespace shoal {
namespace {

constexpr int kRandomNets = 500;

// The first tensor of the frame in the collector that is not the oracle's.
std::string first_wrong(const Prepared& p, const Values& oracle,
                        const Values& traced) {
  for (size_t op = 0; op < p.graph.ops.size(); ++op) {
    for (const int t : p.graph.ops[op].outputs) {
      const auto i = static_cast<size_t>(t);
      const auto wrong = first_difference(p.graph, static_cast<int>(op), t,
                                          file_bytes(p.graph, t, oracle[i]),
                                          file_bytes(p.graph, t, traced[i]));
      if (wrong) return describe(*wrong);
    }
  }
  return "";
}

using TwoFrames = std::vector<std::vector<uint8_t>>;

// Two frames back to back through one node; "" if all is exact.
std::string run_frames(const Prepared& p, NodeRunner& runner,
                       TraceCollector& trace, const TwoFrames& frames,
                       const std::vector<Values>& oracles) {
  for (size_t f = 0; f < frames.size(); ++f) {
    trace.reset();
    const auto output = runner.run(frames[f]);
    const std::string wrong =
        first_wrong(p, oracles[f], trace.values(frames[f]));
    if (!wrong.empty()) return "frame " + std::to_string(f) + ": " + wrong;
    if (output != model_output(p.graph, oracles[f])) return "the output";
  }
  return "";
}

// Once on one core and once on two; `jobs`: that the second one got.
std::string run_mapped(const Prepared& p, const TwoFrames& frames,
                       const std::vector<Values>& oracles, uint32_t& jobs) {
  const uint32_t arena = p.plan.nodes[0].arena_bytes;
  TraceCollector trace(p.graph, p.net, p.plan);
  NodeRunner runner(p.graph, p.net, p.images[0], arena, trace.observer());
  const std::string fault = run_frames(p, runner, trace, frames, oracles);
  if (!fault.empty()) return fault;
  test::ThreadPair pair;
  NodeSource both;
  both.mapped = p.images[0];
  both.pair = pair.get();
  NodeRunner on_both(p.graph, p.net, both, arena, trace.observer());
  const std::string other = run_frames(p, on_both, trace, frames, oracles);
  jobs += pair.jobs();
  if (!other.empty()) return "on two cores, " + other;
  try {
    NodeRunner(p.graph, p.net, p.images[0], arena - 1);
  } catch (const Error&) {
    return "";
  }
  return "loads with a byte less than " + std::to_string(arena);
}

// A plan for mapped flash, made into one for a storage.
Prepared moved_to_storage(Prepared p) {
  p.plan = tape_plan(p.net, p.plan);
  for (const std::string& fault : check(p.net, p.plan)) {
    throw Error(Exit::kInternal, "from storage, checker: " + fault);
  }
  p.images = {emit(p.net, p.plan, 0)};
  return p;
}

std::string run_stored(const Prepared& p, const TwoFrames& frames,
                       const std::vector<Values>& oracles, int delay) {
  StoredImage stored(p.images[0], delay);
  TraceCollector trace(p.graph, p.net, p.plan);
  NodeRunner runner(p.graph, p.net, stored.source(),
                    p.plan.nodes[0].arena_bytes, trace.observer());
  const std::string fault = run_frames(p, runner, trace, frames, oracles);
  return fault.empty() ? fault : "from storage, " + fault;
}

struct NetTally {
  int plans = 0, stages = 0, loops = 0, orders = 0;
  uint32_t jobs = 0;  // of second cores
  std::set<OpKind> used;
};

PlanRequest random_board(std::mt19937& random) {
  static const char* const kBoards[] = {"host", "teensy41", "emcraft-sf2",
                                        "nrf52840", "rp2350"};
  PlanRequest request =
      one_node(find_board(kBoards[random() % std::size(kBoards)]));
  request.replay = random() % 3 == 0;
  return request;
}

// All plans of one network; throws what the tool throws.
std::string judge(const NetRecipe& recipe, NetTally& tally) {
  const Graph graph = import_tflite(random_model(recipe), "random");
  for (const Op& op : graph.ops) tally.used.insert(op.kind);
  std::mt19937 random(recipe.seed);
  const TwoFrames frames{random_input(graph, random),
                         random_input(graph, random)};
  std::vector<Values> oracles;
  for (const auto& f : frames) oracles.push_back(run_oracle(graph, f));

  PlanRequest request = random_board(random);
  request.objective = Objective::kRam;
  const auto attempt = [&](const std::string& what) -> std::string {
    try {
      const Prepared p = prepare(graph, request);
      ++tally.plans;
      tally.stages += static_cast<int>(p.plan.nodes[0].stages.size());
      tally.orders += p.plan.order.layers.empty() ? 0 : 1;
      for (const PlanStage& s : p.plan.nodes[0].stages) {
        tally.loops += static_cast<int>(s.loops.size());
      }
      if (request.node().ram &&
          p.plan.nodes[0].arena_bytes > *request.node().ram) {
        return what + ": over the budget";
      }
      const bool mapped = request.node().board.flash_mapped;
      std::string fault;
      if (mapped) fault = run_mapped(p, frames, oracles, tally.jobs);
      if (fault.empty()) {
        fault = run_stored(mapped ? moved_to_storage(p) : p, frames, oracles,
                           static_cast<int>(random() % 3));
      }
      if (!request.node().ram) request.node().ram = p.plan.nodes[0].arena_bytes;
      return fault.empty() ? fault : what + ": " + fault;
    } catch (const Error& e) {
      const bool may_be_full =
          !request.node().ram && !request.node().board.unlimited();
      if (e.code() == Exit::kDoesNotFit && may_be_full) return "";
      return what + ": " + e.what();
    }
  };
  const std::string place = " on " + request.node().board.name;
  std::string fault = attempt("smallest" + place);
  if (!fault.empty()) return fault;
  if (!request.node().ram) return "";  // too large for the board
  const int64_t least = *request.node().ram;
  request.objective = Objective::kLatency;
  fault = attempt("fastest in " + std::to_string(least) + place);
  if (!fault.empty()) return fault;
  request.node().ram = least + static_cast<int64_t>(random() % (least + 1));
  fault = attempt("fastest in " + std::to_string(*request.node().ram) + place);
  if (!fault.empty()) return fault;
  request = random_board(random);
  return attempt("fastest on " + request.node().board.name);
}

std::string fault_of(const NetRecipe& recipe, NetTally& tally) {
  try {
    return judge(recipe, tally);
  } catch (const std::exception& e) {
    return e.what();
  }
}

// The same network with as few steps as still fail.
NetRecipe shrink(NetRecipe recipe) {
  NetTally unused;
  const int all = recipe.steps;
  for (recipe.steps = 0; recipe.steps < all; ++recipe.steps) {
    if (!fault_of(recipe, unused).empty()) break;
  }
  return recipe;
}

// Returns the operators that no network had. Those of other tests do not
// count: READ_VARIABLE is random_variables_test's, DELAY and LSTM are those of
// loops, FLOOR_DIV and FLOOR_MOD are float32's, and TABLE is made by the
// lowering.
std::string unused(const NetTally& tally) {
  const std::set<OpKind> elsewhere = {OpKind::kReadVariable, OpKind::kDelay,
                                      OpKind::kLstm,         OpKind::kFloorDiv,
                                      OpKind::kFloorMod,     OpKind::kTable};
  std::string names;
  for (int k = 0; k <= static_cast<int>(OpKind::kSoftmax); ++k) {
    const auto kind = static_cast<OpKind>(k);
    if (tally.used.contains(kind) || elsewhere.contains(kind)) continue;
    names += (names.empty() ? "" : ", ") + std::string(op_name(kind));
  }
  return names;
}

TEST(RandomNet, EveryPlanEqualsTheOracle) {
  const uint32_t first = number_from("SHOAL_RANDOM_SEED", 1);
  const uint32_t count = number_from("SHOAL_RANDOM_NETS", kRandomNets);
  NetTally tally;
  int failed = 0;
  for (uint32_t seed = first; seed < first + count && failed < 5; ++seed) {
    const NetRecipe recipe = random_recipe(seed);
    if (fault_of(recipe, tally).empty()) continue;
    ++failed;
    const NetRecipe small = shrink(recipe);
    ADD_FAILURE() << "seed " << seed << ", " << small.steps << " of "
                  << recipe.steps << " steps: " << fault_of(small, tally)
                  << "\n"
                  << text_of(import_tflite(random_model(small), "random"));
  }
  std::printf(
      "seeds %u to %u: %d plans, %d stages, %d loops, %d orders that are not "
      "the file's, %u jobs of second cores, %zu operators\n",
      first, first + count - 1, tally.plans, tally.stages, tally.loops,
      tally.orders, tally.jobs, tally.used.size());
  if (count >= kRandomNets && failed == 0) {
    EXPECT_EQ(unused(tally), "");
    EXPECT_GT(tally.loops, 50);
    EXPECT_GT(tally.orders, 20);
    EXPECT_GT(tally.jobs, 10000u);
  }
}

// A ring with several writers whose reader skips rows: a late row that nobody
// wants was written over a younger one that somebody did. An input that is an
// output too, read no further by any layer.
TEST(RandomNet, NetworksThatFailedOnce) {
  NetTally unused;
  for (const NetRecipe& recipe : {NetRecipe{100736, 4}, NetRecipe{275, 4},
                                  NetRecipe{100836, 2}, NetRecipe{101814, 1}}) {
    EXPECT_EQ(fault_of(recipe, unused), "") << "seed " << recipe.seed;
  }
}

}  // namespace
}  // namespace shoal
