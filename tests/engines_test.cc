// One model on every engine: the bytes are the oracle's, of every frame and,
// where the engine traces, of every tensor.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "host/base/floats.h"
#include "host/base/temporary_folder.h"
#include "host/engine/board/board_engine.h"
#include "host/engine/coordinator/testing/small_run.h"
#include "host/engine/local/float_engine.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/store_image.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/testing/udp_worker.h"
#include "host/engine/workers/workers_engine.h"
#include "host/oracle/float/testing/one_operator.h"
#include "tests/board_emulated.h"

namespace shoal {
namespace {

constexpr int kFrames = 5;

std::shared_ptr<const Prepared> small(const PlanRequest& request) {
  return std::make_shared<const Prepared>(prepare(small_graph(), request));
}

PlanRequest stored_node() {
  PlanRequest request = one_node(find_board("teensy41"));
  request.node().flash_weights = 0;
  return request;
}

// An engine, and what has to live as long as it does.
struct Opened {
  std::shared_ptr<void> keeps;
  std::unique_ptr<Engine> engine;
};

Opened node(PlanRequest request, int batch = 1) {
  request.batch = batch;
  return {nullptr, node_engine(small(request), {}, true)};
}

Opened built_store() {
  const auto folder = std::make_shared<TemporaryFolder>();
  const std::string path = (folder->path() / "store").string();
  { const LocalNode writer(*small(stored_node()), StoreSettings{path, {}}); }
  return {
      folder,
      std::make_unique<StoreEngine>(
          path, std::make_shared<const StoreAccess>(access_store(path, {}, {})),
          std::nullopt)};
}

Opened alone(int batch, bool traced) {
  PlanRequest request = stored_node();
  request.node().sealed = true;
  request.batch = batch;
  auto p = std::make_shared<Prepared>(prepare(small_graph(), request));
  SimOptions options;
  seal_stores(*p, 1, options, SharedKey{7});
  return {nullptr, std::make_unique<VirtualEngine>(
                       std::move(p), request.cluster, options, traced)};
}

Opened virtual_nodes(double loss, bool traced) {
  const PlanRequest request =
      linked_nodes(uniform_cluster(3, find_board("host"), {}));
  SimOptions options;
  options.costs = false;
  options.network.loss = loss;
  options.warm_up = !traced;
  return {nullptr, std::make_unique<VirtualEngine>(
                       small(request), request.cluster, options, traced)};
}

struct TwoWorkers {
  TwoWorkers() : coordinator(config_of(udp)) {
    const std::vector<WorkerAddress> addresses = {a.address, b.address};
    coordinator.connect(addresses);
    drive(coordinator, udp, nullptr, [&] { return coordinator.connected(); });
    request = linked_nodes(cluster_of(coordinator, addresses, nullptr));
    request.max_payload = udp.transport().max_payload;
  }
  UdpWorker a{0}, b{1};
  UdpTransport udp{parse_udp_address("127.0.0.1:0", "")};
  Coordinator coordinator;
  PlanRequest request;
};

Opened workers() {
  const auto two = std::make_shared<TwoWorkers>();
  return {two, std::make_unique<WorkersEngine>(two->coordinator, two->udp,
                                               small(two->request))};
}

Opened board() {
  const std::optional<EmulateOptions> options = board_that_boots();
  if (!options) return {};
  return {nullptr, std::make_unique<BoardEngine>(
                       small(one_node(*options->board)), *options)};
}

struct Way {
  const char* name;
  std::function<Opened()> open;
  size_t nodes = 1;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

const Way kWays[] = {
    {"node", [] { return node(one_node(find_board("host"))); }},
    {"batch", [] { return node(one_node(find_board("host")), 3); }},
    {"storage", [] { return node(stored_node()); }},
    {"store", built_store},
    {"alone", [] { return alone(1, false); }},
    {"alonetraced", [] { return alone(1, true); }},
    {"alonebatch", [] { return alone(3, false); }},
    {"alonetracedbatch", [] { return alone(3, true); }},
    {"virtual", [] { return virtual_nodes(0, false); }, 3},
    {"lossy", [] { return virtual_nodes(0.05, false); }, 3},
    {"traced", [] { return virtual_nodes(0, true); }, 3},
    {"workers", workers, 2},
    {"board", board},
};

class Engines : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    opened_ = GetParam().open();
    if (opened_.engine) return;
    ASSERT_FALSE(std::getenv("SHOAL_BOOT"));
    GTEST_SKIP() << "the board's firmware or its emulator is not there";
  }

