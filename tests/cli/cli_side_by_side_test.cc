// Two commands at once on the same files, workers or port: each ends exact or
// refused as busy (exit code 9; 2 where the second would replace what nobody
// said may be replaced). cli_outputs_side_by_side_test.cc has the verbs that
// write outputs, two and three at once; cli_store_test.cc has runs on one store
// that is written.
//
//   SHOAL_PAIRS   how many of each (default: 2)
#include <csignal>

#include "tests/side_by_side.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// Readers run beside readers.
TEST_F(SideBySide, ReadersAreInNobodysWay) {
  ok({"build", "m.tflite", "--flash", "0", "--ram", "64K", "--store", "st"});
  ok({"run", "--store", "st", "random:1", "-o", "alone"});
  for (int n = 0; n < pairs(); ++n) {
    const Codes codes =
        both({"run", "--store", "st", "random:1", "-o", "a.bin"},
             {"run", "--store", "st", "random:1", "-o", "b.bin"});
    EXPECT_TRUE(codes.first == 0 && codes.second == 0);
    EXPECT_EQ(shop_.read("a.bin"), shop_.read("alone"));
    EXPECT_EQ(shop_.read("b.bin"), shop_.read("alone"));
    both({"inspect", "m.tflite"}, {"inspect", "m.tflite"});
    both({"verify", "m.tflite", "random:1"},
         {"verify", "m.tflite", "random:1"});
  }
}

// The store is one of the two, and a run beside a build has either.
TEST_F(SideBySide, BuildsOfOneStore) {
  const auto build = [](const char* m) -> Arguments {
    return {"build", m, "--flash", "0", "--ram", "64K", "--store", "st"};
  };
  const Arguments run = {"run", "--store", "st", "random:1", "-o", "out.bin"};
  const auto alone = [&](const char* m) {
    ok(build(m));
    ok(run);
    return shop_.read("out.bin");
  };
  const Bytes outputs[] = {alone("m.tflite"), alone("n.tflite")};
  const auto is_one = [&] {
    const Bytes got = shop_.read("out.bin");
    return got == outputs[0] || got == outputs[1];
  };
  for (int n = 0; n < pairs() && !HasFailure(); ++n) {
    const Codes builds = both(build("m.tflite"), build("n.tflite"));
    EXPECT_EQ(std::min(builds.first, builds.second), 0);
    ok(run);
    EXPECT_TRUE(is_one());
    const Codes codes = both(build(n % 2 ? "m.tflite" : "n.tflite"), run);
    if (codes.second == 0) {
      EXPECT_TRUE(is_one());
    }
    ok(run);
    EXPECT_TRUE(is_one());
  }
}

TEST_F(SideBySide, OneKeyIsMade) {
  for (int n = 0; n < 4 * pairs(); ++n) {
    const std::string key = "k" + std::to_string(n);
    Background a(shop_, {"keygen", "-o", key}), b(shop_, {"keygen", "-o", key});
    const int first = a.end(0), second = b.end(0);
    EXPECT_EQ(std::min(first, second), 0);
    EXPECT_EQ(std::max(first, second), kUsage);
    const Bytes made = shop_.read(key);
    EXPECT_EQ(made.size(), 65u);
    both({"keygen", "-o", key, "--force"}, {"keygen", "-o", key, "--force"});
    EXPECT_EQ(shop_.read(key).size(), 65u);
    EXPECT_NE(shop_.read(key), made);
  }
}

TEST_F(SideBySide, OneJournal) {
  write_pictures(30);
  const Arguments evaluate = {"evaluate", "m.tflite", "idx", "--json"};
  const auto counts = [](const Told& told) {
    const auto said = nlohmann::json::parse(told.out);
    return std::pair(said.at("frames").get<int>(),
                     said.at("top1_frames").get<int>());
  };
  const auto alone = counts(ok(evaluate));
  Arguments resume = evaluate;
  resume.insert(resume.end(), {"--resume", "journal"});
  for (int n = 0; n < pairs() && !HasFailure(); ++n) {
    fs::remove(shop_.folder() / "journal");
    const Codes codes = both(resume, resume);
    EXPECT_EQ(std::min(codes.first, codes.second), 0);
    EXPECT_EQ(counts(ok(resume)), alone);
  }
}

// Each may have got one of two workers, and both are refused; with --wait each
// gets its turn.
TEST_F(SideBySide, RunsAndDeploymentsOnOnePairOfWorkers) {
  ok({"keygen"});
  ok({"run", "m.tflite", "random:1", "-o", "alone"});
  const Arguments serve = {"worker", "--listen", "127.0.0.1:0", "--ram",
                           "32K",    "--flash",  "1M"};
  Background one(shop_, serve), two(shop_, serve);
  const std::string at = address_of(one);
  const std::string workers = at + "," + address_of(two);
  const auto run = [&](const char* out, bool waits) {
    Arguments all = {"run",   "m.tflite", "random:1", "--workers",
                     workers, "-o",       out};
    if (waits) all.insert(all.end(), {"--wait", "60"});
    return all;
  };
  const Arguments deploy = {"deploy", "n.tflite", "--workers", workers};
  for (int n = 0; n < pairs() && !HasFailure(); ++n) {
    for (const bool waits : {false, true}) {
      fs::remove(shop_.folder() / "a.bin");
      fs::remove(shop_.folder() / "b.bin");
      const Codes codes = both(run("a.bin", waits), run("b.bin", waits));
      if (waits) {
        EXPECT_TRUE(codes.first == 0 && codes.second == 0);
      }
      if (codes.first == 0) {
        EXPECT_EQ(shop_.read("a.bin"), shop_.read("alone"));
      }
      if (codes.second == 0) {
        EXPECT_EQ(shop_.read("b.bin"), shop_.read("alone"));
      }
    }
    const Codes codes = both(run("a.bin", false), deploy);
    if (codes.first == 0) {
      EXPECT_EQ(shop_.read("a.bin"), shop_.read("alone"));
    }
    both(deploy, deploy);
  }
  // A second worker on the port of the first is refused.
  const Told told = shop_.shoal({"worker", "--listen", at, "--ram", "32K"});
  EXPECT_EQ(told.code, kBusy) << told.err;
  EXPECT_EQ(one.end(SIGTERM), 0);
  EXPECT_EQ(two.end(SIGTERM), 0);
}

}  // namespace
}  // namespace shoal
