// Clusters on the command line: several virtual nodes give what one gives,
// simulate says what takes the time, and what is asked wrongly is refused.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "host/base/testing/noise.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;

std::vector<uint8_t> cluster_model() {
  ModelBuilder b;
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const int w0 = b.weights({8, 3, 3, 3}, noise<int8_t>(216, 1), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2}, {.stride_h = 2});
  const int w1 = b.weights({8, 1, 1, 8}, noise<int8_t>(64, 2), {0.004f}, 0);
  const int z = b.conv(y, w1, -1, {0.06f, 1});
  b.output(b.add(y, z, {0.1f, 0}));
  return b.finish();
}

class CliCluster : public testing::Test {
 protected:
  CliCluster() {
    shop_.write("m.tflite", cluster_model());
    shop_.write("x.bin", noise<uint8_t>(24 * 20 * 3, 5));
  }
  Told shoal(std::vector<std::string> arguments,
             const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return shop_.shoal(arguments);
  }
  Workshop shop_;
};

TEST_F(CliCluster, NodesGiveWhatOneNodeGives) {
  const Told one = shop_.shoal({"run", "m.tflite", "x.bin", "--json", "--trace",
                                "one.tsv", "--output", "one.out"});
  ASSERT_EQ(one.code, 0) << one.err;
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    const Told told = shop_.shoal(
        {"run",        "m.tflite",  "x.bin",    "--nodes",  "3",
         "--strategy", strategy,    "--loss",   "10%",      "--duplicate",
         "5%",         "--reorder", "5%",       "--frames", "2",
         "--trace",    "some.tsv",  "--output", "some.out", "--json"});
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("some.out"), shop_.read("one.out")) << strategy;
    EXPECT_EQ(shop_.read_text("some.tsv"), shop_.read_text("one.tsv"));
    EXPECT_EQ(json::parse(told.out)["arena_bytes"].size(), 3u);
  }
}

// Programs and weights come out of each board's storage, which takes its time,
// as planned, where there is no room to keep them; one that is left without a
// share has a program, too.
TEST_F(CliCluster, BoardsWithoutMappedFlashReadFromStorage) {
  const std::string model =
      SHOAL_SOURCE_DIR "/models/fashion_mobilenet_v2.tflite";
  const std::vector<std::string> how{"--board", "emcraft-sf2", "--nodes",
                                     "2",       "--strategy",  "kernel",
                                     "--json"};
  const Told planned = shoal({"plan", model}, how);
  ASSERT_EQ(planned.code, 0) << planned.err;
  const double plan_s = json::parse(planned.out)["latency_s"];
  const Told told = shoal({"simulate", model}, how);
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_NEAR(j["latency_s"].get<double>(), plan_s, 0.1 * plan_s);
  for (const auto& node : j["nodes"]) {
    EXPECT_GT(node["storage_s"].get<double>(), 0.0) << node;
  }
  const Told idle = shoal({"verify", "m.tflite"},
                          {"x.bin", "--board", "emcraft-sf2", "--json",
                           "--nodes", "4", "--strategy", "layer"});
  ASSERT_EQ(idle.code, 0) << idle.err;
  EXPECT_EQ(json::parse(idle.out)["equal"], true);
}

// Streams, datagrams and so the times of a plan depend on it.
TEST_F(CliCluster, APlanIsThatOfSimulateWithItsPayload) {
  double least_s = 0;
  for (const char* payload : {"1472", "96"}) {
    const std::vector<std::string> more{"--nodes",  "2",         "--board",
                                        "teensy41", "--json",    "--strategy",
                                        "spatial",  "--payload", payload};
    const json plan = json::parse(shoal({"plan", "m.tflite"}, more).out);
    const json run = json::parse(shoal({"simulate", "m.tflite"}, more).out);
    EXPECT_EQ(plan["bound_us"], run["bound_us"]) << payload;
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(plan["nodes"][i]["arena_bytes"],
                run["nodes"][i]["arena_bytes"]);
    }
    const double planned_s = plan["latency_s"];
    EXPECT_NEAR(run["latency_s"].get<double>(), planned_s, 0.01 * planned_s);
    EXPECT_GT(planned_s, 1.2 * least_s) << payload;
    least_s = planned_s;
  }
  const Told alone = shoal({"plan", "m.tflite", "--payload", "128"}, {});
  EXPECT_EQ(alone.code, 2);
  EXPECT_NE(alone.err.find("--payload: one node has no network"),
            std::string::npos)
      << alone.err;
}

