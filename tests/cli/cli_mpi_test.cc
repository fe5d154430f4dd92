// `mpirun -n N shoal evaluate --mpi` and `quantize --mpi`: the bytes of one
// process at any number of ranks, also when one of them was killed, and one
// line for what goes wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

const std::string kBundled = std::string(SHOAL_SOURCE_DIR) + "/models/";
const std::string kEvaluate = " evaluate --mpi " + kBundled +
                              "fashion_mobilenet_v2.tflite --labels " +
                              kBundled + "fashion_labels.txt ";
const std::string kOfData = kEvaluate + "data ";
const std::string kOfOne =
    " evaluate " + kBundled + "fashion_mobilenet_v2.tflite ";
const std::string kSamples = kBundled + "samples ";

class CliMpi : public testing::Test {
 protected:
  void SetUp() override {
    const Told there = shop_.script("command -v mpirun");
    const Told built = shop_.script("$SHOAL evaluate --mpi");
    if (built.code == 4) {
      EXPECT_NE(built.err.find("built without MPI"), std::string::npos);
      GTEST_SKIP() << "this build is without MPI";
    }
    ASSERT_EQ(built.code, 2) << built.err;
    if (there.code != 0) GTEST_SKIP() << "there is no mpirun";
  }
  // Lines in which $MPI starts ranks on this machine, more than it has cores.
  // Open MPI's own files are in this test's folder: runs beside it share none.
  Told script(const std::string& lines) {
    return shop_.script(
        "mkdir -p t && export TMPDIR=$PWD/t\n"
        "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1\n"
        "MPI='mpirun --oversubscribe --mca btl self,vader --mca "
        "odls_base_sigkill_timeout 0 --mca btl_vader_single_copy_mechanism "
        "none'\n" +
        lines);
  }
  Told ranks(int n, const std::string& arguments) {
    return script("$MPI -n " + std::to_string(n) + " $SHOAL" + arguments);
  }
  // Rank 1 alone has these.
  Told unlike(const std::string& first, const std::string& second) {
    return script("$MPI -n 1 $SHOAL" + first + " : -n 1 $SHOAL" + second);
  }
  // Only the verb's own lines count; the rest is mpirun's.
  static void refused(const Told& told, int code, const std::string& line) {
    EXPECT_EQ(told.code, code) << told.out << told.err;
    std::vector<std::string> said;
    for (const std::string& l : lines_of(told.err)) {
      if (l.starts_with("shoal: ")) said.push_back(l);
    }
    ASSERT_EQ(said.size(), 1u) << told.err;
    EXPECT_NE(said[0].find(line), std::string::npos) << said[0];
    EXPECT_EQ(told.out, "");
  }
  // Writes the pictures of the samples, `times` times each.
  void make_data(int times) {
    namespace fs = std::filesystem;
    for (const auto& folder : fs::directory_iterator(kBundled + "samples")) {
      const fs::path to = shop_.folder() / "data" / folder.path().filename();
      fs::create_directories(to);
      for (const auto& file : fs::directory_iterator(folder)) {
        for (int i = 1; i <= times; ++i) {
          const std::string name = file.path().filename().string();
          fs::create_symlink(file, to / (std::to_string(i) + "-" + name));
        }
      }
    }
  }
  // Three ranks over the data, one of which gets a signal on the way.
  Told signalled(int rank, const std::string& signal,
                 const std::string& flags) {
    return script(
        "rm -f j; $MPI -n 3 $SHOAL" + kOfData + flags +
        "--resume j -o k.csv & main=$!\n"
        "until [[ -e j && $(wc -l <j) -gt 100 ]]; do\n"
        "  kill -0 $main || exit 99; sleep 0.01; done\n"
        "for p in $(pgrep -P $main); do\n"
        "  tr '\\0' '\\n' </proc/$p/environ | grep -qx OMPI_COMM_WORLD_RANK=" +
        std::to_string(rank) + " && kill -" + signal +
        " $p\n"
        "done; wait $main");
  }
  void goes_on(const std::string& wanted) {
    EXPECT_FALSE(std::filesystem::exists(shop_.path("k.csv")));
    const Told again = ranks(2, kOfData + "--resume j -o k.csv");
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_NE(again.err.find("were known"), std::string::npos) << again.err;
    EXPECT_EQ(again.out, wanted);
    EXPECT_EQ(shop_.read("k.csv"), shop_.read("0.csv"));
    std::filesystem::remove(shop_.path("k.csv"));
  }
  Workshop shop_;
};

TEST_F(CliMpi, RunsSideBySideShareNoFolder) {
  const Told told = script("$MPI -n 1 bash -c 'cd t && echo ompi.*'");
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_TRUE(told.out.starts_with("ompi.") && told.out != "ompi.*\n")
      << told.out;
}

TEST_F(CliMpi, EveryNumberOfRanksGivesTheSame) {
  const Told one = shop_.script("$SHOAL" + kEvaluate + kSamples + "-o 0.csv");
  ASSERT_EQ(one.code, 0) << one.err;  // no mpirun: this process
  EXPECT_NE(one.out.find("20 of 20 frames"), std::string::npos);
  for (const int n : {1, 2, 3, 7}) {
    const std::string csv = std::to_string(n) + ".csv";
    const Told told = ranks(n, kEvaluate + kSamples + "-o " + csv);
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, one.out) << n;
    EXPECT_EQ(shop_.read(csv), shop_.read("0.csv")) << n;
    EXPECT_EQ(lines_of(told.err).size(), 1u) << told.err;
    EXPECT_NE(told.err.find("20 frames in 0:0"), std::string::npos);
  }
}

