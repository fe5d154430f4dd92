#include "host/study/split_study.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/charts/page_files.h"
#include "host/charts/testing/xml.h"

namespace shoal {
namespace {

Graph picture_graph(const std::string& name) {
  Graph graph;
  graph.name = name;
  Tensor input;
  input.shape = {1, 224, 224, 3};
  graph.tensors = {input};
  graph.inputs = {0};
  return graph;
}

SplitStudyOptions options() {
  SplitStudyOptions o;
  o.board = &find_board("teensy41");
  o.command = "shoal study split m.tflite";
  o.threads = 2;
  return o;
}

// Numbers that say where they come from.
Point made_up(const Setting& s) {
  Point p;
  if (s.strategy == "layer" && s.nodes == 64) {
    p.error = "64 nodes, but 50 layers; fewer nodes";
    return p;
  }
  p.arena_bytes = 1024 * (400 / s.nodes + 1);
  p.program_bytes = 1024 * 100;
  p.macs = 100 / s.nodes;
  p.total_macs = 100;
  p.latency_s = 2.0 / s.nodes;
  p.compute_s = p.node_compute_s = 1.5 / s.nodes;
  p.communication_s = p.node_communication_s = 0.5 / s.nodes;
  p.sent_bytes = 1'100'000;
  p.sent_row_bytes = 1'000'000;
  p.bound = "compute of node0";
  return p;
}

StudyResult study_of(const std::string& model, Points& points) {
  const Paper paper = parse_paper("paper_split.toml", paper_split_toml());
  return split_study(picture_graph(model), paper, options(), points, {});
}

const Question* find(const Document& study, const std::string& id) {
  for (const Question& q : study.sections) {
    if (q.id == id) return &q;
  }
  return nullptr;
}

TEST(SplitStudy, AnswersEveryQuestionOnOneWellFormedPage) {
  Points points(made_up);
  const StudyResult result = study_of("tf2_mobilenet_v2_1.0_224_ptq", points);
  for (const char* id : {"ram", "latency", "traffic", "sizes", "unequal",
                         "memory", "link", "paper"}) {
    ASSERT_NE(find(result.document, id), nullptr) << id;
    EXPECT_FALSE(find(result.document, id)->charts.empty()) << id;
  }
  int drawings = 0;
  for (const XmlElement& e : read_xml(document_page(result.document))) {
    drawings += e.name == "canvas";
  }
  EXPECT_EQ(drawings, *page_files::kChartJs == '\0' ? 0 : 13);
  EXPECT_TRUE(result.broken.empty());
}

TEST(SplitStudy, EveryNumberHasAnOrigin) {
  Points points(made_up);
  const StudyResult result = study_of("tf2_mobilenet_v2_1.0_224_ptq", points);
  for (const Question& q : result.document.sections) {
    for (const Chart& chart : q.charts) {
      for (const int k : chart.series) {
        EXPECT_NE(chart.table.columns[size_t(k)].origin, Origin::kSetting)
            << q.id << " " << chart.title;
      }
    }
  }
}

TEST(SplitStudy, TheTablesHoldThePoints) {
  Points points(made_up);
  const StudyResult result = study_of("tf2_mobilenet_v2_1.0_224_ptq", points);
  const ChartTable& ram = find(result.document, "ram")->charts[0].table;
  ASSERT_EQ(ram.rows.size(), 11u);
  EXPECT_EQ(ram.columns[4].origin, Origin::kQuoted);
  EXPECT_EQ(std::get<double>(ram.rows[7][0]), 8);
  EXPECT_EQ(std::get<double>(ram.rows[7][1]), 51);
  EXPECT_EQ(std::get<double>(ram.rows[7][4]), 499);
  const ChartTable& parts = find(result.document, "latency")->charts[0].table;
  EXPECT_EQ(parts.rows.size(), 1u + 9 * 3 + 2);
  EXPECT_EQ(std::get<double>(parts.rows[0][5]), 2000);
  const ChartTable& traffic = find(result.document, "traffic")->charts[1].table;
  EXPECT_NEAR(std::get<double>(traffic.rows[3][1]), 10, 1e-9);
}

TEST(SplitStudy, APointThatIsNotThereIsANoteAndAnEmptyCell) {
  Points points(made_up);
  const StudyResult result = study_of("tf2_mobilenet_v2_1.0_224_ptq", points);
  const Question* ram = find(result.document, "ram");
  ASSERT_EQ(ram->notes.size(), 1u);
  EXPECT_EQ(ram->notes[0],
            "layer, 64 nodes, least RAM: 64 nodes, but 50 layers; fewer nodes");
  const Row& last = ram->charts[0].table.rows.back();
  EXPECT_TRUE(std::holds_alternative<std::monostate>(last[2]));
  EXPECT_TRUE(std::holds_alternative<double>(last[1]));
}

TEST(SplitStudy, AnotherNetworkIsNotSetBesideThePaper) {
  Points points(made_up);
  const StudyResult result = study_of("vww_96_int8", points);
  EXPECT_EQ(find(result.document, "paper"), nullptr);
  for (const Column& c :
       find(result.document, "ram")->charts[0].table.columns) {
    EXPECT_NE(c.origin, Origin::kQuoted);
  }
}

TEST(SplitStudy, BrokenPointsAreNamed) {
  Points points([](const Setting& s) {
    Point p = made_up(s);
    if (s.nodes == 2) p.error = "a wrong plan", p.is_broken = true;
    return p;
  });
  const StudyResult result = study_of("vww_96_int8", points);
  ASSERT_FALSE(result.broken.empty());
  EXPECT_NE(result.broken[0].find("2 nodes"), std::string::npos);
}

TEST(Points, EachIsMadeOnce) {
  std::mutex mutex;
  std::map<Setting, int> count;
  Points points([&](const Setting& s) {
    const std::lock_guard lock(mutex);
    ++count[s];
    return made_up(s);
  });
  study_of("tf2_mobilenet_v2_1.0_224_ptq", points);
  EXPECT_GT(count.size(), 60u);
  for (const auto& [setting, times] : count) {
    EXPECT_EQ(times, 1) << describe(setting);
  }
}

TEST(Points, AFailureReachesTheCaller) {
  Points points([](const Setting&) -> Point {
    throw Error(Exit::kInternal, "out of luck");
  });
  points.find({});
  EXPECT_THROW(points.compute(3, {}), Error);
}

TEST(ParseNumbers, RangesAndLists) {
  EXPECT_EQ(parse_numbers("1..4,16,2", "--nodes", 64),
            (std::vector<int>{1, 2, 3, 4, 16}));
  EXPECT_EQ(parse_numbers("7", "--nodes", 64), (std::vector<int>{7}));
  for (const char* text : {"", "0", "65", "1,", "1..", "4..1", "a", "1;2",
                           "1...3", "-1", "99999999999"}) {
    expect_throws([&] { parse_numbers(text, "--nodes", 64); }, Exit::kUsage,
                  "--nodes");
  }
}

}  // namespace
}  // namespace shoal