// Datagrams that hold the credit of nine streams, where a node has dozens from
// one peer.
TEST_F(CliCluster, SmallDatagramsCarryManyStreams) {
  const std::string model =
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
  const Told told = shoal({"simulate", model},
                          {"random:1", "--nodes", "4", "--board", "teensy41",
                           "--strategy", "kernel", "--payload", "96"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("equal to the oracle's"), std::string::npos);
}

// The plan is that of `run` at these addresses, without a flag that says so.
TEST_F(CliCluster, ASerialLineOfTheFileCarriesWhatItCan) {
  const auto planned = [&](const char* verb, std::vector<std::string> how) {
    how.insert(how.begin(), {verb, "m.tflite", "--json"});
    const Told told = shop_.shoal(how);
    EXPECT_EQ(told.code, 0) << told.err;
    const json j = json::parse(told.out);
    return std::pair{j["bound_us"].get<double>(),
                     j["nodes"][0]["arena_bytes"].get<int64_t>()};
  };
  const std::string node = "[[node]]\nname = \"a\"\nboard = \"teensy41\"\n";
  const auto write = [&](const std::string& name, const std::string& text) {
    shop_.write(name, {text.begin(), text.end()});
  };
  write("serial.toml", node + "address = \"serial:/dev/ttyACM0\"\n");
  write("udp.toml", node + "address = \"10.0.0.1:7000\"\n");
  write("small.toml", "payload = 256\n" + node);
  const auto with = [](const char* payload) {
    return std::vector<std::string>{"--nodes",  "1",         "--board",
                                    "teensy41", "--payload", payload};
  };
  for (const char* verb : {"plan", "simulate"}) {
    const auto of = [&](const char* file) {
      return planned(verb, {"--cluster", file});
    };
    EXPECT_EQ(of("serial.toml"), planned(verb, with("128"))) << verb;
    EXPECT_EQ(of("udp.toml"), planned(verb, with("1472"))) << verb;
    EXPECT_EQ(of("small.toml"), planned(verb, with("256"))) << verb;
    EXPECT_NE(of("serial.toml"), of("udp.toml")) << verb;
  }
  expect_refused(shop_.shoal({"plan", "m.tflite", "--cluster", "serial.toml",
                              "--payload", "1472"}),
                 2, "--payload: 1472 bytes");
}

// A node alone may write rows to its storage, several may not: what was asked
// for is not left out without a word.
TEST_F(CliCluster, HowManyNodesSaysWhatOnlyOneCanDo) {
  const std::vector<std::string> how{
      "plan",
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite",
      "--board",
      "teensy41",
      "--ram",
      "12K",
      "--max-latency",
      "1s"};
  const Told many = shop_.shoal(how);
  ASSERT_EQ(many.code, 0) << many.err;
  ASSERT_NE(many.out.find("nodes of teensy41 are enough"), std::string::npos)
      << many.out;
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {"--max-writes", "1"},
           {"--lifetime", "1000y", "--fps", "1000"},
           {"--store", "d"}}) {
    std::vector<std::string> all = how;
    all.insert(all.end(), flags.begin(), flags.end());
    const Told told = shop_.shoal(all);
    expect_refused(told, 3, "; " + flags[0] + ": nodes of a cluster");
    EXPECT_NE(told.err.find("or leave it out, for several nodes"),
              std::string::npos)
        << told.err;
  }
}

// A change that would help is named once, and no larger than the search itself
// asks for.
TEST_F(CliCluster, ALargerBoardIsAskedForOnce) {
  const Told told = shop_.shoal(
      {"plan", "zoo:squeezenet1_1", "--nodes", "2", "--board", "emcraft-sf2"});
  expect_refused(told, 3, "a board with ");
  const size_t first = told.err.find("a board with ");
  EXPECT_EQ(told.err.find("a board with ", first + 1), told.err.npos)
      << told.err;
}

