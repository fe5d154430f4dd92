// Every verb that writes outputs, two and three at once on the same ones: what
// is there afterwards is what one of them writes alone, whole, and nothing else
// is left; at least one succeeds, others may be refused as busy (exit code 9).
//
//   SHOAL_PAIRS   how many rounds of two, and of three (default: one of three)
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "host/base/file_lock.h"
#include "tests/side_by_side.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class OutputsSideBySide : public SideBySide {
 protected:
  static Arguments exported(const char* model, const std::string& folder) {
    return {"export", model, "--as", "c",      "--board",
            "host",   "-o",  folder, "--name", "net"};
  }
  // Stores have a new generation each time, so they are told apart by what they
  // compute. `writes`: the command of each model.
  void stores_of_two(const Arguments& m, const Arguments& n) {
    const Arguments run = {"run", "--store", "st", "random:1", "-o", "got.bin"};
    const auto output = [&](const Arguments& writes) {
      ok(writes);
      ok(run);
      return shop_.read("got.bin");
    };
    const Bytes outputs[] = {output(m), output(n)};
    EXPECT_NE(outputs[0], outputs[1]);
    const size_t files = tree("st").size();
    race("st", {m, n}, [&] {
      ok(run);
      const Bytes got = shop_.read("got.bin");
      return (got == outputs[0] || got == outputs[1]) &&
             tree("st").size() == files;
    });
  }
};

TEST_F(OutputsSideBySide, Runs) {
  const auto run = [](const char* model, const char* flag, const char* place) {
    return Arguments{"run", model, "random:1", flag, place};
  };
  for (const auto& [flag, place] :
       {std::pair("-o", "out.bin"), std::pair("--trace", "t.tsv"),
        std::pair("--output-dir", "results")}) {
    one_of_two(place, run("m.tflite", flag, place),
               run("n.tflite", flag, place));
  }
}

// A folder of results has one owner, who is named; --wait waits for it.
TEST_F(OutputsSideBySide, AFolderOfResultsHasOneOwner) {
  const Arguments run = {"run", "m.tflite", "random:1", "--output-dir", "r"};
  ok(run);
  const Tree alone = tree("r");
  {
    const FileLock owner(shop_.path("r/results.lock"), LockMode::kExclusive,
                         "r", LockRequest{.owner = "a test"});
    expect_refused(shop_.shoal(run), kBusy,
                   "r: the folder of results is busy: a test, process ");
  }
  Arguments waits = run;
  waits.insert(waits.end(), {"--wait", "60"});
  for (int n = 0; n < std::max(1, pairs_); ++n) {
    EXPECT_EQ(at_once({waits, waits, waits}), (std::vector<int>{0, 0, 0}));
  }
  EXPECT_EQ(tree("r"), alone);
}

TEST_F(OutputsSideBySide, Plans) {
  one_of_two("p.json", {"plan", "m.tflite", "-o", "p.json"},
             {"plan", "m.tflite", "--nodes", "3", "-o", "p.json"});
  one_of_two("p.csv",
             {"plan", "m.tflite", "--board", "teensy41", "--pareto", "p.csv"},
             {"plan", "n.tflite", "--board", "rp2040", "--pareto", "p.csv"});
  one_of_two("l.json",
             {"simulate", "m.tflite", "--nodes", "2", "--timeline", "l.json"},
             {"simulate", "m.tflite", "--nodes", "3", "--timeline", "l.json"});
}

TEST_F(OutputsSideBySide, Models) {
  one_of_two(
      "q.tflite",
      {"quantize", "float.tflite", "--calibrate", "random:1", "-o", "q.tflite"},
      {"quantize", "float.tflite", "--calibrate", "random:2", "-o",
       "q.tflite"});
}

TEST_F(OutputsSideBySide, StorageImages) {
  const auto build = [](const char* model) {
    return Arguments{"build",       model, "random:1", "--board",
                     "emcraft-sf2", "-o",  "storage"};
  };
  one_of_two("storage", build("m.tflite"), build("n.tflite"));
}

TEST_F(OutputsSideBySide, Stores) {
  write_pictures(2);
  const auto stored = [](Arguments words) {
    words.insert(words.end(),
                 {"--flash", "0", "--ram", "64K", "--store", "st"});
    return words;
  };
  const auto both_models = [&](const auto& words) {
    stores_of_two(stored(words("m.tflite")), stored(words("n.tflite")));
  };
  both_models([](const char* m) { return Arguments{"build", m}; });
  both_models([](const char* m) { return Arguments{"run", m, "random:1"}; });
  both_models([](const char* m) { return Arguments{"verify", m, "random:1"}; });
  both_models([](const char* m) { return Arguments{"evaluate", m, "idx"}; });
  both_models([](const char* m) { return Arguments{"plan", m}; });
}

TEST_F(OutputsSideBySide, Exports) {
  one_of_two("proj", exported("m.tflite", "proj"), exported("n.tflite", "proj"),
             4);
}

TEST_F(OutputsSideBySide, Studies) {
  const auto study = [](const char* model) {
    return Arguments{"study",   "split", model, "--nodes", "1..2",
                     "--sizes", "",      "-o",  "study"};
  };
  one_of_two("study", study("m.tflite"), study("n.tflite"));
}

