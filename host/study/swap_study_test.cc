#include "host/study/swap_study.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/base/error.h"
#include "host/charts/page_files.h"
#include "host/charts/testing/xml.h"
#include "host/study/swap_cache.h"

namespace shoal {
namespace {

SwapStudyOptions swap_options() {
  SwapStudyOptions o;
  o.networks = {"squeezenet1_1@64", "mobilenet_v2@64"};
  o.boards = {"stm32h743"};
  o.storages = {"sd-4bit", "qspi-nor"};
  o.rams = {64 * 1024, 512 * 1024};
  o.command = "shoal study swap";
  o.threads = 2;
  return o;
}

// Numbers that say where they come from. The second network fits nowhere
// without writing.
SwapPoint made_up_swap(const SwapSetting& s) {
  SwapPoint p;
  const bool second = s.network[0] == 'm';
  if (second && s.objective == Objective::kRam && !s.writes) {
    p.error = "ARENA does not fit";
    return p;
  }
  p.arena_bytes = s.objective == Objective::kRam ? 40'000 : s.ram;
  p.seconds = s.ram == 0 ? 2 : s.sealed ? 4 : 3;
  p.load = {1e6, 1, p.seconds, 5'000'000, s.writes ? 4096 : 0};
  p.years_at_1_fps = s.writes ? 0.5 : 0;
  p.stages = {{"conv1 .. conv2", false, 2, 1.5, 0.1, 1, 900'000, 1'000'000, 1},
              {"fc", true, 1, 0.1, 0, 0.9, 100'000, 4'000'000, 1}};
  p.layers = {{"conv1", 900'000, 1000, 1.5},
              {"fc", 100'000, 44'000'000, 0.1, true}};
  p.planned_s = 3;
  p.waits = 7;
  p.is_equal = true;
  return p;
}

StudyResult study_of(SwapPoints& points) {
  const SwapPaper paper =
      parse_swap_paper("paper_swap.toml", paper_swap_toml());
  SwapNetworks networks;
  return swap_study(swap_options(), paper, networks, points, {});
}

const Question& question(const Document& study, const std::string& id) {
  for (const Question& q : study.sections) {
    if (q.id == id) return q;
  }
  throw Error(Exit::kInternal, "no question " + id);
}

double number(const Cell& cell, int line = __builtin_LINE()) {
  const double* const value = std::get_if<double>(&cell);
  if (!value) ADD_FAILURE() << "line " << line << ": cell " << cell.index();
  return value ? *value : 0;
}

TEST(SwapStudy, TheTablesHoldThePoints) {
  SwapPoints points(made_up_swap);
  const Document study = study_of(points).document;
  const Chart& slow = question(study, "slowdown").charts[0];
  ASSERT_EQ(slow.table.rows.size(), 2u);
  EXPECT_DOUBLE_EQ(number(slow.table.rows[0][1]), 1.5);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(slow.table.rows[0][2]));
  const Row& parts = question(study, "slowdown").charts.back().table.rows[0];
  EXPECT_NEAR(number(parts[6]), 100 * (2 / 1.5 - 1), 1e-9);
  EXPECT_NEAR(number(parts[7]), 4, 1e-9);  // MB/s
  EXPECT_NEAR(number(parts[8]), 100 * 4.0 / 22, 1e-9);
  const Row& encrypted = question(study, "encryption").charts[0].table.rows[0];
  EXPECT_NEAR(number(encrypted[6]), 100.0 / 3, 1e-9);
  const ChartTable& roof = question(study, "roofline").charts[0].table;
  ASSERT_EQ(roof.rows.size(), 2u);
  ASSERT_EQ(roof.rows[1].size(), 9u);
  EXPECT_NEAR(number(roof.rows[1][8]), 100 * (2 / 1.6 - 1), 1e-9);
  const ChartTable& layers = question(study, "roofline").charts[1].table;
  EXPECT_EQ(std::get<std::string>(layers.rows[0][6]), "arithmetic");
  EXPECT_EQ(std::get<std::string>(layers.rows[1][6]), "storage");
}

TEST(SwapStudy, EveryRowIsAsLongAsItsTable) {
  SwapPoints points(made_up_swap);
  const Document study = study_of(points).document;
  for (const Question& q : study.sections) {
    for (const Chart& chart : q.charts) {
      for (const Row& row : chart.table.rows) {
        EXPECT_EQ(row.size(), chart.table.columns.size()) << chart.title;
      }
    }
  }
  const Row& fit = question(study, "fit").charts[0].table.rows[0];
  EXPECT_EQ(std::get<std::string>(fit[4]), "fits");
}

TEST(SwapStudy, OnlyRowsThatSaySoWrite) {
  SwapPoints points(made_up_swap);
  const Document study = study_of(points).document;
  const ChartTable& wear = question(study, "wear").charts[0].table;
  // Where writing is tried, it is because nothing else is known to fit.
  for (const auto& [setting, point] : points.all()) {
    if (setting.writes) continue;
    EXPECT_EQ(point.load.written_bytes, 0) << describe(setting);
  }
  for (const Row& row : wear.rows) EXPECT_GT(number(row[4]), 0);
}

TEST(SwapStudy, ThePageIsWellFormedAndComplete) {
  SwapPoints points(made_up_swap);
  const Document study = study_of(points).document;
  const std::string page = document_page(study);
  int drawings = 0;
  for (const XmlElement& e : read_xml(page)) drawings += e.name == "canvas";
  EXPECT_EQ(drawings, *page_files::kChartJs == '\0' ? 0 : 2 + 2 + 1 + 1);
  for (const char* id : {"fit", "slowdown", "bytes", "wear", "energy",
                         "encryption", "roofline", "runs", "paper"}) {
    EXPECT_NE(page.find("<section id=\"" + std::string(id) + "\""),
              std::string::npos)
        << id;
  }
  EXPECT_EQ(page.find("http://"), page.find("http://www.w3.org"));
}

TEST(SwapStudy, AWrongOutputIsBroken) {
  SwapPoints points([](const SwapSetting& s) {
    SwapPoint p = made_up_swap(s);
    p.is_equal = false;
    return p;
  });
  const StudyResult result = study_of(points);
  ASSERT_EQ(result.broken.size(), 1u);
  EXPECT_NE(result.broken[0].find("squeezenet1_1@64"), std::string::npos);
  const ChartTable& runs = question(result.document, "runs").charts[0].table;
  EXPECT_EQ(std::get<std::string>(runs.rows[0].back()), "DIFFERS");
}

TEST(SwapStudy, RefusesWhatIsNotThere) {
  const auto refused = [](auto change) {
    SwapStudyOptions o = swap_options();
    change(o);
    try {
      check_swap_study(o);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const auto has = [](const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_TRUE(has(refused([](auto& o) { o.networks = {"vgg19"}; }), "vgg19"));
  EXPECT_TRUE(has(refused([](auto& o) { o.boards = {"host"}; }), "host"));
  EXPECT_TRUE(has(refused([](auto& o) { o.storages = {"tape"}; }), "tape"));
  EXPECT_TRUE(has(refused([](auto& o) { o.rams = {100}; }), "100 bytes"));
  EXPECT_TRUE(has(refused([](auto& o) { o.boards.clear(); }), "--board"));
  EXPECT_TRUE(has(refused([](auto& o) { o.storages.push_back("sd-4bit"); }),
                  "is listed twice"));
}

// A small network all the way: planned, run, its output compared.
TEST(SwapStudy, ARealPointRuns) {
  SwapNetworks networks;
  SwapSetting s;
  s.network = "squeezenet1_1@64";
  s.board = "stm32h743";
  s.storage = "sd-4bit";
  s.ram = 128 * 1024;
  const SwapPoint planned = measure(networks, s);
  ASSERT_EQ(planned.error, "");
  EXPECT_EQ(planned.load.written_bytes, 0);
  EXPECT_GT(planned.load.read_bytes, 1'000'000);
  EXPECT_LE(planned.arena_bytes, s.ram);
  for (const SwapStage& stage : planned.stages) {
    EXPECT_GE(stage.seconds, stage.bound_s() * 0.999) << stage.name;
  }
  s.run = true;
  const SwapPoint run = measure(networks, s);
  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(run.is_equal);
  EXPECT_NEAR(run.seconds / run.planned_s, 1, 0.1);
  EXPECT_EQ(run.load.written_bytes, 0);
}

TEST(SwapStudy, APartThatIsTooSmallIsAnError) {
  SwapNetworks networks;
  SwapSetting s;
  s.network = "alexnet";  // 61 MB
  s.board = "stm32h743";
  s.storage = "qspi-nor";  // 16 MB
  s.ram = 512 * 1024;
  const SwapPoint point = measure(networks, s);
  EXPECT_NE(point.error.find("qspi-nor"), std::string::npos) << point.error;
  EXPECT_FALSE(point.is_broken);
}

class SwapCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/swap_cache_test.points";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static SwapSetting setting(int64_t ram) {
    SwapSetting s;
    s.network = "vgg16";
    s.ram = ram;
    return s;
  }
  std::string path_;
};

TEST_F(SwapCacheTest, KeepsPointsOfItsBuild) {
  const SwapSetting s = setting(4096);
  {
    SwapCache cache(path_, "a");
    cache.add(s, made_up_swap(s));
    SwapPoint broken;
    broken.error = "a wrong plan";
    broken.is_broken = true;
    cache.add(setting(8192), broken);
  }
  SwapCache again(path_, "a");
  EXPECT_EQ(again.size(), 1u);
  const std::optional<SwapPoint> point = again.find(s);
  ASSERT_TRUE(point);
  const SwapPoint made = made_up_swap(s);
  EXPECT_EQ(point->seconds, made.seconds);
  EXPECT_EQ(point->load.read_bytes, made.load.read_bytes);
  ASSERT_EQ(point->stages.size(), 2u);
  EXPECT_EQ(point->stages[1].storage_s, made.stages[1].storage_s);
  ASSERT_EQ(point->layers.size(), 2u);
  EXPECT_EQ(point->layers[1].weight_bytes, made.layers[1].weight_bytes);
  SwapCache other(path_, "b");
  EXPECT_EQ(other.size(), 0u);
}

TEST_F(SwapCacheTest, SkipsLinesThatAreNoPoints) {
  const SwapSetting s = setting(4096);
  {
    SwapCache cache(path_, "a");
    cache.add(s, made_up_swap(s));
  }
  std::string line;
  std::getline(std::ifstream(path_) >> std::ws, line);
  for (size_t length = 0; length < line.size(); length += 13) {
    std::ofstream(path_) << line.substr(0, length) << "\n"
                         << R"({"build": "a", "setting": 3, "point": []})"
                         << "\n"
                         << line << "\n";
    SwapCache cache(path_, "a");
    EXPECT_EQ(cache.size(), 1u) << length;
  }
}

}  // namespace
}  // namespace shoal