  Opened opened_;
};

void expect_oracles_frames(Engine& engine) {
  const Graph graph = small_graph();
  const size_t bytes = static_cast<size_t>(input_bytes(graph));
  unsigned given = 0, got = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    EXPECT_LE(given, unsigned{kFrames}) << "none is the end";
    if (given++ >= kFrames) return std::nullopt;
    return noise_bytes(bytes, given - 1);
  };
  engine.stream(next, [&](const Answer& a) {
    const Values wanted = run_oracle(graph, noise_bytes(bytes, got++));
    EXPECT_EQ(a.output, model_output(graph, wanted)) << "frame " << got - 1;
    if (!a.values) return;
    const std::vector<Bytes> values = a.values();
    for (const Op& op : graph.ops) {
      for (const int t : op.outputs) {
        const auto i = static_cast<size_t>(t);
        EXPECT_EQ(values[i], wanted[i]) << "tensor " << t;
      }
    }
  });
  EXPECT_EQ(given, kFrames + 1u);
  EXPECT_EQ(got, unsigned{kFrames});
}

TEST_P(Engines, GiveTheOraclesBytes) {
  Engine& engine = *opened_.engine;
  EXPECT_EQ(output_bytes(engine.graph()), output_bytes(small_graph()));
  expect_oracles_frames(engine);
  const EngineReport report = engine.report();
  EXPECT_EQ(report.frames, kFrames);
  EXPECT_EQ(report.runs, (kFrames + report.batch - 1) / report.batch);
  EXPECT_EQ(report.nodes.size(), GetParam().nodes);
  for (const EngineNode& n : report.nodes) EXPECT_GT(n.arena_bytes, 0u);
  EXPECT_FALSE(report.what.empty());
  EXPECT_FALSE(report.where.empty());
}

TEST_P(Engines, OthersOfItsKindDoTheSame) {
  const std::unique_ptr<Engine> other = opened_.engine->another();
  if (!other) GTEST_SKIP() << "there is only one";
  expect_oracles_frames(*opened_.engine);
  expect_oracles_frames(*other);
  EXPECT_EQ(opened_.engine->report().frames, kFrames);
  EXPECT_EQ(other->report().frames, kFrames);
}

TEST_P(Engines, NoFramesAreNoError) {
  opened_.engine->stream([] { return std::nullopt; },
                         [](const Answer&) { FAIL(); });
  EXPECT_EQ(opened_.engine->report().frames, 0);
}

INSTANTIATE_TEST_SUITE_P(Every, Engines, testing::ValuesIn(kWays),
                         [](const testing::TestParamInfo<Way>& info) {
                           return info.param.name;
                         });

TEST(FloatEngine, GivesTheFloatOraclesBytes) {
  const Graph graph = one_operator(OpKind::kSoftmax, {float_tensor({1, 9})},
                                   {float_tensor({1, 9})}, AlphaAttr{1});
  FloatEngine engine(std::make_shared<const Graph>(graph));
  FloatOracle oracle(graph);
  const auto input = [](int frame) {
    std::vector<float> v(9);
    for (size_t i = 0; i < 9; ++i) v[i] = static_cast<float>(i) * 0.1f * frame;
    return v;
  };
  int given = 0, got = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    if (given == kFrames) return std::nullopt;
    return bytes_of(input(given++));
  };
  engine.stream(next, [&](const Answer& a) {
    const FloatValues& values = oracle.run(input(got++));
    EXPECT_EQ(a.output, bytes_of(oracle.output()));
    const auto t = static_cast<size_t>(graph.outputs[0]);
    EXPECT_EQ(a.values()[t], bytes_of(values[t]));
  });
  EXPECT_EQ(got, kFrames);
  EXPECT_EQ(engine.report().frames, kFrames);
}

}  // namespace
}  // namespace shoal
