// Every golden model runs from a store: nothing of its weights lies in flash,
// they are read from a file that was written for this plan, once as it is and
// once sealed. The model itself is not at hand when it runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/base/temporary_folder.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/program/store/open_store.h"
#include "host/program/store/write_store.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr SharedKey kKey{5, 3, 1};

class StoreGoldenTest : public testing::TestWithParam<std::string> {
 protected:
  // Two frames, the inputs as different as there are; all of them are
  // golden_test's.
  static std::vector<GoldenCase> two_cases() {
    const fs::path folder = shared_dir() / "golden" / GetParam();
    const std::vector<std::string> names = golden_cases(folder);
    if (names.empty()) return {};
    return {read_golden_case(folder, names.front()),
            read_golden_case(folder, names.back())};
  }

  // Returns the plan's node; the store is in `folder_`.
  PlanNode write(Objective objective, const std::optional<SharedKey>& key) {
    PlanRequest request = one_node(find_board("teensy41"));
    request.node().flash_weights = 0;
    request.node().storage = "sd-4bit";
    request.objective = objective;
    request.node().sealed = key.has_value();
    const Prepared p = prepare(load_model(golden_model_file(GetParam())),
                               request, Images::kNone);
    write_store(own_store(folder_.string(), {}), folder_.string(), p.graph,
                p.net, p.plan, {.key = key});
    return p.plan.nodes[0];
  }

  void run(const PlanNode& plan, const std::optional<SharedKey>& key) const {
    const StoreInfo info = read_store_info(folder_.string(), key);
    const OpenStore store(folder_.string(), info, 0, key);
    const FileCounters& seen = store.storage().counters();
    EXPECT_EQ(info.sealed, key.has_value());
    EXPECT_EQ(store.node().arena_bytes, plan.arena_bytes);
    NodeRunner runner(info.graph, info.net, store.source(), plan.arena_bytes);
    const int64_t kept = seen.read_bytes;
    EXPECT_EQ(kept > 0, plan.layout.keep_bytes > 0);
    EXPECT_LE(kept, plan.layout.keep_bytes);
    const std::vector<GoldenCase> cases = two_cases();
    ASSERT_FALSE(cases.empty());
    for (const GoldenCase& golden : cases) {
      const int64_t before = seen.read_bytes;
      // Not EXPECT_EQ: the bytes of a large output are no message.
      EXPECT_TRUE(runner.run(golden.input) == golden.output) << golden.name;
      EXPECT_EQ(seen.read_bytes - before, plan.storage_read_bytes);
    }
    // Some models have no weights at all.
    EXPECT_EQ(plan.flash_weight_bytes, 0);
    const int64_t weights = plan.sram_weight_bytes + plan.tape_bytes;
    EXPECT_EQ(seen.reads > 0, weights > 0);
    EXPECT_GE(seen.read_bytes, weights);
    EXPECT_EQ(seen.writes + seen.erases, 0);
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_P(StoreGoldenTest, FastestOnTheBoard) {
  run(write(Objective::kLatency, {}), {});
}

TEST_P(StoreGoldenTest, SmallestArenaSealed) {
  run(write(Objective::kRam, kKey), kKey);
}

INSTANTIATE_TEST_SUITE_P(Models, StoreGoldenTest,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

}  // namespace
}  // namespace shoal
