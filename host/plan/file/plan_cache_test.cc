// The cache finds what was stored, but nothing damaged, and does not grow
// without end.
#include "host/plan/file/plan_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/board/board.h"
#include "host/lower/net.h"
#include "host/model/zoo/zoo.h"
#include "host/plan/file/plan_file.h"
#include "host/plan/planner/planner.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class PlanCacheTest : public testing::Test {
 protected:
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      all.push_back(entry.path());
    }
    return all;
  }

  TemporaryFolder folder_;
  const PlanCache cache_{folder_.path().string(), PlanCache::kMostBytes};
  const Net net_ = lower(zoo_model("zoo:squeezenet1_1@64"));
  const PlanRequest request_ = one_node(find_board("teensy41"));
  const Plan plan_ = make_plan(net_, request_);
};

TEST_F(PlanCacheTest, WhatWasKeptIsFound) {
  EXPECT_FALSE(cache_.find(net_, request_));
  cache_.keep(net_, request_, plan_);
  const std::optional<Plan> found = cache_.find(net_, request_);
  ASSERT_TRUE(found);
  EXPECT_EQ(stored_plan(net_, *found), stored_plan(net_, plan_));
  PlanRequest other = request_;
  other.objective = Objective::kRam;
  EXPECT_FALSE(cache_.find(net_, other));
}

TEST_F(PlanCacheTest, WhatIsDamagedIsNotFound) {
  cache_.keep(net_, request_, plan_);
  ASSERT_EQ(files().size(), 1u);
  const std::string file = files()[0].string();
  const std::vector<uint8_t> whole = read_file(file);
  for (size_t i = 0; i < 200; ++i) {
    std::vector<uint8_t> bad = whole;
    bad[whole.size() * i / 200] ^= static_cast<uint8_t>(1u << (i % 8));
    write_file(file, bad);
    EXPECT_FALSE(cache_.find(net_, request_)) << i;
    bad = whole;
    bad.resize(whole.size() * i / 200);
    write_file(file, bad);
    EXPECT_FALSE(cache_.find(net_, request_)) << i;
  }
  write_file(file, whole);
  EXPECT_TRUE(cache_.find(net_, request_));
}

TEST_F(PlanCacheTest, WhatWasUsedLeastRecentlyGoes) {
  cache_.keep(net_, request_, plan_);
  const int64_t bytes = static_cast<int64_t>(fs::file_size(files()[0]));
  const PlanCache small(folder_.path().string(), 3 * bytes + bytes / 2);
  const auto of_payload = [this](uint32_t payload) {
    PlanRequest request = request_;
    request.max_payload = payload;
    return request;
  };
  for (uint32_t payload = 1000; payload < 1006; ++payload) {
    small.keep(net_, of_payload(payload), plan_);
    ASSERT_TRUE(small.find(net_, of_payload(1000))) << payload;
    EXPECT_LE(files().size(), 3u);
  }
  EXPECT_TRUE(small.find(net_, of_payload(1005)));
  EXPECT_FALSE(small.find(net_, of_payload(1001)));
}

TEST_F(PlanCacheTest, SeveralMayWriteAtOnce) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this] {
      for (int k = 0; k < 10; ++k) {
        cache_.keep(net_, request_, plan_);
        EXPECT_TRUE(cache_.find(net_, request_));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(files().size(), 1u);
}

// A cache that cannot be written is empty, and that is no error.
TEST_F(PlanCacheTest, AFolderThatCannotBeIsNoError) {
  const PlanCache none("/dev/null/shoal", PlanCache::kMostBytes);
  none.keep(net_, request_, plan_);
  EXPECT_FALSE(none.find(net_, request_));
}

}  // namespace
}  // namespace shoal
