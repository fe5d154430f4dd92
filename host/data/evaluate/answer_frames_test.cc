// The same answers whatever runs the frames: every plan, any number of
// threads, interrupted or not; those of the oracle.
#include "host/data/evaluate/answer_frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>

#include "host/base/error.h"
#include "host/base/temporary_folder.h"
#include "host/board/board.h"
#include "host/data/evaluate/testing/small_task.h"
#include "host/engine/local/float_engine.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/import/import.h"
#include "host/oracle/float/testing/one_operator.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

constexpr int kFrames = 23;

class RunnersTest : public testing::Test {
 protected:
  RunnersTest()
      : graph_(import_tflite(small_classifier(1), "m")),
        data_(small_data(2, kFrames)) {
    for (int64_t i = 0; i < kFrames; ++i) {
      const Values values = run_oracle(graph_, data_.bytes(i));
      wanted_[i] = best_classes_of(graph_, model_output(graph_, values));
    }
  }
  PlanRequest host() const {
    PlanRequest request = one_node(find_board("host"));
    return request;
  }
  std::unique_ptr<Engine> node(const PlanRequest& request) const {
    return node_engine(std::make_shared<const Prepared>(
                           prepare(graph_, request, Images::kNone)),
                       {});
  }
  std::unique_ptr<Engine> cluster(const PlanRequest& request,
                                  SimOptions options) const {
    options.costs = false;
    options.first_alone = false;
    return std::make_unique<VirtualEngine>(
        std::make_shared<const Prepared>(prepare(graph_, request)),
        request.cluster, options);
  }
  void expect_exact(const PlanRequest& request, int jobs) {
    Frames frames(graph_, data_, {});
    answer_frames(*node(request), jobs, frames);
    EXPECT_EQ(frames.answers(), wanted_);
  }

  const Graph graph_;
  const ListedData data_;
  Answers wanted_;
};

TEST_F(RunnersTest, AnswersDiffer) {
  std::set<BestClasses> said;
  for (const auto& [item, answer] : wanted_) said.insert(answer);
  EXPECT_GT(said.size(), 5u);  // else nothing here could fail
}

TEST_F(RunnersTest, EveryPlanOfOneNodeGivesTheOraclesAnswers) {
  for (const int jobs : {1, 3, 64}) expect_exact(host(), jobs);
  PlanRequest smallest = host();
  smallest.objective = Objective::kRam;
  expect_exact(smallest, 2);
  PlanRequest batched = host();
  batched.batch = 4;
  expect_exact(batched, 2);
  PlanRequest stored = host();
  stored.node().board = find_board("teensy41");
  stored.node().flash_weights = 0;
  expect_exact(stored, 2);
  stored.batch = 5;
  expect_exact(stored, 1);
}

TEST_F(RunnersTest, ClustersGiveTheOraclesAnswers) {
  for (const char* strategy : {"spatial", "kernel"}) {
    const PlanRequest request =
        linked_nodes(uniform_cluster(3, find_board("host"), {}), strategy);
    for (const int jobs : {1, 2, 5}) {
      SimOptions options;
      options.network.loss = 0.02;
      Frames frames(graph_, data_, {});
      answer_frames(*cluster(request, options), jobs, frames);
      EXPECT_EQ(frames.answers(), wanted_) << strategy << jobs;
    }
  }
}

TEST(AnswersOfFloats, GivesTheLargestScores) {
  const Graph graph = one_operator(OpKind::kSoftmax, {float_tensor({1, 9})},
                                   {float_tensor({1, 9})}, AlphaAttr{1});
  std::mt19937 random(3);
  std::vector<std::vector<uint8_t>> items;
  Answers wanted;
  for (int64_t i = 0; i < 50; ++i) {
    std::vector<float> scores(9);
    for (float& s : scores) s = static_cast<float>(random() % 100) / 50;
    items.push_back(bytes_of(scores));
    wanted[i] = best_classes_of(graph, items.back());
  }
  const ListedData data(items, std::vector<int>(items.size()));
  for (const int jobs : {1, 3}) {
    Frames frames(graph, data, {});
    FloatEngine engine(std::make_shared<const Graph>(graph));
    answer_frames(engine, jobs, frames);
    EXPECT_EQ(frames.answers(), wanted);
  }
}

