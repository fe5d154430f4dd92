// Every verb that writes, twice at once on the same files, workers or port:
// each ends exact or refused as busy (exit code 9; 2 where the second would
// replace what nobody said may be replaced), and what is left is what one of
// them wrote, whole. Runs on one store that is written: cli_store_test.cc.
//
//   SHOAL_PAIRS   how many of each (default: 2)
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/testing/noise.h"
#include "host/data/dataset/testing/idx_files.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;
using Bytes = std::vector<uint8_t>;

constexpr int kBusy = 9, kUsage = 2;

// Pictures of 12 x 12 x 3 in, ten classes out.
Bytes seeded_model(unsigned seed) {
  ModelBuilder b;
  const int x = b.input({1, 12, 12, 3}, {1 / 255.f, -128});
  const int w0 =
      b.weights({24, 3, 3, 3}, noise<int8_t>(648, seed), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int mean = b.reduce(OpKind::kMean, y, {1, 2}, false, {0.05f, 2});
  const int w1 = b.weights({10, 24}, noise<int8_t>(240, seed + 1), {0.01f}, 0);
  b.output(b.fully_connected(mean, w1, -1, {0.02f, 1}));
  return b.finish();
}

class SideBySide : public testing::Test {
 protected:
  SideBySide() {
    shop_.write("m.tflite", seeded_model(1));
    shop_.write("n.tflite", seeded_model(3));
    const std::string float_model =
        std::string(SHOAL_SOURCE_DIR) +
        "/fuzz/corpus/import/float_convolutions.tflite";
    fs::copy_file(float_model, shop_.folder() / "float.tflite");
    const char* const asked = std::getenv("SHOAL_PAIRS");
    pairs_ = asked ? std::atoi(asked) : 2;
  }

  Told ok(const Arguments& arguments) { return expect_ok(shop_, arguments); }
  struct Codes {
    int first, second;
  };
  Codes both(const Arguments& first, const Arguments& second) {
    Background a(shop_, first), b(shop_, second);
    const Codes codes{a.end(0), b.end(0)};
    for (const int code : {codes.first, codes.second}) {
      ++tally_[code];
      EXPECT_TRUE(code == 0 || code == kBusy)
          << code << " of: " << first[0] << " " << first[1];
    }
    return codes;
  }
  // A file that both write is what one of them writes alone.
  void one_of_two(const std::string& file, const Arguments& first,
                  const Arguments& second) {
    const auto alone = [&](const Arguments& arguments) {
      ok(arguments);
      return shop_.read(file);
    };
    const Bytes a = alone(first), b = alone(second);
    for (int n = 0; n < pairs_ && !HasFailure(); ++n) {
      fs::remove(shop_.folder() / file);
      const Codes codes = both(first, second);
      EXPECT_TRUE(codes.first == 0 && codes.second == 0);
      const Bytes got = shop_.read(file);
      EXPECT_TRUE(got == a || got == b) << first[0];
    }
    for (const auto& entry : fs::directory_iterator(shop_.folder())) {
      const std::string name = entry.path().filename().string();
      EXPECT_EQ(name.find("tmp"), std::string::npos) << "left behind: " << name;
    }
  }
  void TearDown() override {
    std::printf("ends:");
    for (const auto& [code, count] : tally_) {
      std::printf(" %d of code %d", count, code);
    }
    std::printf("\n");
  }

  const Workshop shop_;
  int pairs_ = 0;
  std::map<int, int> tally_;
};

TEST_F(SideBySide, OneFileOfTwo) {
  one_of_two("out.bin", {"run", "m.tflite", "random:1", "-o", "out.bin"},
             {"run", "m.tflite", "random:2", "-o", "out.bin"});
  one_of_two("t.tsv", {"run", "m.tflite", "random:1", "--trace", "t.tsv"},
             {"run", "m.tflite", "random:2", "--trace", "t.tsv"});
  one_of_two("p.json", {"plan", "m.tflite", "-o", "p.json"},
             {"plan", "m.tflite", "--nodes", "3", "-o", "p.json"});
  one_of_two(
      "q.tflite",
      {"quantize", "float.tflite", "--calibrate", "random:1", "-o", "q.tflite"},
      {"quantize", "float.tflite", "--calibrate", "random:2", "-o",
       "q.tflite"});
  one_of_two("storage/storage.img",
             {"build", "m.tflite", "random:1", "--board", "emcraft-sf2", "-o",
              "storage"},
             {"build", "n.tflite", "random:1", "--board", "emcraft-sf2", "-o",
              "storage"});
  one_of_two("l.json",
             {"simulate", "m.tflite", "--nodes", "2", "--timeline", "l.json"},
             {"simulate", "m.tflite", "--nodes", "3", "--timeline", "l.json"});
}

// Readers run beside readers.
TEST_F(SideBySide, ReadersAreInNobodysWay) {
  ok({"build", "m.tflite", "--flash", "0", "--ram", "64K", "--store", "st"});
  ok({"run", "--store", "st", "random:1", "-o", "alone"});
  for (int n = 0; n < pairs_; ++n) {
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

// Two and three exports to one folder, over nothing and over an earlier
// project: each is written whole, and the last one stays.
TEST_F(SideBySide, ExportsToOneFolder) {
  const auto words = [](const char* model, const std::string& folder) {
    return Arguments{"export", model, "--as", "c",      "--board",
                     "host",   "-o",  folder, "--name", "net"};
  };
  const auto tree = [&](const char* folder) {
    std::map<std::string, Bytes> files;
    for (const auto& entry :
         fs::recursive_directory_iterator(shop_.folder() / folder)) {
      if (entry.is_directory()) continue;
      const fs::path path = entry.path().lexically_relative(shop_.folder());
      files[path.lexically_relative(folder).string()] =
          shop_.read(path.string());
    }
    return files;
  };
  const char* const models[] = {"m.tflite", "n.tflite"};
  std::map<std::string, Bytes> alone[2];
  for (size_t i = 0; i < 2; ++i) {
    ok(words(models[i], "alone"));
    alone[i] = tree("alone");
  }
  const auto entries = [&] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(shop_.folder())) {
      names.insert(entry.path().filename().string());
    }
    return names;
  };
  for (int n = 0; n < 2 * pairs_ && !HasFailure(); ++n) {
    if (n % 2 == 0) fs::remove_all(shop_.folder() / "proj");
    std::deque<Background> all;
    for (int i = 0; i < 2 + n % 2; ++i) {
      all.emplace_back(shop_, words(models[(n + i) % 2], "proj"));
    }
    for (Background& each : all) {
      const int code = each.end(0);
      ++tally_[code];
      EXPECT_EQ(code, 0);
    }
    const auto got = tree("proj");
    EXPECT_TRUE(got == alone[0] || got == alone[1]);
    for (const std::string& name : entries()) {
      EXPECT_EQ(name.find("shoal-export"), std::string::npos) << name;
    }
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
  for (int n = 0; n < pairs_ && !HasFailure(); ++n) {
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
  for (int n = 0; n < 4 * pairs_; ++n) {
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
  constexpr int kFrames = 30;
  Bytes pixels, labels;
  for (int i = 0; i < kFrames; ++i) {
    labels.push_back(static_cast<uint8_t>(i % 10));
    for (int at = 0; at < 12 * 12 * 3; ++at) {
      pixels.push_back(static_cast<uint8_t>(i * 31 + at * 7));
    }
  }
  fs::create_directories(shop_.folder() / "idx");
  shop_.write("idx/t-images-idx4-ubyte",
              make_idx({kFrames, 12, 12, 3}, pixels));
  shop_.write("idx/t-labels-idx1-ubyte", make_idx({kFrames}, labels));
  const Arguments evaluate = {"evaluate", "m.tflite", "idx", "--json"};
  const auto counts = [](const Told& told) {
    const auto said = nlohmann::json::parse(told.out);
    return std::pair(said.at("frames").get<int>(),
                     said.at("top1_frames").get<int>());
  };
  const auto alone = counts(ok(evaluate));
  Arguments resume = evaluate;
  resume.insert(resume.end(), {"--resume", "journal"});
  for (int n = 0; n < pairs_ && !HasFailure(); ++n) {
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
  const auto worker = [&](Background& process) {
    const std::string said = process.line();
    return said.substr(said.rfind(' ') + 1);
  };
  const Arguments serve = {"worker", "--listen", "127.0.0.1:0", "--ram",
                           "32K",    "--flash",  "1M"};
  Background one(shop_, serve), two(shop_, serve);
  const std::string at = worker(one);
  const std::string workers = at + "," + worker(two);
  const auto run = [&](const char* out, bool waits) {
    Arguments all = {"run",   "m.tflite", "random:1", "--workers",
                     workers, "-o",       out};
    if (waits) all.insert(all.end(), {"--wait", "60"});
    return all;
  };
  const Arguments deploy = {"deploy", "n.tflite", "--workers", workers};
  for (int n = 0; n < pairs_ && !HasFailure(); ++n) {
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
  // And a second worker on the port of the first.
  const Told told = shop_.shoal({"worker", "--listen", at, "--ram", "32K"});
  EXPECT_EQ(told.code, kBusy) << told.err;
  EXPECT_EQ(one.end(SIGTERM), 0);
  EXPECT_EQ(two.end(SIGTERM), 0);
}

}  // namespace
}  // namespace shoal
