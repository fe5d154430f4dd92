// `shoal report`, and --html of the verbs that plan.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/command.h"

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

}  // namespace
}  // namespace shoal