TEST_F(RunnersTest, ALimitIsASample) {
  FramesOptions options;
  options.limit = 5;
  Frames frames(graph_, data_, options);
  std::vector<int64_t> items;
  while (const auto item = frames.next()) items.push_back(*item);
  EXPECT_EQ(items, sample_items(kFrames, 5));
  EXPECT_EQ(items.size(), 5u);
  options.limit = 1000;
  EXPECT_EQ(Frames(graph_, data_, options).left(), kFrames);
}

TEST(SampleItems, GrowAndFavourNoTurn) {
  std::vector<int64_t> before;
  for (const int64_t limit : {0, 1, 10, 500, 5000, 9999, 10000, 10001}) {
    const std::vector<int64_t> items = sample_items(10000, limit);
    EXPECT_EQ(static_cast<int64_t>(items.size()),
              std::min<int64_t>(limit, 10000));
    EXPECT_TRUE(std::ranges::is_sorted(items));
    EXPECT_TRUE(std::ranges::includes(items, before));
    before = items;
  }
  // Classes that take turns, and classes one after the other.
  std::vector<int> turns(10), tenths(10);
  for (const int64_t item : sample_items(10000, 1000)) {
    ++turns[static_cast<size_t>(item % 10)];
    ++tenths[static_cast<size_t>(item / 1000)];
  }
  for (const std::vector<int>& counts : {turns, tenths}) {
    EXPECT_GT(*std::ranges::min_element(counts), 70);
    EXPECT_LT(*std::ranges::max_element(counts), 130);
  }
}

TEST_F(RunnersTest, AResumedRunHasTheSameAnswers) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "j").string();
  const JournalLimits limits{"key", kFrames, 8};
  int64_t known = 0;
  // Different plans go on where others were.
  for (const int64_t limit : {4, 9, kFrames, kFrames}) {
    Journal journal(path, limits);
    FramesOptions options;
    options.limit = limit;
    options.journal = &journal;
    int64_t last = known;
    options.progress = [&](int64_t done, int64_t of) {
      EXPECT_EQ(of, limit);
      last = done;
    };
    PlanRequest plan = host();
    if (limit == 9) plan.objective = Objective::kRam;
    Frames frames(graph_, data_, options);
    answer_frames(*node(plan), 2, frames);
    EXPECT_EQ(last, limit);
    EXPECT_EQ(frames.answers().size(), static_cast<size_t>(limit));
    for (const auto& [item, answer] : frames.answers()) {
      EXPECT_EQ(answer, wanted_.at(item));
    }
    known = limit;
  }
}

// The answer is of what was read; what lies there at the end has none.
TEST_F(RunnersTest, AnItemThatChangesOnTheWayIsNotTakenForTheNewOne) {
  class Changing final : public ListedData {
   public:
    using ListedData::ListedData;
    std::vector<uint8_t> bytes(int64_t i) const override {
      std::vector<uint8_t> bytes = ListedData::bytes(i);
      if (changed) bytes[0] ^= 1;
      return bytes;
    }
    bool changed = false;
  };
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "j").string();
  const JournalLimits limits{"key", 1, 8};
  Changing data({data_.bytes(0)}, {0});
  {
    Journal journal(path, limits);
    Frames frames(graph_, data, {.journal = &journal});
    ASSERT_EQ(frames.next(), 0);
    const Values values = run_oracle(graph_, frames.input(0));
    data.changed = true;
    frames.done(0, model_output(graph_, values));
  }
  Journal journal(path, limits);
  const auto resume = [&] {
    return Frames(graph_, data, {.journal = &journal}).resumed();
  };
  EXPECT_THROW(resume(), Error);
  data.changed = false;
  EXPECT_EQ(resume(), 1);
}

TEST_F(RunnersTest, TheFirstErrorEndsTheRun) {
  std::vector<std::vector<uint8_t>> items(200);
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].resize(i == 20 ? 5 : data_.bytes(0).size());
  }
  const ListedData broken(items, std::vector<int>(items.size()));
  const auto expect_named = [&](Engine& engine) {
    Frames frames(graph_, broken, {});
    try {
      answer_frames(engine, 2, frames);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_TRUE(std::string(e.what()).starts_with("item-20.bin: 5 bytes"));
    }
    EXPECT_LT(frames.answers().size(), 190u);
  };
  expect_named(*node(host()));
  expect_named(
      *cluster(linked_nodes(uniform_cluster(2, find_board("host"), {})), {}));
}

}  // namespace
}  // namespace shoal