TEST_F(CliCluster, VerifyComparesEveryLayerOverNodes) {
  const Told told = shop_.shoal({"verify", "m.tflite", "x.bin", "--nodes", "4",
                                 "--insecure", "--jitter", "1ms", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j["equal"], true);
  EXPECT_EQ(j["results"][0]["layers"], 3);
  EXPECT_EQ(j["arena_bytes"].size(), 4u);
}

TEST_F(CliCluster, SimulateSaysHowLongAndWhy) {
  const std::vector<std::string> how{"simulate", "m.tflite", "x.bin",
                                     "--nodes",  "2",        "--board",
                                     "teensy41", "--json"};
  const Told told = shoal(how, {"--frames", "3", "--timeline", "t.json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j["latency_kind"], "modelled");
  EXPECT_EQ(j["equal"], true);
  EXPECT_GT(j["latency_s"], 0.0);
  EXPECT_GT(j["frames_per_s"], 0.0);
  EXPECT_EQ(j["nodes"].size(), 2u);
  for (const json& n : j["nodes"]) {
    const double sum = n["busy"].get<double>() + n["send"].get<double>() +
                       n["receive"].get<double>() + n["wait"].get<double>();
    EXPECT_NEAR(sum, 1, 0.02);
  }
  double path = 0;
  for (const json& part : j["critical_path"]) path += part.get<double>();
  EXPECT_NEAR(path, j["latency_s"], 1e-9);
  const json trace = json::parse(shop_.read_text("t.json"));
  EXPECT_GT(trace["traceEvents"].size(), 20u);
  // The same seed, the same everything; a slower link, a later end.
  const Told again = shoal(how, {"--frames", "3"});
  EXPECT_EQ(json::parse(again.out)["event_hash"], j["event_hash"]);
  const Told slow = shoal(how, {"--frames", "3", "--rate", "1M"});
  EXPECT_GT(json::parse(slow.out)["latency_s"], j["latency_s"]);
}

// One name for one figure, planned or simulated, of one node, of several and
// of batches; text says the same number.
TEST_F(CliCluster, EnergyAndFramesASecondArePlannedAsSimulated) {
  const auto json_of = [&](const char* verb, std::vector<std::string> how) {
    how.insert(how.begin(), {verb, "m.tflite", "--json"});
    const Told told = shop_.shoal(how);
    EXPECT_EQ(told.code, 0) << told.err;
    return json::parse(told.out);
  };
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{
           {}, {"--batch", "3"}, {"--nodes", "2"}}) {
    std::vector<std::string> how{"--board", "teensy41"};
    how.insert(how.end(), more.begin(), more.end());
    const json plan = json_of("plan", how), run = json_of("simulate", how);
    const int frames = plan.value("batch", 1);
    EXPECT_NEAR(plan["frames_per_s"].get<double>(),
                frames / plan["latency_s"].get<double>(), 1e-6);
    EXPECT_EQ(plan["frames_under_way"], 1);
    const double energy = plan["energy_mj"];
    EXPECT_GT(energy, 0);
    EXPECT_NEAR(run["energy_mj"].get<double>(), energy, 0.05 * energy);
    EXPECT_NEAR(run["frames_per_s"].get<double>(), plan["frames_per_s"],
                0.1 * plan["frames_per_s"].get<double>());
    if (run.contains("energy")) {
      EXPECT_DOUBLE_EQ(run["energy_mj"].get<double>() * frames,
                       run["energy"]["total_j"].get<double>() * 1e3);
    }
    how.insert(how.begin(), {"plan", "m.tflite"});
    const Told text = shoal(how, {"--objective", "energy"});
    how.erase(how.begin(), how.begin() + 2);
    how.insert(how.end(), {"--objective", "energy"});
    const double told_mj = std::stod(text.out);
    EXPECT_NEAR(json_of("plan", how)["energy_mj"].get<double>(), told_mj,
                0.0005)
        << text.out;
  }
  EXPECT_TRUE(json_of("plan", {"--board", "host"})["energy_mj"].is_null());
  EXPECT_TRUE(json_of("simulate", {"--board", "host"})["energy_mj"].is_null());
  EXPECT_TRUE(
      json_of("simulate", {"--board", "host", "--nodes", "2"})["energy_mj"]
          .is_null());
}

// Nodes with different layers work on different frames, whatever the objective.
TEST_F(CliCluster, APipelineHasTheRateOfFramesThatFollow) {
  std::vector<std::string> how{
      "plan",
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite",
      "--board",
      "teensy41",
      "--nodes",
      "3",
      "--strategy",
      "layer"};
  const json j = json::parse(shoal(how, {"--json"}).out);
  EXPECT_EQ(j["frames_under_way"], 4);
  EXPECT_GT(j["frames_per_s"].get<double>(), 2 / j["latency_s"].get<double>());
  how.insert(how.end(), {"--objective", "throughput"});
  const json rate = json::parse(shoal(how, {"--json"}).out);
  const Told text = shop_.shoal(how);
  const double frames_per_s = rate["frames_per_s"];  // three digits are told
  EXPECT_NEAR(std::stod(text.out), frames_per_s, frames_per_s / 200);
  EXPECT_NE(text.out.find(" frames/s (modelled), " +
                          std::to_string(rate["frames_under_way"].get<int>()) +
                          " under way"),
            std::string::npos)
      << text.out;
  // The plan is compared with another plan's replicas.
  const json alone = json::parse(
      shop_.shoal({how[0], how[1], how[2], how[3], "--nodes", "1", "--json"})
          .out);
  const json& r = rate["replicas"];
  EXPECT_EQ(r["latency_us"], alone["latency_us"]);
  EXPECT_EQ(r["arena_bytes"], alone["nodes"][0]["arena_bytes"]);
  const double of_all = 3 / alone["latency_s"].get<double>();
  EXPECT_NEAR(r["frames_per_s"].get<double>(), of_all, of_all / 200);
  EXPECT_EQ(r["nodes"].size(), 3u);
  EXPECT_NE(text.out.find("\napart from this plan: whole frames"),
            std::string::npos)
      << text.out;
  EXPECT_FALSE(j.contains("replicas"));
}

TEST_F(CliCluster, ParetoWritesTheFront) {
  const std::vector<std::string> how = {"plan", "m.tflite", "--nodes",
                                        "2",    "--board",  "teensy41"};
  const Told told = shoal(how, {"--pareto", "front.csv", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  ASSERT_FALSE(j["front"].empty());
  EXPECT_GE(j["tried"], j["front"].size());
  for (size_t i = 1; i < j["front"].size(); ++i) {
    EXPECT_GE(j["front"][i]["arena_bytes"], j["front"][i - 1]["arena_bytes"]);
  }
  EXPECT_NE(shop_.read_text("front.csv").find("arena_bytes,latency_ms"),
            std::string::npos);
  ASSERT_EQ(shoal(how, {"--pareto", "front.html"}).code, 0);
  const std::string page = shop_.read_text("front.html");
  EXPECT_NE(page.find("<figure"), std::string::npos);
  EXPECT_NE(page.find("shoal plan m.tflite --nodes 2 --board teensy41 "
                      "--pareto front.html"),
            std::string::npos);
  // The command of a point gives the budget within which it was found.
  constexpr std::string_view kWithin = ", arenas to ";
  size_t within = 0;
  for (const json& point : j["front"]) {
    std::string plan = point["plan"];
    const size_t at = plan.find(kWithin);
    if (at == plan.npos) continue;
    ++within;
    plan.erase(0, at + kWithin.size());
    std::erase(plan, ',');
    const std::string bytes = plan.substr(0, plan.find(' '));
    EXPECT_NE(page.find("--max-arena " + bytes + " --max-latency"), page.npos);
  }
  EXPECT_GT(within, 0u);
  EXPECT_EQ(shoal(how, {"--pareto", "front.txt"}).code, 2);
}

TEST_F(CliCluster, ExplainSetsPlannedBesideSimulated) {
  for (const std::vector<std::string>& nodes :
       {std::vector<std::string>{}, {"--nodes", "2"}}) {
    std::vector<std::string> how = {"plan",     "m.tflite",  "--board",
                                    "teensy41", "--explain", "--json"};
    const Told told = shoal(how, nodes);
    ASSERT_EQ(told.code, 0) << told.err;
    const json j = json::parse(told.out);
    const json& e = j["explanation"];
    EXPECT_EQ(e["segments"].empty(), false);
    EXPECT_NEAR(e["planned_us"].get<double>(), e["simulated_us"].get<double>(),
                0.1 * e["simulated_us"].get<double>());
    EXPECT_LE(j["bound_us"], e["simulated_us"]);
    EXPECT_FALSE(e["runners_up"].empty());
  }
}

TEST_F(CliCluster, LimitsAreKeptOrRefusedWithWhatHelps) {
  const Told kept =
      shop_.shoal({"plan", "m.tflite", "--board", "teensy41", "--nodes", "2",
                   "--max-latency", "50ms", "--max-traffic", "1M",
                   "--objective", "traffic", "--json"});
  ASSERT_EQ(kept.code, 0) << kept.err;
  EXPECT_LE(json::parse(kept.out)["latency_us"], 50000);
  const Told refused = shop_.shoal({"plan", "m.tflite", "--board", "teensy41",
                                    "--nodes", "2", "--max-traffic", "10"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_NE(refused.err.find("--max-traffic "), std::string::npos);
  const Told small =
      shop_.shoal({"plan", "m.tflite", "--board", "teensy41", "--ram", "600"});
  EXPECT_EQ(small.code, 3);
  EXPECT_NE(small.err.find("--ram "), std::string::npos) << small.err;
  const Told many = shop_.shoal(
      {"plan", "m.tflite", "--board", "teensy41", "--max-latency", "50ms"});
  EXPECT_EQ(many.code, 0) << many.err;
  EXPECT_NE(many.out.find("1 node of teensy41 is enough"), std::string::npos);
  // One node has nothing to cut; `single` is one node, however slow.
  const Told spatial =
      shop_.shoal({"plan", "m.tflite", "--board", "teensy41", "--strategy",
                   "spatial", "--max-latency", "50ms", "--explain"});
  EXPECT_EQ(spatial.code, 0) << spatial.err;
  EXPECT_NE(spatial.out.find("1 node of teensy41 is"), std::string::npos);
  const Told single =
      shop_.shoal({"plan", "m.tflite", "--board", "teensy41", "--strategy",
                   "single", "--max-latency", "1us"});
  EXPECT_EQ(single.code, 3) << single.out;
  EXPECT_NE(single.err.find("at least"), std::string::npos) << single.err;
  // A strategy by name stays it, with limits too.
  const Told kernel =
      shop_.shoal({"plan", "m.tflite", "--board", "teensy41", "--nodes", "2",
                   "--strategy", "kernel", "--max-latency", "1s"});
  EXPECT_EQ(kernel.code, 0) << kernel.err;
  EXPECT_NE(kernel.out.find("strategy kernel"), std::string::npos);
  EXPECT_EQ(kernel.out.find("auto"), std::string::npos) << kernel.out;
}

TEST_F(CliCluster, WithoutAnInputThereIsNoise) {
  const Told told = shop_.shoal(
      {"simulate", "m.tflite", "--board", "stm32f746", "--nodes", "1"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("why is it not faster: "), std::string::npos);
  EXPECT_NE(told.out.find("equal to the oracle's"), std::string::npos);
}

TEST_F(CliCluster, AStorageThatTheBoardCannotHaveIsRefused) {
  for (const char* nodes : {"1", "2"}) {
    const Told told = shop_.shoal({"plan", "m.tflite", "--board", "stm32f746",
                                   "--nodes", nodes, "--storage", "drum"});
    EXPECT_EQ(told.code, 2) << nodes;
    EXPECT_NE(told.err.find("drum"), std::string::npos) << told.err;
  }
}

TEST_F(CliCluster, OneNodeAloneHasAStorageInPlaceOfANetwork) {
  const std::vector<std::string> how{"simulate", "m.tflite", "--board",
                                     "teensy41", "--flash",  "0"};
  const Told told = shoal(how, {"--storage", "sd-4bit", "--json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  EXPECT_EQ(j["equal"], true);
  EXPECT_EQ(j["sealed"], true);
  EXPECT_EQ(j["storage"], "sd-4bit");
  // Weights this small are read once, before the first frame.
  EXPECT_EQ(j["storage_read_bytes"], 0);
  EXPECT_EQ(j["storage_written_bytes"], 0);
  EXPECT_GE(j["slowdown"], 0.0);
  EXPECT_NEAR(j["latency_s"], j["planned_s"].get<double>(),
              0.005 * j["planned_s"].get<double>());
  const json slow = json::parse(
      shoal(how, {"--storage", "sd-4bit", "--every", "1", "--json"}).out);
  EXPECT_EQ(slow["energy"]["period_s"], 1.0);
  EXPECT_GT(slow["energy"]["idle_j"], j["energy"]["idle_j"]);
  for (const std::vector<std::string>& idle :
       {std::vector<std::string>{"--loss", "10%"},
        {"--seed", "2"},
        {"--insecure"},
        {"--fps", "1"},
        {"--every", "1", "--nodes", "2"}}) {
    const Told refused = shoal(how, idle);
    EXPECT_EQ(refused.code, 2) << idle[0];
    EXPECT_NE(refused.err.find(idle[0]), std::string::npos) << refused.err;
  }
  ASSERT_EQ(shoal(how, {"--timeline", "t.json"}).code, 0);
  const json timeline = json::parse(shop_.read_text("t.json"));
  EXPECT_GT(timeline["traceEvents"].size(), 3u);
  // Nodes have storages of their own.
  const json two = json::parse(shoal(how, {"--nodes", "2", "--strategy",
                                           "spatial", "--ram", "3K", "--json"})
                                   .out);
  EXPECT_EQ(two["equal"], true);
  for (const json& n : two["nodes"]) EXPECT_GT(n["storage_read_bytes"], 0);
}

TEST_F(CliCluster, ANodeThatIsLostIsNamed) {
  const Told told =
      shop_.shoal({"simulate", "m.tflite", "--nodes", "2", "--strategy",
                   "spatial", "--power-loss", "1@20us"});
  EXPECT_EQ(told.code, 6) << told.err;
  EXPECT_NE(told.err.find("node1"), std::string::npos) << told.err;
}

TEST_F(CliCluster, WhatIsAskedWronglyIsRefusedByItsFlag) {
  const auto refused = [&](std::vector<std::string> flags,
                           const std::string& what) {
    flags.insert(flags.begin(), {"simulate", "m.tflite", "--nodes", "2"});
    const Told told = shop_.shoal(flags);
    EXPECT_EQ(told.code, 2) << what;
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
  };
  refused({"--loss", "100%"}, "--loss");
  refused({"--jitter", "5"}, "--jitter");
  refused({"--rate", "fast"}, "--rate");
  refused({"--network", "mesh"}, "--network");
  refused({"--power-loss", "1"}, "--power-loss");
  refused({"--power-loss", "2@1ms"},
          "--power-loss: node 2 is not one of the 2 nodes");
  refused({"--payload", "95"}, "--payload: 95 bytes");
  refused({"--payload", "65001"}, "from 96 to 65000");
  refused({"--cluster", "none.toml"}, "--cluster");
  refused({"--strategy", "diagonal"}, "diagonal");
  EXPECT_EQ(shop_.shoal({"simulate", "m.tflite", "--cuts", "c.toml"}).code, 2);
}

TEST_F(CliCluster, WorkersThatCannotBeReachedAreRefusedByTheirAddress) {
  for (const char* address :
       {"here", "127.0.0.1", ":7000", "127.0.0.1:", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:70 ", "[::1]:7000",
        "serial:", "serial:/dev/null", "serial:/dev/null,127.0.0.1:7000",
        "127.0.0.1:7000,127.0.0.1:7000"}) {
    const Told told = shop_.shoal(
        {"run", "m.tflite", "x.bin", "--insecure", "--workers", address});
    EXPECT_EQ(told.code, 2) << address << ": " << told.err;
  }
  const std::string node = "[[node]]\nboard = \"host\"\nram = \"64K\"\n";
  const std::string file = node + "name = \"a\"\naddress = \"127.0.0.1:7\"\n" +
                           node + "name = \"b\"\n";
  shop_.write("c.toml", std::vector<uint8_t>(file.begin(), file.end()));
  const Told half = shop_.shoal(
      {"run", "m.tflite", "x.bin", "--cluster", "c.toml", "--insecure"});
  EXPECT_EQ(half.code, 2) << half.err;
  EXPECT_NE(half.err.find("node 'b' has no address"), std::string::npos)
      << half.err;
  // A run on workers refuses flags that workers cannot serve.
  expect_refused(shop_.shoal({"run", "m.tflite", "x.bin", "--cluster", "c.toml",
                              "--max-writes", "1M"}),
                 2, "--max-writes: workers keep their programs");
  for (const char* const seconds : {"-1", "0"}) {
    expect_refused(shop_.shoal({"run", "m.tflite", "x.bin", "--workers",
                                "127.0.0.1:7000", "--node-timeout", seconds}),
                   2,
                   "--node-timeout: '" + std::string(seconds) +
                       "' is not a number from 0.05");
  }
}

TEST_F(CliCluster, JsonOfAClustersPlan) {
  const Told told = shop_.shoal({"plan", "m.tflite", "--nodes", "2", "--board",
                                 "teensy41", "--json", "-o", "plan.json"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json j = json::parse(told.out);
  json written = json::parse(shop_.read_text("plan.json"));
  EXPECT_EQ(written.erase("stored"), 1u);  // the plan itself
  EXPECT_EQ(written, j);
  EXPECT_EQ(j["strategy"], "auto (mixed)");
  EXPECT_EQ(j["linked"], true);
  EXPECT_GT(j["traffic_bytes"], 0);
  ASSERT_EQ(j["nodes"].size(), 2u);
  int64_t sent = 0, macs = 0;
  for (const json& n : j["nodes"]) {
    EXPECT_EQ(n["board"], "teensy41");
    EXPECT_GT(n["arena_bytes"], 0);
    EXPECT_FALSE(n["peers"].empty());
    sent += n["sent_bytes"].get<int64_t>();
    macs += n["macs"].get<int64_t>();
  }
  EXPECT_GT(sent, 0);
  EXPECT_EQ(macs, j["macs"]);
  ASSERT_FALSE(j["segments"].empty());
  for (const json& s : j["segments"]) {
    EXPECT_FALSE(s["cuts"].empty());
    EXPECT_TRUE(s["bound"].is_string());
  }
  for (const json& s : j["streams"]) EXPECT_FALSE(s["to"].empty());
}

TEST_F(CliCluster, MistakesOfFilesAreNamedByLineOrKey) {
  const auto cuts = [&](const std::string& text, const std::string& what) {
    shop_.write("k.toml", {text.begin(), text.end()});
    expect_refused(
        shop_.shoal({"plan", "m.tflite", "--nodes", "2", "--cuts", "k.toml"}),
        2, what);
  };
  cuts("[default]\nstrategy = \n", "k.toml:2");
  cuts("[default]\nstrategy = \"kernel\"\ncolour = 3\n", "k.toml:3");
  cuts("[[block]]\nlayers = \"0-9\"\nrows = 2\n", "k.toml:2");
  cuts("[[block]]\nlayers = 0\nrows = 2\n", "layer 1");
  cuts("[default]\nstrategy = \"magic\"\n", "'magic' is unknown");
  expect_refused(
      shop_.shoal({"plan", "m.tflite", "--nodes", "2", "--cuts", "none.toml"}),
      2, "none.toml: no such file");
  const std::string much =
      "[[node]]\nname = \"l\"\nboard = \"host\"\nram = \"much\"\n";
  shop_.write("c.toml", {much.begin(), much.end()});
  expect_refused(shop_.shoal({"plan", "m.tflite", "--cluster", "c.toml"}), 2,
                 "c.toml:4");
  expect_refused(shop_.shoal({"plan", "m.tflite", "--nodes", "0"}), 2,
                 "--nodes");
  expect_refused(shop_.shoal({"plan", "m.tflite", "--nodes", "2", "--board",
                              "teensy41", "--ram", "100"}),
                 3, "does not fit");
  expect_refused(shop_.shoal({"run", "m.tflite", "x.bin", "--nodes", "2",
                              "--strategy", "spatial", "--replay"}),
                 2, "--replay does not go with --strategy spatial");
}

}  // namespace
}  // namespace shoal
