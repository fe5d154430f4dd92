// `shoal report`, and --html of the verbs that plan.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/cli/running_worker.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;

const std::string kNet =
    std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";

json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const size_t from = page.find(begin);
  EXPECT_NE(from, std::string::npos);
  if (from == std::string::npos) return {};
  const size_t at = from + begin.size();
  return json::parse(page.substr(at, page.find("</script>", at) - at));
}

class CliReport : public testing::Test {
 protected:
  json page(const char* name) const { return data_of(shop_.read_text(name)); }
  Workshop shop_;
};

TEST_F(CliReport, DrawsAPlanAndItsFrame) {
  expect_ok(shop_, {"plan", kNet, "--board", "teensy41", "--nodes", "3", "-o",
                    "p.json"});
  expect_ok(shop_, {"simulate", kNet, "--board", "teensy41", "--nodes", "3",
                    "--timeline", "t.json"});
  const Told told = expect_ok(
      shop_, {"report", "t.json", "p.json", "-o", "r.html", "--json"});
  EXPECT_EQ(json::parse(told.out)["bytes"], shop_.read("r.html").size());
  const json data = page("r.html");
  const json plan = json::parse(shop_.read_text("p.json"));
  const json& drawn = data["plans"][0];
  EXPECT_EQ(drawn["latency_us"], plan["latency_us"]);
  for (size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(drawn["nodes"][n]["arena_bytes"],
              plan["nodes"][n]["arena_bytes"]);
    EXPECT_EQ(drawn["nodes"][n]["stages"].size(),
              plan["nodes"][n]["stages"].size());
    EXPECT_GT(drawn["nodes"][n]["budget_bytes"], 0);
  }
  EXPECT_EQ(data["trace"]["names"],
            json({"node0", "node1", "node2", "coordinator"}));
  EXPECT_FALSE(data["trace"]["path"].empty());
  EXPECT_NE(data["trace"]["why"], "");

  // The verbs write the same page.
  expect_ok(shop_, {"simulate", kNet, "--board", "teensy41", "--nodes", "3",
                    "--html", "s.html"});
  json same = page("s.html");
  EXPECT_EQ(same["trace"], data["trace"]);
  EXPECT_EQ(same["plans"][0]["layers"], drawn["layers"]);
  expect_ok(shop_, {"plan", kNet, "--board", "teensy41", "--nodes", "3",
                    "--html", "q.html"});
  same = page("q.html");
  same["plans"][0]["name"] = drawn["name"];
  EXPECT_EQ(same["plans"][0], drawn);
}

TEST_F(CliReport, NodeDataIsOfTheModelsOwnTensors) {
  expect_ok(shop_, {"simulate", kNet, "--board", "teensy41", "--nodes", "3",
                    "--strategy", "spatial", "--timeline", "t.json"});
  expect_ok(shop_, {"plan", kNet, "--board", "teensy41", "--nodes", "3",
                    "--strategy", "spatial", "-o", "p.json"});
  const Told told =
      expect_ok(shop_, {"report", "p.json", "t.json", "-o", "r.html",
                        "--model-explorer", "data", "--json"});
  EXPECT_EQ(json::parse(told.out)["node_data"],
            json({"data/nodes.json", "data/memory_bytes.json",
                  "data/compute_ms.json"}));
  const json inspected =
      json::parse(expect_ok(shop_, {"inspect", kNet, "--json"}).out);
  std::set<std::string> tensors;
  for (const json& op : inspected["ops"]) tensors.insert(op["name"]);
  for (const char* file : {"nodes", "memory_bytes", "compute_ms"}) {
    const json data =
        json::parse(shop_.read_text("data/" + std::string(file) + ".json"));
    EXPECT_GT(data["results"].size(), 20u) << file;
    for (const auto& [name, result] : data["results"].items()) {
      EXPECT_TRUE(tensors.contains(name)) << file << " " << name;
      const bool is_text = std::string(file) == "nodes";
      EXPECT_EQ(result["value"].is_string(), is_text);
      if (!is_text) {
        EXPECT_GT(result["value"], 0) << file << " " << name;
      }
    }
  }
  EXPECT_EQ(shop_
                .shoal({"report", "p.json", "p.json", "-o", "r.html",
                        "--model-explorer", "two"})
                .code,
            2);
}