TEST_F(CliMpi, QuantizeWritesTheSameFile) {
  const std::string rest = " quantize --mpi " SHOAL_SOURCE_DIR
                           "/host/model/onnx/testdata/mobilenet_v2.onnx "
                           "--calibrate " +
                           kSamples + "--evaluate-limit 3 --json -o ";
  const Told one = shop_.script("$SHOAL" + rest + "0.tflite");
  ASSERT_EQ(one.code, 0) << one.err;
  json wanted = json::parse(one.out);
  for (const int n : {1, 2, 3, 7}) {
    const std::string file = std::to_string(n) + ".tflite";
    const Told told = ranks(n, rest + file);
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read(file), shop_.read("0.tflite")) << n;
    json said = json::parse(told.out);
    EXPECT_EQ(said["layers"], wanted["layers"]);
    EXPECT_EQ(said["accuracy"], wanted["accuracy"]);
  }
  const Told none = ranks(2, " quantize --mpi nowhere.onnx --calibrate x");
  refused(none, 2, "nowhere.onnx: no such file");
}

TEST_F(CliMpi, GoesOnFromItsJournal) {
  const std::string rest = kEvaluate + kSamples + "--json --resume j ";
  ASSERT_EQ(ranks(3, rest + "--limit 7").code, 0);
  const Told two = ranks(2, rest);
  ASSERT_EQ(two.code, 0) << two.err;
  const json j = json::parse(two.out);
  EXPECT_EQ(j["resumed_frames"], 7);
  EXPECT_EQ(j["top1_frames"], 20);
  EXPECT_EQ(j["where"], "one node, 1 thread, 2 ranks");
  const Told one = shop_.script("$SHOAL" + rest);
  EXPECT_EQ(json::parse(one.out)["resumed_frames"], 20);
}

// This holds for the first rank too, which keeps the journal.
TEST_F(CliMpi, AKilledRankLosesNothing) {
  make_data(100);
  const Told one = shop_.script("$SHOAL" + kOfData + "--jobs 1 -o 0.csv");
  ASSERT_EQ(one.code, 0) << one.err;
  for (const int rank : {0, 1}) {
    const Told told = signalled(rank, "KILL", "");
    EXPECT_EQ(told.code, 137) << told.err;
    goes_on(one.out);
  }
}

// It says nothing and does not end: the others give it up.
TEST_F(CliMpi, AStoppedRankIsNamedAndLosesNothing) {
  make_data(50);
  for (const int rank : {0, 1}) {
    refused(signalled(rank, "STOP", "--node-timeout 5 "), 6,
            "rank " + std::to_string(rank) + " has been silent for 5 s");
  }
  const Told again = ranks(2, kOfData + "--resume j");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.err.find("were known"), std::string::npos) << again.err;
  EXPECT_NE(again.out.find("100.00 %, 1,000 of 1,000"), std::string::npos)
      << again.out;
}

TEST_F(CliMpi, OnlyRanksHaveTheirTimeLimit) {
  const Told alone = shop_.script(
      "$SHOAL quantize x.onnx --calibrate random:1 --node-timeout 9");
  refused(alone, 2, "--node-timeout is for the ranks of --mpi");
  const Told nodes =
      shop_.script("$SHOAL" + kOfOne + kSamples + "--node-timeout 9");
  refused(nodes, 2, "--node-timeout");
  EXPECT_EQ(ranks(2, kEvaluate + kSamples + "--node-timeout 9").code, 0);
}

TEST_F(CliMpi, ABrokenFrameIsToldAsInOneProcess) {
  make_data(3);
  for (const char* name : {"data/bag/3-1.png", "data/shirt/2-0.png"}) {
    std::filesystem::remove(shop_.path(name));
    shop_.write(name, {1, 2, 3});
  }
  const Told one = shop_.script("$SHOAL" + kEvaluate + "data --jobs 1");
  EXPECT_EQ(one.code, 7);
  EXPECT_NE(one.err.find("bag/3-1.png"), std::string::npos) << one.err;
  refused(ranks(3, kEvaluate + "data"), 7,
          one.err.substr(0, one.err.find('\n')));
}

TEST_F(CliMpi, ErrorsAreToldOnce) {
  refused(ranks(3, kEvaluate + kSamples + "--nope"), 2, "--nope");
  refused(ranks(3, kEvaluate + "nowhere"), 2, "nowhere: no such file");
  refused(ranks(2, kEvaluate + kSamples + "--workers 127.0.0.1:9 --insecure"),
          2, "--mpi");
  refused(ranks(2, kEvaluate + kSamples + "--store d"), 2, "--mpi");
  EXPECT_EQ(lines_of(ranks(2, " evaluate --mpi --help").out),
            lines_of(shop_.script("$SHOAL evaluate --help").out));
}

TEST_F(CliMpi, RanksMustHaveTheSame) {
  make_data(1);
  const std::string first = kEvaluate + "data";
  refused(unlike(first, kEvaluate + "nowhere"), 2, "rank 1: nowhere: no such");
  refused(unlike(first, kEvaluate + kSamples), 2,
          "rank 1 has another list of frames and labels: ");
  refused(unlike(first, first + " --limit 3"), 2,
          "rank 1 has another --limit: 3, rank 0 has 0");
  const Told told = shop_.script(
      "mkdir other; cp -a data other; cd other/data; for c in *; do mv "
      "$c/1-0.png x; mv $c/1-1.png "
      "$c/1-0.png; "
      "mv x $c/1-1.png; done");
  ASSERT_EQ(told.code, 0) << told.err;
  refused(unlike(first, kEvaluate + "other/data"), 2,
          "rank 1 has another content of frames: ");
}

}  // namespace
}  // namespace shoal
