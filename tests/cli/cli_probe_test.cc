// `shoal probe` through the command line: against a worker, and what it says
// of nodes that are not there, busy or of another key.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;
using Arguments = std::vector<std::string>;

class CliProbe : public testing::Test {
 protected:
  Arguments with(const Arguments& more) const {
    Arguments all{"probe"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void expect_refused(const Arguments& arguments, int code,
                      const std::string& text) const {
    const Told told = shop_.shoal(arguments);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos)
        << "'" << text << "' is not in:\n"
        << told.err;
    EXPECT_EQ(told.out, "");
  }

  Workshop shop_;
};

struct ProbedWorker {
  ProbedWorker(const Workshop& shop, const Arguments& more)
      : process(shop, arguments(more)) {
    const std::string said = process.line(), before = "listening on ";
    EXPECT_EQ(said.rfind(before, 0), 0u) << said;
    address = said.substr(std::min(before.size(), said.size()));
  }
  static Arguments arguments(const Arguments& more) {
    Arguments all{"worker", "--listen", "127.0.0.1:0", "--name", "n"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Background process;
  std::string address;
};

TEST_F(CliProbe, AWorkerIsMeasuredAndPlannedWith) {
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  const ProbedWorker worker(shop_, {"--ram", "96K", "--flash", "256K"});
  Told told = shop_.shoal(with({worker.address, "--json", "-o", "n.toml"}));
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j["name"], "n");
  EXPECT_EQ(j["board"], "host");
  EXPECT_EQ(j["arena_bytes"], 98304);
  EXPECT_EQ(j["counter"], "clock");
  EXPECT_EQ(j["kind"], "measured");
  ASSERT_EQ(j["results"].size(), 10u);
  for (const json& one : j["results"]) {
    EXPECT_EQ(one["result"], "exact") << one;
    EXPECT_GT(one["firings"], 0) << one;
    EXPECT_GT(one["each"], 0.0) << one;
  }
  EXPECT_EQ(j["link"]["round_trips"].size(), 3u);
  EXPECT_GT(j["link"]["rows_bytes_per_s"], 0.0);
  // The file that it wrote is a board, also for the node of a cluster.
  ModelBuilder b;
  const int x = b.input({1, 8, 8, 4}, {0.05f, 1});
  const int w =
      b.weights({4, 1, 1, 4}, std::vector<int8_t>(16, 3), {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.05f, 2}));
  shop_.write("m.tflite", b.finish());
  told = shop_.shoal({"plan", "m.tflite", "--board", "n.toml"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("measured"), std::string::npos) << told.out;
  const std::string text =
      "[[node]]\nname = \"n\"\nboard = \"n.toml\"\n"
      "address = \"" +
      worker.address + "\"\n";
  shop_.write("c.toml", {text.begin(), text.end()});
  told = shop_.shoal({"simulate", "m.tflite", "--cluster", "c.toml"});
  EXPECT_EQ(told.code, 0) << told.err;
  told = shop_.shoal({"run", "m.tflite", "random:1", "--cluster", "c.toml"});
  EXPECT_EQ(told.code, 0) << told.err;
  // For people; and the smallest arena that works.
  told = shop_.shoal(with({worker.address}));
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.err.find("which this may replace"), std::string::npos)
      << told.err;
  EXPECT_NE(told.out.find("depthwise 3x3            exact"), std::string::npos)
      << told.out;
  const ProbedWorker little(shop_, {"--ram", "2K", "--flash", "2K"});
  told = shop_.shoal(with({little.address}));
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("not run"), std::string::npos) << told.out;
  EXPECT_EQ(told.err.find("which this may replace"), std::string::npos)
      << told.err;
  // Not even that is no board.
  const ProbedWorker none(shop_, {"--ram", "2K", "--flash", "256"});
  told = shop_.shoal(with({none.address, "-o", "none.toml"}));
  EXPECT_EQ(told.code, 4) << told.err;
  EXPECT_NE(told.err.find("runs none of the kernels"), std::string::npos)
      << told.err;
  EXPECT_FALSE(std::filesystem::exists(shop_.path("none.toml")));
}

TEST_F(CliProbe, BadNodesAreNamed) {
  expect_refused(with({"127.0.0.1:9", "--insecure", "--node-timeout", "1"}), 6,
                 "no answer within");
  expect_refused(with({"127.0.0.1:9"}), 2, "shoal.key");
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
  ProbedWorker worker(shop_, {"--ram", "32K"});
  expect_refused(
      with({worker.address, "--key", "other.key", "--node-timeout", "1"}), 6,
      "does not know this key");
  expect_refused(with({worker.address, "--insecure", "--node-timeout", "1"}), 6,
                 "only encrypted sessions");
  expect_refused(with({worker.address, "-o", "n.txt"}), 2, ".toml");
  expect_refused(with({worker.address, "-o", "nowhere/n.toml"}), 2,
                 "there is no folder nowhere");
  expect_refused(with({worker.address, "--insecure", "--key", "other.key"}), 2,
                 "--key");
  expect_refused(with({worker.address, "--board", "none"}), 2, "unknown board");
  shop_.write("bad.toml", {'['});
  expect_refused(with({worker.address, "--board", "bad.toml"}), 2, "bad.toml");
  expect_refused(with({"/dev/null", "--insecure", "--node-timeout", "1"}), 2,
                 "/dev/null");
}

}  // namespace
}  // namespace shoal
