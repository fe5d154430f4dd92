// Stores on the command line: what is built runs without its model; what was
// changed, exchanged or cut off is refused by name with exit code 7 (or 2 where
// the caller only has to say something else), and flags that nothing would
// obey are refused.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "device/storage/directory.h"
#include "host/base/file_lock.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

std::vector<uint8_t> stored_model(unsigned seed) {
  std::mt19937 random(seed);
  const auto values = [&](size_t count) {
    std::vector<int8_t> v(count);
    for (int8_t& w : v) w = static_cast<int8_t>(random() % 255 - 127);
    return v;
  };
  ModelBuilder b;
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const int w0 = b.weights({16, 3, 3, 3}, values(16 * 27), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  b.rename(y, "first");
  const int w1 = b.weights({64, 3, 3, 16}, values(64 * 144), {0.004f}, 0);
  const int z = b.conv(y, w1, -1, {0.05f, 2});
  b.rename(z, "second");
  b.output(z);
  return b.finish();
}

// A tensor that a mean sees whole before each of its rows is used: what does
// not fit goes to storage.
std::vector<uint8_t> squeezed() {
  std::mt19937 random(5);
  const auto values = [&](size_t count) {
    std::vector<int8_t> v(count);
    for (int8_t& w : v) w = static_cast<int8_t>(random() % 255 - 127);
    return v;
  };
  ModelBuilder b;
  const int x = b.input({1, 32, 32, 4}, {0.05f, -3});
  const int w0 = b.weights({16, 3, 3, 4}, values(16 * 36), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int mean = b.reduce(OpKind::kMean, y, {1, 2}, true, {0.02f, 2});
  const int z = b.mul(y, mean, {0.05f, 2});
  const int w1 = b.weights({4, 1, 1, 16}, values(64), {0.01f}, 0);
  b.output(b.conv(z, w1, -1, {0.05f, 2}));
  return b.finish();
}

class CliStore : public testing::Test {
 protected:
  CliStore() {
    shop_.write("m.tflite", stored_model(1));
    shop_.write("other.tflite", stored_model(2));
    std::vector<uint8_t> input(24 * 20 * 3);
    std::mt19937 random(3);
    for (uint8_t& b : input) b = static_cast<uint8_t>(random());
    shop_.write("x.bin", input);
    ok({"run", "m.tflite", "x.bin", "--output", "wanted"});
    wanted_ = shop_.read("wanted");
  }
  Told ok(const std::vector<std::string>& arguments) {
    return expect_ok(shop_, arguments);
  }
  void refused(const std::vector<std::string>& arguments, int code,
               const std::string& what) {
    expect_refused(shop_.shoal(arguments), code, what);
  }
  void build(const std::string& folder,
             const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"build",   "m.tflite", "--flash", "0",
                                 "--board", "teensy41", "--store", folder};
    all.insert(all.end(), more.begin(), more.end());
    ok(all);
  }
  // Returns the only file of the folder with this ending.
  std::string only(const std::string& folder, const std::string& ending) const {
    std::string name;
    for (const auto& entry :
         std::filesystem::directory_iterator(shop_.folder() / folder)) {
      if (entry.path().extension() != ending) continue;
      EXPECT_EQ(name, "");
      name = folder + "/" + entry.path().filename().string();
    }
    return name;
  }
  void run_is_exact(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"run"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.insert(all.end(), {"--output", "got"});
    ok(all);
    EXPECT_EQ(shop_.read("got"), wanted_);
  }
  // A store "d" that spills and inputs "1.bin" and "2.bin", whose outputs are
  // returned.
  std::vector<std::vector<uint8_t>> spilling_store() {
    shop_.write("s.tflite", squeezed());
    std::vector<std::vector<uint8_t>> wanted;
    std::mt19937 random(4);
    for (const std::string name : {"1", "2"}) {
      std::vector<uint8_t> input(32 * 32 * 4);
      for (uint8_t& b : input) b = static_cast<uint8_t>(random());
      shop_.write(name + ".bin", input);
      ok({"run", "s.tflite", name + ".bin", "--output", "wanted"});
      wanted.push_back(shop_.read("wanted"));
    }
    ok({"build", "s.tflite", "--store", "d", "--flash", "0", "--ram", "15000",
        "--board", "stm32f746", "--storage", "qspi-nor", "--max-writes",
        "100000"});
    return wanted;
  }
  Workshop shop_;
  std::vector<uint8_t> wanted_;
};

TEST_F(CliStore, ABuiltStoreRunsWithoutItsModel) {
  build("d");
  shop_.write("m.tflite", {});
  run_is_exact({"--store", "d", "x.bin"});
  run_is_exact({"--store", "d", "x.bin", "--board", "teensy41"});
  const Told told = ok({"run", "--store", "d", "x.bin", "--json"});
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_GE(json.at("storage_read_bytes").get<int64_t>(), 0);
  EXPECT_GE(json.at("storage_waits").get<int64_t>(), 0);
  EXPECT_EQ(json.at("storage_written_bytes"), 0);
  EXPECT_EQ(json.at("sealed"), true);
  EXPECT_GT(json.at("peak_rss_bytes").get<int64_t>(), 1000000);
  refused({"run", "--store", "d", "x.bin", "--board", "rp2040"}, 2,
          "the store is for board teensy41, not rp2040");
  refused({"run", "--store", "d", "x.bin", "--ram", "1M"}, 2, "--ram");
  refused({"run", "--store", "d", "x.bin", "--flash", "0"}, 2, "--flash");
  refused({"run", "--store", "e", "x.bin"}, 2, "no such store");
  refused({"run", "--store", "d"}, 2, "INPUT is required");
  refused({"run", "m.tflite"}, 2, "INPUT is required");
  refused({"run"}, 2, "MODEL is required");
}

TEST_F(CliStore, WhatStreamsIsExact) {
  for (const char* board : {"host", "teensy41", "emcraft-sf2"}) {
    run_is_exact({"m.tflite", "x.bin", "--flash", "0", "--board", board});
    run_is_exact({"m.tflite", "x.bin", "--flash", "0", "--board", board,
                  "--no-encrypt"});
    const Told told = ok({"verify", "m.tflite", "x.bin", "--flash", "0",
                          "--board", board, "--json"});
    EXPECT_EQ(nlohmann::json::parse(told.out).at("equal"), true);
  }
}

// A disk on which the store would fit only with holes where its spills go.
TEST_F(CliStore, ABuildReservesTheRoomOfItsSpills) {
  if (shop_.script("unshare -Urm true").code != 0) {
    GTEST_SKIP() << "no file system can be mounted here";
  }
  shop_.write("s.tflite", squeezed());
  const Told told = shop_.script(
      "mkdir small && cat > in_small.sh <<'END'\n"
      "mount -t tmpfs -o size=1M none small || exit 99\n"
      "$SHOAL build s.tflite --store small/d --flash 0 --ram 15000 "
      "--board stm32f746 --storage qspi-nor --max-writes 100000\n"
      "code=$?\n"
      "ls -A small/d\n"
      "exit $code\n"
      "END\n"
      "unshare -Urm bash in_small.sh");
  EXPECT_EQ(told.code, 1) << told.out << told.err;
  EXPECT_EQ(told.out, "");
  for (const char* what : {"node0.store: cannot be written: No space left",
                           " are missing", "another disk"}) {
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
  }
}

// A verb that needs a temporary store says which variable named the folder.
TEST_F(CliStore, ABadTmpdirIsNamed) {
  const std::string end = " m.tflite x.bin --flash 0 --board teensy41";
  for (const std::string verb : {"run", "verify"}) {
    const Told told = shop_.script("TMPDIR=/no/such $SHOAL " + verb + end);
    EXPECT_EQ(told.code, 1) << told.err;
    EXPECT_NE(told.err.find("TMPDIR=/no/such: no temporary folder can be made "
                            "there: No such file or directory\n  set TMPDIR"),
              std::string::npos)
        << told.err;
  }
}

TEST_F(CliStore, WhatSpillsIsExact) {
  shop_.write("s.tflite", squeezed());
  std::vector<uint8_t> input(32 * 32 * 4);
  std::mt19937 random(4);
  for (uint8_t& b : input) b = static_cast<uint8_t>(random());
  shop_.write("s.bin", input);
  ok({"run", "s.tflite", "s.bin", "--output", "wanted"});
  wanted_ = shop_.read("wanted");
  const std::vector<std::string> flags{"--flash",   "0",       "--ram",
                                       "15000",     "--board", "stm32f746",
                                       "--storage", "qspi-nor"};
  const auto with = [&](std::vector<std::string> all,
                        const std::vector<std::string>& more) {
    all.insert(all.end(), flags.begin(), flags.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  refused(with({"plan", "s.tflite"}, {}), 3, "with --max-writes ");
  refused(with({"plan", "s.tflite"}, {"--lifetime", "1000y", "--fps", "1000"}),
          3, "for --lifetime a frame may write 0 B");
  for (const char* encrypt : {"", "--no-encrypt"}) {
    std::vector<std::string> more{"--max-writes", "100000"};
    if (*encrypt) more.emplace_back(encrypt);
    const Told told = ok(with({"verify", "s.tflite", "s.bin", "--json"}, more));
    EXPECT_EQ(nlohmann::json::parse(told.out).at("equal"), true);
    ok(with({"build", "s.tflite", "--store", "d"}, more));
    for (int start = 0; start < 2; ++start) {
      run_is_exact({"--store", "d", "s.bin", "--frames", "3"});
    }
    const Told run = ok({"run", "--store", "d", "s.bin", "--json"});
    EXPECT_GT(nlohmann::json::parse(run.out).at("storage_written_bytes"), 0);
    // A ledger that is gone could let an old page pass for a new one.
    std::vector<uint8_t> bytes = shop_.read("d/node0.store");
    uint32_t spill = 0;
    std::memcpy(&spill, bytes.data() + offsetof(Directory, spill), 4);
    std::fill_n(bytes.begin() + spill, 2 * 4096, 0xFF);
    shop_.write("d/node0.store", bytes);
    refused({"run", "--store", "d", "s.bin"}, 7, "the spill area");
    std::filesystem::remove_all(shop_.folder() / "d");
    std::filesystem::remove(shop_.folder() / "d.key");
  }
}

TEST_F(CliStore, AStoreThatIsWrittenHasOneOwner) {
  wanted_ = spilling_store()[0];
  const std::string lock = shop_.path("d/store.lock");
  {
    const FileLock owner(lock, LockMode::kExclusive, "d", {"shoal other"});
    const std::string who = "d: the store is busy: shoal other, process " +
                            std::to_string(getpid());
    refused({"run", "--store", "d", "1.bin"}, 9, who);
    refused({"run", "--store", "d", "1.bin", "--wait", "0.1"}, 9, who);
    refused({"build", "s.tflite", "--store", "d"}, 9, who);
    refused({"run", "s.tflite", "1.bin", "--flash", "0", "--board", "teensy41",
             "--store", "d"},
            9, who);
    refused({"verify", "s.tflite", "1.bin", "--flash", "0", "--board",
             "teensy41", "--store", "d"},
            9, who);
  }
  run_is_exact({"--store", "d", "1.bin"});
  EXPECT_FALSE(std::filesystem::exists(lock));
  // A verb that only reads shares its folder, but nobody builds there
  // meanwhile.
  ok({"build", "s.tflite", "--store", "e", "--flash", "0", "--board",
      "teensy41"});
  {
    const FileLock reader(shop_.path("e/store.lock"), LockMode::kShared, "e",
                          {"shoal other"});
    run_is_exact({"--store", "e", "1.bin"});
    refused({"build", "s.tflite", "--store", "e"}, 9, "e: the store is busy");
  }
  // A file under two names has one owner, too.
  std::filesystem::create_directory(shop_.folder() / "f");
  std::filesystem::copy_file(shop_.path("d.key"), shop_.path("f.key"));
  for (const auto& entry :
       std::filesystem::directory_iterator(shop_.folder() / "d")) {
    std::filesystem::create_hard_link(
        entry.path(), shop_.folder() / "f" / entry.path().filename());
  }
  Background run(shop_, {"run", "--store", "d", "1.bin", "--frames", "100000"});
  while (!std::filesystem::exists(lock)) usleep(1000);
  usleep(100'000);
  refused({"run", "--store", "f", "1.bin", "--store-key", "d.key"}, 9,
          "another process writes it");
  EXPECT_EQ(run.end(SIGKILL), 128 + SIGKILL);
  run_is_exact({"--store", "f", "1.bin", "--store-key", "d.key"});
  run_is_exact({"--store", "d", "1.bin"});
}

// A card is copied twice and each copy runs with an input of its own: a holder
// of both sees no difference of the two contents, that is equal bytes of
// ciphertext as often as chance has it (1 of 256).
TEST_F(CliStore, CopiesOfACardShareNoKeystream) {
  spilling_store();
  ok({"run", "--store", "d", "1.bin"});
  const std::vector<uint8_t> before = shop_.read(only("d", ".store"));
  std::vector<uint8_t> after[2];
  for (const char* name : {"1", "2"}) {
    std::filesystem::copy(shop_.folder() / "d", shop_.folder() / name);
    ok({"run", "--store", name, "--store-key", "d.key",
        std::string(name) + ".bin"});
    after[*name - '1'] = shop_.read(only(name, ".store"));
  }
  Directory d;
  std::memcpy(&d, before.data(), sizeof d);
  size_t bytes = 0, same = 0;
  for (uint32_t block = d.spill + 2 * d.spill_erase_bytes;
       block < d.spill + d.spill_bytes; block += d.spill_erase_bytes) {
    const auto changed = [&](const std::vector<uint8_t>& to) {
      return !std::equal(to.begin() + block,
                         to.begin() + block + d.spill_erase_bytes,
                         before.begin() + block);
    };
    if (!changed(after[0]) || !changed(after[1])) continue;
    for (uint32_t i = block; i < block + d.spill_erase_bytes; ++i) {
      same += after[0][i] == after[1][i];
    }
    bytes += d.spill_erase_bytes;
  }
  ASSERT_GE(bytes, 4 * size_t{d.spill_erase_bytes});
  EXPECT_LT(static_cast<double>(same), 0.01 * static_cast<double>(bytes));
}

// A build leaves one store in its folder, however often it is repeated.
TEST_F(CliStore, ABuildReplacesTheStoreInOneStep) {
  build("d");
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(shop_.folder() / "d")) {
      names.insert(entry.path().filename().string());
    }
    return names;
  };
  EXPECT_EQ(files(), (std::set<std::string>{"node0.program", "node0.store",
                                            "store.json"}));
  build("d");
  EXPECT_EQ(files(), (std::set<std::string>{"node0.1.program", "node0.1.store",
                                            "store.json"}));
  // One that is killed on its way leaves the old one, and what it has left is
  // taken away by the next.
  for (int n = 0; n < 8; ++n) {
    Background killed(shop_, {"build", "m.tflite", "--flash", "0", "--board",
                              "teensy41", "--store", "d"});
    usleep(static_cast<useconds_t>(2000 * n));
    killed.end(SIGKILL);
    run_is_exact({"--store", "d", "x.bin"});
  }
  build("d");
  EXPECT_EQ(files().size(), 3u);
  run_is_exact({"--store", "d", "x.bin"});
  // Nothing else in the folder is touched.
  shop_.write("d/mine.store", {1});
  build("d");
  EXPECT_EQ(files().size(), 4u);
  EXPECT_EQ(shop_.read("d/mine.store"), std::vector<uint8_t>{1});
}

// SHOAL_PAIRS of them for a campaign.
TEST_F(CliStore, TwoRunsAtOnceAreExactOrRefused) {
  const std::vector<std::vector<uint8_t>> wanted = spilling_store();
  const char* const asked = std::getenv("SHOAL_PAIRS");
  const int pairs = asked ? std::atoi(asked) : 12;
  for (const bool waits : {false, true}) {
    int busy = 0;
    for (int n = 0; n < pairs && !HasFailure(); ++n) {
      const auto command = [&](const char* name) {
        std::vector<std::string> all{"run",      "--store",
                                     "d",        std::string(name) + ".bin",
                                     "--output", std::string("got") + name};
        if (waits) all.insert(all.end(), {"--wait", "60"});
        return all;
      };
      std::filesystem::remove(shop_.folder() / "got1");
      std::filesystem::remove(shop_.folder() / "got2");
      Background first(shop_, command("1")), second(shop_, command("2"));
      const int codes[] = {first.end(0), second.end(0)};
      int exact = 0;
      for (int i = 0; i < 2; ++i) {
        const std::string got = "got" + std::to_string(i + 1);
        if (codes[i] == 0) {
          EXPECT_EQ(shop_.read(got), wanted[static_cast<size_t>(i)]);
          ++exact;
        } else {
          EXPECT_EQ(codes[i], waits ? 0 : 9);
          EXPECT_FALSE(std::filesystem::exists(shop_.folder() / got));
          ++busy;
        }
      }
      EXPECT_GE(exact, waits ? 2 : 1);
    }
    std::printf("%d pairs %s --wait: %d runs exact, %d busy\n", pairs,
                waits ? "with" : "without", 2 * pairs - busy, busy);
  }
}

TEST_F(CliStore, ReadBytesAreThePlans) {
  const std::vector<std::string> flags{
      "--flash", "0", "--objective", "ram", "--board", "teensy41", "--json"};
  std::vector<std::string> plan{"plan", "m.tflite"},
      run{"run", "m.tflite", "x.bin"};
  plan.insert(plan.end(), flags.begin(), flags.end());
  run.insert(run.end(), flags.begin(), flags.end());
  const auto planned = nlohmann::json::parse(ok(plan).out);
  const auto ran = nlohmann::json::parse(ok(run).out);
  EXPECT_EQ(ran.at("storage_read_bytes"),
            planned.at("nodes").at(0).at("storage_read_bytes"));
}

TEST_F(CliStore, AFlippedByteIsNamedByItsLayer) {
  for (const bool sealed : {false, true}) {
    build("d", sealed ? std::vector<std::string>{}
                      : std::vector<std::string>{"--no-encrypt"});
    const std::vector<uint8_t> bytes = shop_.read("d/node0.store");
    std::vector<uint8_t> flipped = bytes;
    flipped[bytes.size() - 40] ^= 1;
    shop_.write("d/node0.store", flipped);
    refused({"run", "--store", "d", "x.bin"}, 7, "'second'");
    flipped = bytes;
    flipped.pop_back();
    shop_.write("d/node0.store", flipped);
    refused({"run", "--store", "d", "x.bin"}, 7, "node0.store: cut off");
    flipped = bytes;
    flipped.push_back(0);
    shop_.write("d/node0.store", flipped);
    refused({"run", "--store", "d", "x.bin"}, 7, "node0.store");
    std::filesystem::remove(shop_.folder() / "d/node0.store");
    refused({"run", "--store", "d", "x.bin"}, 2, "node0.store: no such store");
    std::filesystem::remove_all(shop_.folder() / "d");
    std::filesystem::remove(shop_.folder() / "d.key");
  }
}

TEST_F(CliStore, KeysAreAsked) {
  ok({"keygen", "-o", "a.key"});
  ok({"keygen", "-o", "b.key"});
  build("d", {"--store-key", "a.key"});
  run_is_exact({"--store", "d", "x.bin", "--store-key", "a.key"});
  refused({"run", "--store", "d", "x.bin", "--store-key", "b.key"}, 7,
          "another key");
  refused({"run", "--store", "d", "x.bin"}, 2, "sealed by a key");
  refused({"run", "--store", "d", "x.bin", "--no-encrypt"}, 2,
          "sealed by a key");
  build("e", {"--no-encrypt"});
  run_is_exact({"--store", "e", "x.bin"});
  refused({"run", "--store", "e", "x.bin", "--store-key", "a.key"}, 7,
          "not sealed");
  refused({"run", "m.tflite", "x.bin", "--flash", "0", "--no-encrypt",
           "--store-key", "a.key"},
          2, "--no-encrypt and --store-key");
}

TEST_F(CliStore, AStoresNewKeyLiesBesideItsFolder) {
  for (const std::string folder : {"d/", "./e"}) {
    const Told told = ok({"build", "m.tflite", "--flash", "0", "--board",
                          "teensy41", "--store", folder});
    const std::string key = folder == "d/" ? "d.key" : "e.key";
    EXPECT_NE(told.err.find(key + ": the new key of these stores"),
              std::string::npos)
        << told.err;
    EXPECT_TRUE(std::filesystem::exists(shop_.path(key)));
    EXPECT_FALSE(std::filesystem::exists(shop_.path(folder) + "/store.key"));
    run_is_exact({"--store", folder, "x.bin"});
  }
  // One that an older shoal has made is used, and warned about.
  std::filesystem::rename(shop_.path("d.key"), shop_.path("d/store.key"));
  const Told told = ok({"run", "--store", "d", "x.bin"});
  EXPECT_NE(told.err.find("warning: d/store.key: who copies the folder"),
            std::string::npos)
      << told.err;
  build("d");
  EXPECT_FALSE(std::filesystem::exists(shop_.path("d.key")));
  run_is_exact({"--store", "d", "x.bin"});
}

TEST_F(CliStore, AnotherStoreIsRefused) {
  ok({"keygen", "-o", "a.key"});
  const std::vector<std::string> key{"--store-key", "a.key"};
  build("d", key);
  const std::vector<uint8_t> old = shop_.read(only("d", ".store"));
  build("d", key);
  const std::vector<uint8_t> now = shop_.read(only("d", ".store"));
  shop_.write(only("d", ".store"), old);
  refused({"run", "--store", "d", "x.bin", "--store-key", "a.key"}, 7,
          "of generation");
  ok({"build", "other.tflite", "--flash", "0", "--board", "teensy41", "--store",
      "d", "--no-encrypt"});
  const std::vector<uint8_t> other = shop_.read(only("d", ".store"));
  build("d", {"--no-encrypt"});
  shop_.write(only("d", ".store"), other);
  refused({"run", "--store", "d", "x.bin"}, 7, "another plan");
}

TEST_F(CliStore, FlagsThatContradictAreRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--flash", "x"}, "--flash"},
      {{"--flash", "0", "--storage", "floppy"}, "floppy"},
      {{"--max-writes", "-1"}, "--max-writes"},
      {{"--lifetime", "10y"}, "--lifetime needs --fps"},
      {{"--fps", "2"}, "--fps needs --lifetime"},
      {{"--lifetime", "10", "--fps", "2"}, "'10' is not a time"},
      {{"--nodes", "2", "--store", "d"}, "--store"}};
  for (const auto& [flags, what] : cases) {
    std::vector<std::string> all{"plan", "m.tflite"};
    all.insert(all.end(), flags.begin(), flags.end());
    refused(all, 2, what);
  }
  refused({"build", "m.tflite"}, 2, "neither --store nor -o");
  refused({"build", "m.tflite", "x.bin", "--store", "d"}, 2, "no input");
  refused({"build", "m.tflite", "--board", "emcraft-sf2", "-o", "o", "--store",
           "d"},
          2, "--store");
}

}  // namespace
}  // namespace shoal