// Two processes tell their work: it lies within the run, neither does two
// things at a time, and both compute.
TEST_F(CliReport, WorkersTellWhatTheyDid) {
  const std::vector<std::string> more{"--insecure", "--ram", "64K"};
  const RunningWorker a(shop_, more), b(shop_, more);
  const std::string bag = std::string(SHOAL_SOURCE_DIR) + "/models/samples/bag";
  const Told told = expect_ok(
      shop_, {"run", kNet, bag, "--workers", a.address + "," + b.address,
              "--insecure", "--strategy", "spatial", "--timeline", "t.json",
              "--html", "r.html", "--json"});
  const json drawn = page("r.html")["trace"];
  EXPECT_EQ(drawn["names"].size(), 2u);
  EXPECT_NE(std::string(drawn["why"]).find("measured: of "), std::string::npos)
      << drawn["why"];
  // The critical path is as long as the frame and has no gap.
  EXPECT_NE(std::string(drawn["why"]).find(" % of the frame is "),
            std::string::npos);
  ASSERT_FALSE(drawn["path"].empty());
  int64_t until = drawn["end"];
  for (const json& step : drawn["path"]) {
    EXPECT_EQ(int64_t(step[0]) + int64_t(step[1]), until);
    until = step[0];
  }
  EXPECT_EQ(until, 0);
  for (const json& spans : drawn["spans"]) {
    double computed = 0, at = 0;
    for (size_t k = 0; k < spans.size(); k += 4) {
      EXPECT_GE(spans[k], 0);  // none begins before the last one has ended
      at += double(spans[k]) + double(spans[k + 1]);
      if (spans[k + 2] == 0) computed += double(spans[k + 1]);
    }
    EXPECT_GT(computed, 0);
    EXPECT_LE(at, drawn["end"]);
  }
  const json trace = json::parse(shop_.read_text("t.json"));
  EXPECT_EQ(trace["otherData"]["shoal_trace"], 1);
  int marks = 0;
  for (const json& e : trace["traceEvents"]) marks += e["ph"] == "i";
  EXPECT_GE(marks, 2);
  EXPECT_EQ(shop_.shoal({"run", kNet, bag, "--timeline", "t.json"}).code, 2);
  const Told nodes =
      shop_.shoal({"run", kNet, bag, "--nodes", "2", "--timeline", "t.json"});
  EXPECT_EQ(nodes.code, 2);
  EXPECT_NE(nodes.err.find("simulate --timeline"), std::string::npos);
}

TEST_F(CliReport, VerbsThatRunAModelDrawWhatItFinds) {
  const std::string source = SHOAL_SOURCE_DIR;
  const std::string samples = source + "/models/samples";
  const std::string labels = source + "/models/fashion_labels.txt";
  expect_ok(shop_, {"run", kNet, samples + "/bag", "--labels", labels, "--html",
                    "r.html"});
  std::string text = shop_.read_text("r.html");
  EXPECT_NE(text.find("src=\"data:image/png;base64,iVBOR"), std::string::npos);
  EXPECT_NE(text.find(" bag\n"), std::string::npos);
  EXPECT_EQ(page("r.html")["plans"].size(), 1u);

  expect_ok(shop_, {"evaluate", kNet, samples, "--labels", labels, "--html",
                    "e.html"});
  text = shop_.read_text("e.html");
  EXPECT_NE(text.find("Confusion"), std::string::npos);
  EXPECT_NE(text.find("Accuracy by class"), std::string::npos);
  EXPECT_NE(text.find("shoal evaluate"), std::string::npos);
  EXPECT_EQ(page("e.html")["plans"].size(), 1u);
  EXPECT_EQ(text.find("<img"), std::string::npos);

  // Without labels the classes have other numbers, and answers are wrong.
  expect_ok(shop_, {"evaluate", kNet, samples, "--html", "w.html"});
  text = shop_.read_text("w.html");
  EXPECT_NE(text.find("<img src=\"data:image/png"), std::string::npos);
}

TEST_F(CliReport, RefusesWhatItCannotDraw) {
  const auto refused = [this](std::vector<std::string> files, int code,
                              const std::string& part) {
    files.insert(files.begin(), "report");
    const Told told = shop_.shoal(files);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(part), std::string::npos) << told.err;
  };
  expect_ok(shop_, {"plan", kNet, "--ram", "64K", "-o", "p.json"});
  shop_.write("not.json", std::vector<uint8_t>{'{', '}'});
  shop_.write("text.json", std::vector<uint8_t>{'x'});
  refused({"not.json"}, 7, "not.json");
  refused({"text.json"}, 7, "is not a plan or a trace");
  refused({"missing.json"}, 2, "missing.json");
  refused({"p.json", "p.json", "p.json"}, 2, "more than two plans");
  refused({"p.json", "-o", "p.json"}, 2, "would replace");
  const Told faults = shop_.shoal({"simulate", kNet, "--nodes", "2", "--fault",
                                   "kill:1@1ms", "--html", "f.html"});
  EXPECT_EQ(faults.code, 2) << faults.err;
}

// A run that ends in an error tells what has happened before.
TEST_F(CliReport, FaultsThatEndARunAreToldAndLateOnesToo) {
  std::vector<std::string> words{
      "simulate", kNet,       "--board", "teensy41", "--nodes",
      "2",        "--frames", "2",       "--fault",  "kill:1@10s"};
  const Told late = shop_.shoal(words);
  EXPECT_EQ(late.code, 0) << late.err;
  EXPECT_NE(late.err.find("--fault kill:1@10s comes after the last frame"),
            std::string::npos)
      << late.err;
  words.back() = "kill:1@100us";
  words.insert(words.end(), {"--fault", "kill:0@100us"});
  const Told all = shop_.shoal(words);
  EXPECT_EQ(all.code, 6) << all.err;
  EXPECT_NE(all.out.find("node 1 loses its power"), std::string::npos)
      << all.out;
  EXPECT_NE(all.err.find("no node is left"), std::string::npos) << all.err;
}

// Nodes that lose one have the banks of SRAM that their plans use.
TEST_F(CliReport, FaultsOfPlansThatKeepWeightsInOtherBanks) {
  const Told told = shop_.shoal({"simulate", kNet, "--board", "teensy41",
                                 "--nodes", "3", "--ram", "40K", "--banks",
                                 "all", "--fault", "kill:1@1ms", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("\"equal\": true"), std::string::npos) << told.out;
}

}  // namespace
}  // namespace shoal
