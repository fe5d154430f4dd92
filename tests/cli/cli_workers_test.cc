// Nodes that are processes, as a script drives them: keys, workers, runs over
// workers and what they say when something is wrong. And plans for clusters.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/testing/noise.h"
#include "host/engine/workers/udp.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

using nlohmann::json;
using Arguments = std::vector<std::string>;

// A port that is somebody's who never answers.
struct SilentPort {
  const UdpTransport port{parse_udp_address("127.0.0.1:0", "")};
  const std::string address = udp_address_text(port.address());
};

class CliWorkers : public testing::Test {
 protected:
  CliWorkers() {
    shop_.write("m.tflite", worker_model());
    shop_.write("x.bin", noise<uint8_t>(16 * 12 * 3, 5));
  }

  void expect_refused(const Arguments& arguments, int code,
                      const std::string& text) {
    const Told told = shop_.shoal(arguments);
    shoal::expect_refused(told, code, text);
    // The error and how to mend it, after a warning of --insecure.
    EXPECT_LE(lines_of(told.err).size(), 3u) << told.err;
  }
  void write_text(const std::string& name, const std::string& text) {
    shop_.write(name, {text.begin(), text.end()});
  }
  mode_t mode_of(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(stat(shop_.path(name).c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  static Arguments run(const std::string& workers, const Arguments& more) {
    Arguments all{"run", "m.tflite", "x.bin", "--workers", workers};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  static Arguments deploy(const std::string& workers, const Arguments& more) {
    Arguments all{"deploy", "m.tflite", "--workers", workers};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  const Workshop shop_;
};

TEST_F(CliWorkers, AKeyIsMadeOnce) {
  const Told told = shop_.shoal({"keygen"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("shoal.key"), std::string::npos) << told.out;
  EXPECT_EQ(mode_of("shoal.key"), 0600u);
  const std::string key = shop_.read_text("shoal.key");
  EXPECT_EQ(key.size(), 65u);
  EXPECT_EQ(told.out.find(key.substr(0, 8)), std::string::npos);
  expect_refused({"keygen"}, 2, "shoal.key exists");
  EXPECT_EQ(shop_.read_text("shoal.key"), key);
  // --force makes another one, whatever the old file's mode was.
  ASSERT_EQ(chmod(shop_.path("shoal.key").c_str(), 0644), 0);
  EXPECT_EQ(shop_.shoal({"keygen", "--force"}).code, 0);
  EXPECT_NE(shop_.read_text("shoal.key"), key);
  EXPECT_EQ(mode_of("shoal.key"), 0600u);
  EXPECT_EQ(shop_.shoal({"keygen", "-o", "b.key"}).code, 0);
  EXPECT_EQ(mode_of("b.key"), 0600u);
  expect_refused({"keygen", "-o", "."}, 2, ".: cannot be written: it is a");
  expect_refused({"keygen", "-o", "none/b.key"}, 1,
                 "none/b.key: cannot be written");
}

TEST_F(CliWorkers, AWorkerRefusesWhatItCannotBe) {
  const auto refused = [&](const Arguments& more, const std::string& text,
                           int code = 2) {
    expect_refused(RunningWorker::arguments(more), code, text);
  };
  refused({}, "shoal.key: the key file does not exist");
  refused({"--insecure", "--listen", "here"}, "--listen");
  refused({"--insecure", "--listen", "127.0.0.1:65536"}, "--listen");
  refused({"--insecure", "--ram", "0"}, "--ram");
  refused({"--insecure", "--ram", "lots"}, "'lots' is not a size");
  refused({"--insecure", "--flash", "-1"}, "'-1' is not a size");
  refused({"--insecure", "--board", "abacus"}, "unknown board 'abacus'");
  refused({"--insecure", "--name", "my node"}, "my node");
  refused({"--insecure", "--fast"}, "--fast");
  refused({"--insecure", "--key", "shoal.key"},
          "--key and --insecure exclude each other");
  expect_refused({"worker", "--insecure"}, 2, "--ram");
  const SilentPort taken;
  refused({"--insecure", "--listen", taken.address}, taken.address, 9);
  write_text("open.key", std::string(64, '7'));
  ASSERT_EQ(chmod(shop_.path("open.key").c_str(), 0604), 0);
  refused({"--key", "open.key"}, "open.key: every user");
}

// Nodes that answer are listed and written as a cluster that runs; others are
// listed with their reason.
TEST_F(CliWorkers, DiscoverFindsWhatAnswers) {
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
  const RunningWorker a(shop_, {}),
      b(shop_, {"--name", "left", "--board", "rp2040", "--ram", "16K"});
  const RunningWorker stranger(shop_, {"--key", "other.key"});
  const SilentPort silent;
  const Told told = shop_.shoal({"discover", a.address, b.address,
                                 stranger.address, silent.address, "--json",
                                 "-o", "c.toml", "--node-timeout", "1"});
  ASSERT_EQ(told.code, 0) << told.err;
  const json nodes = json::parse(told.out).at("nodes");
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes[0].at("arena_bytes"), 32768);
  EXPECT_EQ(nodes[1].at("name"), "left");
  EXPECT_EQ(nodes[1].at("board"), "rp2040");
  EXPECT_EQ(nodes[1].at("arena_bytes"), 16384);
  EXPECT_EQ(nodes[1].at("program_bytes"), 0);
  for (const size_t i : {size_t{2}, size_t{3}}) {
    EXPECT_EQ(nodes[i].at("answers"), false);
    EXPECT_EQ(nodes[i].at("exit_code"), 6);
  }
  EXPECT_NE(nodes[2].at("why").get<std::string>().find("key"),
            std::string::npos);

  const Told ran = shop_.shoal(
      {"run", "m.tflite", "x.bin", "--cluster", "c.toml", "-o", "two.bin"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  ASSERT_EQ(shop_.shoal({"run", "m.tflite", "x.bin", "-o", "one.bin"}).code, 0);
  EXPECT_EQ(shop_.read("two.bin"), shop_.read("one.bin"));
  // A file that is wrong of their datagrams would plan another run.
  write_text("small.toml", "payload = 512\n" + shop_.read_text("c.toml"));
  expect_refused({"run", "m.tflite", "x.bin", "--cluster", "small.toml"}, 2,
                 "small.toml: payload = 512, and these nodes' datagrams have "
                 "1472 bytes");
  const std::string port = a.address.substr(a.address.rfind(':') + 1);
  const Told again =
      shop_.shoal({"discover", a.address + "-" + port, "--node-timeout", "1"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("program "), std::string::npos) << again.out;

  // One that is asked twice is one; two of one name are no cluster.
  const RunningWorker twin(shop_, {"--name", "left"});
  expect_refused({"discover", a.address, "-o", "shoal.key"}, 2, "shoal.key");
  const Told twins = shop_.shoal(
      {"discover", b.address, twin.address, "--json", "-o", "twins.toml"});
  EXPECT_EQ(twins.code, 2);
  EXPECT_NE(twins.err.find("no cluster file"), std::string::npos) << twins.err;

  expect_refused({"discover", "127.0.0.1:9-3"}, 2, "is not a range of ports");
  expect_refused({"discover", "127.0.0.1:1-600"}, 2, "at most 512");
  expect_refused({"discover", "here"}, 2, "'here' is not an address");
  expect_refused({"discover", "serial:"}, 2, "'serial:' names no device");
  EXPECT_EQ(
      shop_.shoal({"discover", silent.address, "--node-timeout", "1"}).code, 6);
}

TEST_F(CliWorkers, TwoGiveTheBytesOfOneNode) {
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  const Told one = shop_.shoal(
      {"run", "m.tflite", "x.bin", "--json", "--output", "one.out"});
  ASSERT_EQ(one.code, 0) << one.err;
  RunningWorker a(shop_, {"--name", "left"}), b(shop_, {});
  const std::string both = a.address + "," + b.address;
  for (const char* held : {"0 of 2", "2 of 2"}) {
    const Told told =
        shop_.shoal(run(both, {"--strategy", "spatial", "--frames", "5",
                               "--output", "two.out", "--json"}));
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("two.out"), shop_.read("one.out"));
    EXPECT_NE(told.err.find(std::string(held) + " nodes had their program"),
              std::string::npos)
        << told.err;
    const json j = json::parse(told.out);
    EXPECT_EQ(j["output_sha256"], json::parse(one.out)["output_sha256"]);
    EXPECT_EQ(j["arena_bytes"].size(), 2u);
    EXPECT_EQ(j["latency_kind"], "measured");
    EXPECT_EQ(j["frames"], 5);
  }
  // Rows of the picture go to each of them once for every tile.
  write_text("c.toml",
             "default = { rows = 2 }\n[[block]]\nlayers = 0\nrows = 2\n"
             "tiles = 3\n");
  shop_.shoal(run(both, {"--cuts", "c.toml", "--replay", "--output", "3.out"}));
  EXPECT_EQ(shop_.read("3.out"), shop_.read("one.out"));
  EXPECT_EQ(a.process.end(SIGTERM), 0);
  EXPECT_EQ(b.process.end(SIGINT), 0);
}

TEST_F(CliWorkers, DeployedProgramsAreNotSentAgain) {
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  RunningWorker a(shop_, {"--name", "left"}), b(shop_, {"--name", "right"});
  const std::string both = a.address + "," + b.address;
  const Arguments spatial{"--strategy", "spatial"};
  for (const std::string program : {"sent", "held"}) {
    const Told told =
        shop_.shoal(deploy(both, {"--strategy", "spatial", "--json"}));
    ASSERT_EQ(told.code, 0) << told.err;
    const json j = json::parse(told.out);
    ASSERT_EQ(j["nodes"].size(), 2u);
    int64_t bytes = 0;
    for (const json& n : j["nodes"]) {
      EXPECT_EQ(n["program"], program);
      EXPECT_EQ(n["board"], "host");
      EXPECT_GT(n["arena_bytes"], 0);
      EXPECT_EQ(n["ram_bytes"], 32 * 1024);
      bytes += n["program_bytes"].get<int64_t>();
    }
    EXPECT_EQ(j["nodes"][0]["name"], "left");
    EXPECT_EQ(j["nodes"][1]["address"], b.address);
    EXPECT_GT(bytes, 0);
    EXPECT_EQ(j["sent_bytes"], program == "sent" ? bytes : 0);
  }
  const std::string held = "deployed 0 B (0.0 KB); 2 of 2 nodes had their";
  Told told = shop_.shoal(run(both, spatial));
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.err.find(held), std::string::npos) << told.err;
  // Another cut is another program.
  const Arguments kernel{"--strategy", "kernel"};
  told = shop_.shoal(deploy(both, kernel));
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(lines_of(told.out).size(), 3u) << told.out;
  EXPECT_NE(told.out.find("left   host"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("  sent\n"), std::string::npos) << told.out;
  EXPECT_NE(told.err.find("0 of 2 nodes had"), std::string::npos) << told.err;
  EXPECT_NE(shop_.shoal(run(both, kernel)).err.find(held), std::string::npos);
  EXPECT_EQ(a.process.end(SIGTERM), 0);
  EXPECT_EQ(b.process.end(SIGTERM), 0);
}

TEST_F(CliWorkers, LinesThatCannotBeAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"serial:#1", "names no device"},
      {"serial:/dev/null#0", "has no number of a node"},
      {"serial:/dev/null#32", "has no number of a node"},
      {"serial:/dev/null#1,serial:/dev/null#1", "is named twice"},
      {"serial:/dev/null#1,serial:/dev/zero#2", "are not on one line"},
      {"serial:/dev/null#1,127.0.0.1:7000", "are not on one line"},
      {"serial:/dev/null#1", "cannot be used as a serial line"},
      {"serial:/dev/null,serial:/dev/zero", "one node at its end"},
      {"espnow:/dev/null", "is no node of ESP-NOW"},
      {"espnow:/dev/null#ff:ff:ff:ff:ff:ff", "is no node of ESP-NOW"},
      {"espnow:/dev/null#24:6f:28:00:00:01", "cannot be used as a serial"},
  };
  for (const auto& [addresses, text] : cases) {
    expect_refused(deploy(addresses, {"--insecure"}), 2, text);
  }
  expect_refused(
      {"discover", "serial:/dev/ptmx#1", "serial:/dev/ptmx#2", "--insecure"}, 2,
      "has one coordinator");
}

TEST_F(CliWorkers, DeployRefusesAsRunDoes) {
  const RunningWorker one(shop_, {"--insecure"});
  const RunningWorker small(shop_, {"--insecure", "--ram", "300"});
  const SilentPort nobody;
  expect_refused(deploy(one.address + "," + nobody.address,
                        {"--insecure", "--node-timeout", "1"}),
                 6, "node " + nobody.address + ": no answer within ");
  expect_refused(deploy(one.address, {}), 2,
                 "shoal.key: the key file does not exist");
  expect_refused({"deploy", "m.tflite", "--insecure"}, 2, "no worker is named");
  expect_refused(deploy(one.address, {"--nodes", "2"}), 2, "--nodes");
  expect_refused(deploy(one.address, {"--insecure", "--cluster", "c.toml"}), 2,
                 "exclude each other");
  expect_refused(
      {"deploy", "none.tflite", "--insecure", "--workers", one.address}, 2,
      "none.tflite");
  const Told told = shop_.shoal(deploy(small.address, {"--insecure"}));
  EXPECT_EQ(told.code, 3) << told.err;
  EXPECT_EQ(told.out, "");
  write_text("c.toml", "[[node]]\nname = \"l\"\nboard = \"host\"\n");
  expect_refused({"deploy", "m.tflite", "--insecure", "--cluster", "c.toml"}, 2,
                 "node 'l' has no address");
  // None of that has left it in disorder.
  EXPECT_EQ(shop_.shoal(deploy(one.address, {"--insecure"})).code, 0);
}

// One worker has the picture and tells the class, two compute: after the
// deployment there is no coordinator.
TEST_F(CliWorkers, AWorkerStartsFrames) {
  const RunningWorker one(shop_, {"--insecure"}), two(shop_, {"--insecure"});
  RunningWorker bell(shop_, {"--insecure"});
  const Told told = shop_.shoal(
      deploy(one.address + "," + two.address,
             {"--insecure", "--leader", bell.address, "--picture", "x.bin",
              "--every", "0.05", "--strategy", "spatial"}));
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.err.find("from now on"), told.err.npos) << told.err;
  const std::string first = bell.process.line();
  EXPECT_EQ(first.rfind("frame 0: class ", 0), 0u) << first;
  EXPECT_EQ(bell.process.line(), "frame 1" + first.substr(7));
}

TEST_F(CliWorkers, ARunThatIsInterruptedSaysWhomItStopped) {
  const RunningWorker a(shop_, {"--insecure"}), b(shop_, {"--insecure"});
  const std::string run =
      "$SHOAL run m.tflite x.bin --frames 100000000 "
      "--insecure --workers " +
      a.address + "," + b.address;
  for (const auto& [name, code] :
       {std::pair<std::string, int>{"INT", 130}, {"TERM", 143}}) {
    // Sooner or later it has begun when the signal comes.
    Told told;
    for (double s = 0.3; s < 20; s *= 2) {
      // Without job control what a script has in the background ignores INT.
      told =
          shop_.script("set -m; " + run + " 2>said & sleep " +
                       std::to_string(s) + "; kill -" + name + " $!; wait $!");
      told.err = shop_.read_text("said");
      if (told.err.find("2 of 2") != std::string::npos) break;
    }
    EXPECT_EQ(told.code, code);
    EXPECT_NE(told.err.find("interrupted; 2 of 2 nodes have been stopped\n"),
              std::string::npos)
        << told.err;
  }
  EXPECT_EQ(shop_
                .shoal({"run", "m.tflite", "x.bin", "--insecure", "--workers",
                        a.address + "," + b.address})
                .code,
            0);
}

TEST_F(CliWorkers, InsecureIsWarnedAbout) {
  const Told told = shop_.script(
      "$SHOAL worker --insecure --ram 32K 2>said & sleep 0.3; while ! [ -s "
      "said ]; do sleep 0.1; done; kill $!; wait $!");
  EXPECT_EQ(told.code, 0);
  EXPECT_NE(shop_.read_text("said").find("warning: --insecure: without a key"),
            std::string::npos);
  const RunningWorker a(shop_, {"--insecure"});
  const Told run = shop_.shoal(
      {"run", "m.tflite", "x.bin", "--insecure", "--workers", a.address});
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.err.find("warning: --insecure: nothing is encrypted"),
            std::string::npos)
      << run.err;
}

TEST_F(CliWorkers, AClusterFileNamesThem) {
  const RunningWorker a(shop_, {"--insecure", "--name", "l"});
  const RunningWorker b(shop_, {"--insecure", "--name", "r"});
  write_text(
      "c.toml",
      "[defaults]\nboard = \"host\"\n[[node]]\nname = \"l\"\naddress = \"" +
          a.address + "\"\n[[node]]\nname = \"r\"\naddress = \"" + b.address +
          "\"\n");
  write_text("cuts.toml", "[default]\noutputs = 2\nnodes = [\"r\", \"l\"]\n");
  ASSERT_EQ(
      shop_.shoal({"run", "m.tflite", "x.bin", "--output", "one.out"}).code, 0);
  const Told told =
      shop_.shoal({"run", "m.tflite", "x.bin", "--cluster", "c.toml", "--cuts",
                   "cuts.toml", "--insecure", "--output", "two.out"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.read("two.out"), shop_.read("one.out"));
  const Told held = shop_.shoal({"deploy", "m.tflite", "--cluster", "c.toml",
                                 "--cuts", "cuts.toml", "--insecure"});
  EXPECT_EQ(held.code, 0) << held.err;
  EXPECT_NE(held.out.find("held already"), std::string::npos) << held.out;
}

TEST_F(CliWorkers, WhoDoesNotAnswerOrHasAnotherKeyIsNamed) {
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
  const RunningWorker secure(shop_, {}), open(shop_, {"--insecure"});
  const SilentPort nobody;
  expect_refused(
      run(secure.address + "," + nobody.address, {"--node-timeout", "1"}), 6,
      "node " + nobody.address + ": no answer within ");
  // Unsigned answers: said at once, believed when time has run out.
  const auto hinted = [&](const std::string& address, const Arguments& more,
                          const std::string& text) {
    Arguments all = run(address, more);
    all.insert(all.end(), {"--node-timeout", "1"});
    const Told told = shop_.shoal(all);
    EXPECT_EQ(told.code, 6) << told.err;
    std::vector<std::string> lines = lines_of(told.err);
    std::erase_if(lines, [](const std::string& line) {
      return line.starts_with("warning: --insecure");
    });
    ASSERT_GE(lines.size(), 2u) << told.err;
    EXPECT_EQ(lines[0], "node " + address + ": an unsigned answer says that " +
                            text + "; going on until 1.0 s have passed");
    EXPECT_NE(lines[1].find("no answer within 1.0 s; an unsigned answer said "
                            "that " +
                            text),
              std::string::npos)
        << told.err;
    // The node runs and answers: starting it or waiting would not help.
    EXPECT_EQ(told.err.find("start it"), std::string::npos) << told.err;
    EXPECT_NE(told.err.find("use the key and the mode"), std::string::npos)
        << told.err;
  };
  hinted(secure.address, {"--key", "other.key"}, "it does not know this key");
  hinted(secure.address, {"--insecure"}, "it takes only encrypted sessions");
  hinted(open.address, {}, "it runs --insecure");
  expect_refused(run(secure.address, {"--key", "none.key"}), 2,
                 "none.key: the key file does not exist");
  expect_refused(run(secure.address, {"--nodes", "2"}), 2,
                 "--nodes: workers are as many as their addresses");
  // None of this has hurt the workers.
  EXPECT_EQ(shop_.shoal(run(secure.address, {})).code, 0);
  EXPECT_EQ(shop_.shoal(run(open.address, {"--insecure"})).code, 0);
}

TEST_F(CliWorkers, OneCoordinatorAtATime) {
  const RunningWorker worker(shop_, {"--insecure"});
  const auto once = [&](const Arguments& more) {
    Arguments all = run(worker.address, {"--insecure", "--node-timeout", "2"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Arguments forever = once({"--frames", "1000000", "--wait", "60"});
  std::optional<Background> first(std::in_place, shop_, forever);
  const std::string has = " has it, for ";
  const auto busy = [&] {
    const Told told = shop_.shoal(once({}));
    return told.code == 9 && told.err.find(has) != std::string::npos;
  };
  for (int i = 0; i < 100 && !busy(); ++i) usleep(20'000);
  expect_refused(once({}), 9, "node " + worker.address + ": busy: ");
  expect_refused(once({}), 9, "--wait SECONDS, or --take-over");
  expect_refused({"probe", worker.address, "--insecure"}, 9,
                 "goes on\n  try again when it is free");
  EXPECT_EQ(shop_.shoal(once({"--wait", "0.2"})).code, 9);
  const Told found = shop_.shoal({"discover", worker.address, "--insecure"});
  EXPECT_EQ(found.code, 9) << found.err;
  EXPECT_NE(found.err.find("every node that answers is busy"),
            std::string::npos)
      << found.err;
  // A run that ends gives it back at once; a killed one leaves it until then.
  first->end(SIGTERM);
  EXPECT_EQ(shop_.shoal(once({})).code, 0);
  first.emplace(shop_, forever);
  for (int i = 0; i < 100 && !busy(); ++i) usleep(20'000);
  first->end(SIGKILL);
  expect_refused(once({}), 9, has);
  const Told waited = shop_.shoal(once({"--wait", "30"}));
  EXPECT_EQ(waited.code, 0) << waited.err;
  EXPECT_NE(waited.err.find("; waiting\n"), std::string::npos) << waited.err;
  // It also ends if that is meant.
  first.emplace(shop_, forever);
  for (int i = 0; i < 100 && !busy(); ++i) usleep(20'000);
  EXPECT_EQ(shop_.shoal(once({"--take-over"})).code, 0);
  EXPECT_EQ(first->end(0), 9);
}

TEST_F(CliWorkers, IdentitiesKnowEachOther) {
  std::vector<std::string> keys;
  for (const char* file : {"c.key", "n0.key", "n1.key", "other.key"}) {
    const Told told = shop_.shoal({"keygen", "--identity", "-o", file});
    ASSERT_EQ(told.code, 0) << told.err;
    keys.push_back(told.out.substr(0, told.out.find('\n')));
    EXPECT_EQ(mode_of(file), 0600u);
    EXPECT_EQ(shop_.shoal({"keygen", "--public", file}).out, told.out);
  }
  const auto node = [&](const std::string& file) {
    return Arguments{"--identity", file, "--coordinator", keys[0]};
  };
  const RunningWorker a(shop_, node("n0.key")), b(shop_, node("n1.key"));
  const std::string both = a.address + "," + b.address;
  const auto with = [&](const std::string& own, const std::string& nodes,
                        const Arguments& more = {}) {
    Arguments all = run(
        both, {"--identity", own, "--node-key", nodes, "--node-timeout", "1"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::string theirs = keys[1] + "," + keys[2];
  ASSERT_EQ(
      shop_.shoal({"run", "m.tflite", "x.bin", "--output", "one.out"}).code, 0);
  const auto expect_exact = [&] {
    const Told told = shop_.shoal(with("c.key", theirs, {"-o", "two.out"}));
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("two.out"), shop_.read("one.out"));
  };
  expect_exact();
  const auto hinted = [&](const Arguments& arguments, const std::string& text) {
    const Told told = shop_.shoal(arguments);
    EXPECT_EQ(told.code, 6) << told.err;
    EXPECT_NE(told.err.find("an unsigned answer said that it " + text),
              std::string::npos)
        << told.err;
  };
  hinted(with("other.key", theirs), "does not know this key");
  hinted(with("c.key", keys[2] + "," + keys[1]), "does not know this key");
  ASSERT_EQ(shop_.shoal({"keygen"}).code, 0);
  const std::string only = "takes only coordinators with --identity";
  hinted(run(both, {"--node-timeout", "1"}), only);
  hinted(run(both, {"--node-timeout", "1", "--insecure"}), only);
  expect_refused(with("c.key", keys[1]), 2, "1 public keys for 2 workers");
  expect_refused(with("shoal.key", theirs), 2,
                 "shoal.key: the file does not hold an identity");
  expect_refused(with("none.key", theirs), 2,
                 "none.key: the identity file does not exist");
  expect_refused(with("n0.key", theirs), 2, "or is the coordinator's own");
  expect_refused(run(both, {"--key", "c.key"}), 2, "--identity c.key");
  expect_refused(run(both, {"--node-key", theirs}), 2, "goes with --identity");
  expect_refused(RunningWorker::arguments({"--identity", "n0.key"}), 2,
                 "--identity needs --coordinator");
  expect_refused(RunningWorker::arguments({"--coordinator", keys[0]}), 2,
                 "--identity");
  // A cluster file names them as well.
  const auto cluster = [&](const std::string& second) {
    const auto entry = [](const char* name, const std::string& address,
                          const std::string& key) {
      return std::string("[[node]]\nboard = \"host\"\nname = \"") + name +
             "\"\naddress = \"" + address + "\"\n" + key;
    };
    write_text("c.toml",
               entry("l", a.address, "public_key = \"" + keys[1] + "\"\n") +
                   entry("r", b.address, second));
    return Arguments{"deploy", "m.tflite",   "--cluster",
                     "c.toml", "--identity", "c.key"};
  };
  expect_refused(cluster(""), 2, "c.toml: node 'r' has no public_key");
  // Connected, though under other names than the file says.
  expect_refused(cluster("public_key = \"" + keys[2] + "\"\n"), 2,
                 "the cluster file says l, host");
  expect_exact();
}

TEST_F(CliWorkers, ProgramsThatDoNotFitAreRefused) {
  const RunningWorker small(shop_, {"--insecure", "--ram", "300"});
  const Told told = shop_.shoal(run(small.address, {"--insecure"}));
  EXPECT_EQ(told.code, 3) << told.err;
  EXPECT_NE(told.err.find("does not fit"), std::string::npos) << told.err;
}

TEST_F(CliWorkers, BudgetsAreThoseOfOtherNodes) {
  const RunningWorker worker(shop_, {"--insecure"});
  const auto refused = [&](const char* flag, const char* bytes, int code,
                           const char* text) {
    expect_refused(run(worker.address, {"--insecure", flag, bytes}), code,
                   text);
  };
  refused("--ram", "0", 2, "--ram: '0' is 0 B");
  refused("--max-arena", "0", 2, "--max-arena: '0' is 0 B");
  refused("--ram", "300", 3, "budget 300 B");
  refused("--max-arena", "300", 3, "(0.3 KB) (--max-arena)");
  // The same to deploy, whose plan runs find.
  expect_refused({"deploy", "m.tflite", "--workers", worker.address,
                  "--insecure", "--max-arena", "300"},
                 3, "(0.3 KB) (--max-arena)");
}

}  // namespace
}  // namespace shoal
