#include "host/data/evaluate/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "host/base/error.h"
#include "host/data/evaluate/testing/small_task.h"

namespace shoal {
namespace {

Graph scores(int count, Type type) {
  Graph graph;
  Tensor t;
  t.name = "scores";
  t.file_type = type;
  t.type = type == Type::kUint8 ? Type::kInt8 : type;
  t.shape = {1, count};
  graph.tensors = {t};
  graph.outputs = {0};
  return graph;
}

std::vector<uint8_t> floats(const std::vector<float>& values) {
  std::vector<uint8_t> out(values.size() * sizeof(float));
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

TEST(BestClasses, EqualScoresGoToTheLowerNumber) {
  const Graph int8 = scores(7, Type::kInt8);
  EXPECT_EQ(best_classes_of(int8, std::vector<uint8_t>{5, 9, 9, 0x80, 9, 5, 1}),
            (BestClasses{1, 2, 4, 0, 5}));
  EXPECT_EQ(best_classes_of(int8, std::vector<uint8_t>(7, 0x80)),
            (BestClasses{0, 1, 2, 3, 4}));
  const Graph uint8 = scores(7, Type::kUint8);
  EXPECT_EQ(
      best_classes_of(uint8, std::vector<uint8_t>{5, 9, 9, 0x80, 9, 5, 1}),
      (BestClasses{3, 1, 2, 4, 0}));
  const Graph real = scores(3, Type::kFloat32);
  EXPECT_EQ(best_classes_of(real, floats({-INFINITY, NAN, -1})),
            (BestClasses{2, 0, 1, -1, -1}));
}

TEST(BestClasses, AreThoseOfASort) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int count = 1 + static_cast<int>(random() % 40);
    std::vector<uint8_t> bytes(static_cast<size_t>(count));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() % 9);
    std::vector<int> order;
    for (int c = 0; c < count; ++c) order.push_back(c);
    std::ranges::stable_sort(order, std::greater<>(), [&](int c) {
      return bytes[static_cast<size_t>(c)];
    });
    order.resize(kBest, -1);
    const BestClasses best = best_classes_of(scores(count, Type::kInt8), bytes);
    EXPECT_EQ(std::vector<int>(best.begin(), best.end()), order);
  }
}

TEST(BestClasses, OnlyOfClassifiers) {
  Graph graph = scores(4, Type::kInt8);
  graph.tensors[0].shape = {1, 4, 4, 21};
  EXPECT_THROW(class_count(graph), Error);
  graph.tensors[0].shape = {1, 1, 1, 1001};
  EXPECT_EQ(class_count(graph), 1001);
}

void refused(const Graph& graph, const Dataset& data,
             const std::vector<std::string>& labels, int offset,
             const std::string& what) {
  try {
    match_classes(graph, data, labels, offset);
    FAIL() << "wanted: " << what;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(std::string(e.what()).find(what), std::string::npos) << e.what();
  }
}

TEST(MatchClasses, ByNumber) {
  const ListedData data({{}, {}, {}}, {2, 0, 1});
  const Classes same = match_classes(scores(3, Type::kInt8), data, {}, 0);
  EXPECT_EQ(same.truth, (std::vector<int>{2, 0, 1}));
  EXPECT_TRUE(same.notes.empty());
  EXPECT_EQ(same.name(2), "2");
  const Classes more =
      match_classes(scores(4, Type::kInt8), data, {"none", "a", "b", "c"}, 1);
  EXPECT_EQ(more.truth, (std::vector<int>{3, 1, 2}));
  EXPECT_EQ(more.name(3), "c");
  ASSERT_EQ(more.notes.size(), 1u);
  EXPECT_EQ(more.notes[0],
            "the model has 4 outputs, the data 3 classes: class c is output c "
            "+ 1 (--label-offset)");
  refused(
      scores(2, Type::kInt8), data, {}, 0,
      "item-0.bin is of class 2, output 2 of the model, which has 2 outputs");
  refused(scores(3, Type::kInt8), data, {}, -1, "output -1");
  refused(scores(3, Type::kInt8), ListedData({{}, {}}, {0, -1}), {}, 0,
          "item-1.bin has no label to compare its answer with");
}

TEST(MatchClasses, ByName) {
  const ListedData data({{}, {}}, {0, 1}, {"bag", "shirt"});
  const Graph graph = scores(3, Type::kInt8);
  const Classes by_name =
      match_classes(graph, data, {"shirt", "coat", "bag"}, 0);
  EXPECT_EQ(by_name.truth, (std::vector<int>{2, 0}));
  EXPECT_EQ(by_name.name(1), "coat");
  const Classes by_number = match_classes(graph, data, {"x", "y"}, 0);
  EXPECT_EQ(by_number.truth, (std::vector<int>{0, 1}));
  EXPECT_EQ(by_number.notes.size(), 2u);  // classes and labels are too few
  const Classes unnamed = match_classes(graph, data, {}, 1);
  EXPECT_EQ(unnamed.names, (std::vector<std::string>{"0", "bag", "shirt"}));
  ASSERT_EQ(unnamed.notes.size(), 2u);  // the first: counts differ
  EXPECT_EQ(
      unnamed.notes[1],
      "folders are numbered in the order of their names; give --labels if the "
      "model has another order");
  refused(graph, data, {"shirt", "y"}, 0,
          "'bag' of the data is not among the labels, 1 of 2 are");
  refused(graph, data, {"shirt", "bag"}, 1, "--label-offset");
}

TEST(CountAnswers, CountsWhatWasSaid) {
  Classes classes;
  classes.count = 7;
  classes.truth = {0, 0, 1, 6};
  const Accuracy a = count_answers(classes, {{0, {0, 1, 2, 3, 4}},
                                             {1, {1, 2, 3, 4, 0}},
                                             {2, {0, 2, 3, 4, 5}},
                                             {3, {6, 0, 1, 2, 3}}});
  EXPECT_EQ(a.frames, 4);
  EXPECT_EQ(a.top1, 2);
  EXPECT_EQ(a.top5, 3);
  EXPECT_EQ(a.classes_seen(), 3);
  EXPECT_DOUBLE_EQ(a.classes[0].recall(), 0.5);
  EXPECT_DOUBLE_EQ(a.mean_recall(), 0.5);
  const std::map<std::pair<int, int>, int64_t> wanted{
      {{0, 0}, 1}, {{0, 1}, 1}, {{1, 0}, 1}, {{6, 6}, 1}};
  EXPECT_EQ(a.confusion, wanted);
  EXPECT_EQ(count_answers(classes, {}).mean_recall(), 0);
}

}  // namespace
}  // namespace shoal
