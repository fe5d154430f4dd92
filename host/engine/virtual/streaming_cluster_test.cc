// Clusters whose nodes read their weights from storages of their own.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/store_image.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

class StreamingCluster : public testing::Test {
 protected:
  // Arenas are too small to keep all weights.
  void plan(int nodes, const char* strategy) {
    cluster_ = uniform_cluster(nodes, find_board("teensy41"), 2200);
    for (ClusterNode& n : cluster_.nodes) n.flash_weights = 0;
    p_ = prepare(small_graph(), linked_nodes(cluster_, strategy));
    expected_ = model_output(p_.graph, run_oracle(p_.graph, input_));
  }
  SimResult run(SimOptions options) {
    options.output = [&](int frame, const std::vector<uint8_t>& output) {
      EXPECT_EQ(output, expected_) << "frame " << frame;
    };
    return simulate_cluster(p_, cluster_, input_, options);
  }

  const std::vector<uint8_t> input_ = noise_bytes(kSmallInput, 4);
  Cluster cluster_;
  Prepared p_;
  std::vector<uint8_t> expected_;
};

TEST_F(StreamingCluster, EveryStrategyGivesTheOraclesBytes) {
  int64_t in_frames = 0;
  for (const char* const strategy : {"spatial", "kernel", "layer"}) {
    for (const int nodes : {1, 2, 3, 5}) {
      SCOPED_TRACE(std::string(strategy) + " " + std::to_string(nodes));
      plan(nodes, strategy);
      SimOptions options;
      options.frames = 3;
      const SimResult r = run(options);
      for (size_t n = 0; n < r.nodes.size(); ++n) {
        // A set of the first stage is read when the frame before has ended.
        const int64_t planned = p_.plan.nodes[n].storage_read_bytes;
        EXPECT_GE(r.nodes[n].counts.storage.read_bytes, 2 * planned);
        // Weights that stay are read once, before the first frame.
        const int64_t kept = p_.plan.nodes[n].sram_weight_bytes;
        EXPECT_LE(r.nodes[n].counts.storage.read_bytes, 4 * planned + 4 * kept);
        EXPECT_EQ(r.nodes[n].counts.storage.written_bytes, 0);
        in_frames += planned;
      }
    }
  }
  EXPECT_GT(in_frames, 0);
}

TEST_F(StreamingCluster, BadLuckOnTheNetworkChangesNoByte) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const char* const strategies[] = {"spatial", "kernel", "layer"};
    plan(2 + static_cast<int>(seed % 4), strategies[seed % 3]);
    SimOptions options;
    options.network.loss = options.network.duplicate = 0.2;
    options.network.reorder = 0.2;
    options.network.jitter = kMillisecond / 2;
    options.network.seed = seed;
    options.costs = seed % 4 != 0;
    options.frames = 3;
    run(options);
  }
}

TEST_F(StreamingCluster, SealedStoresOpenWithTheirKeyAlone) {
  plan(3, "kernel");
  SimOptions open;
  open.frames = 2;
  const double plain_s = run(open).latency_s();
  for (PlanNode& n : p_.plan.nodes) n.sealed = true;
  SimOptions sealed;
  sealed.frames = 2;
  seal_stores(p_, 7, sealed);
  EXPECT_GT(run(sealed).latency_s(), plain_s);
  // Another node's key, and none.
  for (const bool none : {false, true}) {
    SimOptions wrong = sealed;
    wrong.store_keys[1] = sealed.store_keys[2];
    if (none) wrong.store_keys.resize(1);
    try {
      run(wrong);
      ADD_FAILURE() << "a store without its key was opened";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("node1"), std::string::npos)
          << e.what();
    }
  }
}

// The store of a node with other weights, or one that ends early.
TEST_F(StreamingCluster, AStoreThatIsNotTheProgramsIsRefused) {
  plan(2, "kernel");
  const auto error = [&](const std::vector<uint8_t>& store) {
    SimOptions options;
    options.stores = {{}, store};
    try {
      run(options);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  EXPECT_NE(error(p_.images[0]).find("node1"), std::string::npos);
  std::vector<uint8_t> store = p_.images[1];
  store.resize(store.size() - 32);
  EXPECT_NE(error(store).find("node1"), std::string::npos);
  store = p_.images[1];
  store[store.size() - 20] ^= 1;  // of the last chunk's bytes
  EXPECT_NE(error(store).find("node1"), std::string::npos);
  EXPECT_EQ(error(p_.images[1]), "none");
}

}  // namespace
}  // namespace shoal