TEST_F(OutputsSideBySide, Evaluations) {
  write_pictures(30);
  const auto evaluate = [](const char* model, const char* flag,
                           const char* place) {
    return Arguments{"evaluate", model, "idx", flag, place};
  };
  one_of_two("c.csv", evaluate("m.tflite", "-o", "c.csv"),
             evaluate("n.tflite", "-o", "c.csv"));
  // A journal of another model is refused, so both have one.
  const Arguments resume = evaluate("m.tflite", "--resume", "journal");
  const std::string said = ok({"evaluate", "m.tflite", "idx"}).out;
  ok(resume);
  race("journal", {resume}, [&] {
    return ok(resume).out.find(said.substr(0, said.find('\n'))) != said.npos;
  });
}

TEST_F(OutputsSideBySide, Keys) {
  for (const bool identity : {false, true}) {
    Arguments make = {"keygen", "-o", "key", "--force"};
    if (identity) make.emplace_back("--identity");
    ok(make);
    const size_t bytes = shop_.read("key").size();
    race("key", {make}, [&] {
      return shop_.read("key").size() == bytes &&
             (!identity ||
              shop_.shoal({"keygen", "--public", "key"}).code == 0);
    });
  }
}

// A measured board is never the same twice: it is whole if a plan takes it.
TEST_F(OutputsSideBySide, WhatIsFoundOnTheNetwork) {
  ok({"keygen"});
  const auto serve = [](const char* name) {
    return Arguments{"worker",  "--listen", "127.0.0.1:0", "--ram", "96K",
                     "--flash", "256K",     "--name",      name};
  };
  Background one(shop_, serve("one")), two(shop_, serve("two"));
  const std::string at_one = address_of(one), at_two = address_of(two);
  const auto discover = [](const std::string& address) {
    return Arguments{"discover", address, "-o", "c.toml"};
  };
  one_of_two("c.toml", discover(at_one), discover(at_two));

  const auto probe = [](const std::string& address) {
    return Arguments{"probe", address, "-o", "board.toml"};
  };
  ok(probe(at_one));
  race("board.toml", {probe(at_one), probe(at_two)}, [&] {
    return shop_.shoal({"plan", "m.tflite", "--board", "board.toml"}).code == 0;
  });
  EXPECT_EQ(one.end(SIGTERM), 0);
  EXPECT_EQ(two.end(SIGTERM), 0);
}

// Wherever an export is interrupted or killed, over nothing, over an empty
// folder and over another project: the project is whole, or what was there is
// there. A signal that can be caught leaves nothing else, and whatever a kill
// leaves the next export takes away.
TEST_F(OutputsSideBySide, ExportsThatAreInterrupted) {
  ok(exported("m.tflite", "proj"));
  const Tree old = tree("proj");
  const Arguments fresh = exported("n.tflite", "proj");
  const auto begin = std::chrono::steady_clock::now();
  ok(fresh);
  const auto whole = std::chrono::steady_clock::now() - begin;
  const Tree wanted = tree("proj");
  const std::set<std::string> right = names();
  const int rounds = std::max(6, 3 * pairs_);
  for (int n = 0; n < rounds && !HasFailure(); ++n) {
    const int signal = std::vector{SIGTERM, SIGKILL, SIGINT}[n / 3 % 3];
    const int before = n % 3;  // nothing, an empty folder, a project
    SCOPED_TRACE("round " + std::to_string(n));
    fs::remove_all(shop_.folder() / "proj");
    if (before == 1) fs::create_directory(shop_.folder() / "proj");
    if (before == 2) ok(exported("m.tflite", "proj"));
    Background all(shop_, fresh);
    usleep(static_cast<useconds_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(whole).count() *
        (n + 1) / rounds));
    const int code = all.end(signal);
    ++tally_[code];
    EXPECT_TRUE(code == 0 || code == 128 + signal) << code;
    const Tree got = tree("proj");
    if (signal != SIGKILL) {
      EXPECT_TRUE(got == wanted || got == (before == 2 ? old : Tree()));
      std::set<std::string> left = names();
      left.insert("proj");
      EXPECT_EQ(left, right);
    } else if (before == 2) {
      EXPECT_TRUE(got == wanted || got == old);
    }
    ok(fresh);
    EXPECT_EQ(tree("proj"), wanted);
    EXPECT_EQ(names(), right);
  }
}

// The wait for a folder that another export has is no reason to go on.
TEST_F(OutputsSideBySide, AnExportThatWaitsIsInterrupted) {
  const FileLock owner(shop_.path(".proj.shoal-export-lock"),
                       LockMode::kExclusive, "proj", LockRequest{});
  Background waiting(shop_, exported("m.tflite", "proj"));
  usleep(200'000);  // enough to begin; before that the signal acts at once
  EXPECT_EQ(waiting.end(SIGTERM), 128 + SIGTERM);
  EXPECT_FALSE(fs::exists(shop_.folder() / "proj"));
  EXPECT_TRUE(fs::exists(shop_.path(".proj.shoal-export-lock")));
}

}  // namespace
}  // namespace shoal
