// `shoal export --slots` and `shoal send --program`: a network that comes by
// wire takes the place of one of the board's, computes the same bytes as this
// computer, and is there after a start.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/case_name.h"
#include "tests/command.h"
#include "tests/needs.h"
#include "tests/one_layer.h"
#include "tests/sdk_headers.h"
#include "tests/served_project.h"

namespace shoal {
namespace {

// Where tools/sources.sh puts them.
std::string mbedtls_sources() {
  const char* const all = std::getenv("SHOAL_SOURCES");
  return (all ? std::string(all) : SHOAL_SOURCE_DIR "/build/sources") +
         "/mbedtls";
}

std::vector<uint8_t> with_softmax() {
  ModelBuilder b;
  std::vector<int8_t> weights(4 * 3 * 3 * 3, 3);
  const int x = b.input({1, 6, 6, 3}, {0.05f, -3});
  const int w = b.weights({4, 3, 3, 3}, weights, {0.004f}, 0);
  const int y = b.conv(x, w, -1, {0.5f, 2}, {.same = true});
  b.output(b.softmax(y));
  return b.finish();
}

// Times of layers lie beside the arena, 4 bytes for each of at most 256 layers,
// and of at least 64 where networks are sent. So does a mask, a byte a place.
TEST(ExportedMemory, TimesOfLayersAreNotTheArenas) {
  const Workshop shop;
  shop.write("small.tflite", one_layer(1, 1, 4));
  shop.write("mask.tflite", one_layer(1, 8, 4));
  const auto arena = [&](const std::string& model) {
    const Told told = shop.shoal({"export", model, "--as", "c", "--board",
                                  "mps2-an505", "--ram", "4M", "--slots", "1M",
                                  "-o", "proj", "--name", "net"});
    EXPECT_EQ(told.code, 0) << told.err;
    const std::string text = shop.read_text("proj/app/shoal_program.h");
    const std::string word = "#define SHOAL_ARENA_BYTES ";
    const size_t at = text.find(word);
    return at == text.npos ? 0 : std::stoi(text.substr(at + word.size()));
  };
  EXPECT_EQ(arena("small.tflite") - arena("zoo:kwt3"), 4 * (256 - 64));
  const int less = arena("small.tflite") - arena("mask.tflite");
  EXPECT_GE(less, 8 * 8);
  EXPECT_LT(less, 8 * 8 + 32);
}

class ExportedSlots : public testing::TestWithParam<std::string> {
 protected:
  ExportedSlots() {
    shop_.write("own.tflite", one_layer(1, 8, 4));
    shop_.write("other.tflite", one_layer(2, 6, 5));
    shop_.write("new.tflite", one_layer(3, 12, 8));
    shop_.write("large.tflite", one_layer(4, 60, 600));
    shop_.write("soft.tflite", with_softmax());
  }
  static void need_tools() {
    const std::string& id = GetParam();
    if (id == "host") {
      need_programs({"make", "g++"});
      return;
    }
    const std::string& program = find_board(id).emulator->program;
    need_programs({"make", program,
                   program == "qemu-system-arm" ? "arm-none-eabi-g++"
                                                : "riscv64-unknown-elf-g++"});
  }
  // `with`: variables of make.
  void build(const std::string& ecosystem = "c",
             const std::vector<std::string>& more = {},
             const std::string& with = "") {
    std::vector<std::string> words = {
        "export",  "own.tflite", "--also",  "other=other.tflite",
        "--as",    ecosystem,    "--board", GetParam(),
        "--slots", "64K",        "--ram",   "8K",
        "-o",      "proj"};
    words.insert(words.end(), more.begin(), more.end());
    const Told told = shop_.shoal(words);
    ASSERT_EQ(told.code, 0) << told.err;
    const Told made = shop_.script(make_in("proj", with + "all"));
    ASSERT_EQ(made.code, 0) << made.out << made.err;
    how_ = serve_command(shop_, "proj", with);
  }
  void start() {
    board_.reset();
    std::filesystem::remove(shop_.path("proj/build/serial"));
    board_.emplace(shop_, "proj", how_);
  }
  Told send(std::vector<std::string> words) {
    words.insert(words.begin(), {"send", board_->line()});
    return shop_.shoal(words);
  }
  void expect_same(const std::string& network, const std::string& model) {
    const Told told =
        send({"random:7", "--network", network, "--compare", model});
    EXPECT_EQ(told.code, 0) << network << ": " << told.err;
  }
  void expect_refused(const std::string& model, int code, const char* why) {
    const Told told = send({"--program", model, "--network", "other"});
    EXPECT_EQ(told.code, code) << told.out;
    EXPECT_NE(told.err.find(why), std::string::npos) << told.err;
  }

  Workshop shop_;
  std::string how_;
  std::optional<ServedProject> board_;
};

TEST_P(ExportedSlots, TakeANewNetworkByWire) {
  need_tools();
  if (cannot_go_on()) return;
  ASSERT_NO_FATAL_FAILURE(build());
  EXPECT_NE(shop_.read_text("proj/README.md")
                .find("--program other.tflite --network other"),
            std::string::npos);
  start();
  expect_same("own", "own.tflite");
  expect_same("other", "other.tflite");
  expect_refused("large.tflite", 3, "the arena of the board");
  expect_refused("soft.tflite", 4, "softmax");
  const Told sent = send({"--program", "new.tflite", "--network", "other",
                          "--name", "third", "--json"});
  ASSERT_EQ(sent.code, 0) << sent.err;
  const auto said = nlohmann::json::parse(sent.out);
  EXPECT_EQ(said["replaced"], "other");
  EXPECT_EQ(said["network"], "third");
  EXPECT_EQ(said["kept_bytes"], 0);
  expect_same("third", "new.tflite");
  expect_same("own", "own.tflite");
  EXPECT_NE(send({"--self-test", "--network", "third"}).code, 0);
  EXPECT_EQ(send({"--self-test"}).code, 0);
  // After a start, too.
  start();
  expect_same("third", "new.tflite");
  expect_same("own", "own.tflite");
  // In the place of the first one; the second is again that of the export.
  const Told first = send({"--program", "new.tflite", "--name", "again"});
  EXPECT_EQ(first.code, 0) << first.err;
  expect_same("again", "new.tflite");
  expect_same("other", "other.tflite");
}

// Operators that the networks of the export do not have.
TEST_P(ExportedSlots, TakeAnyNetworkWithAllOperators) {
  const std::string& id = GetParam();
  need_tools();
  if (cannot_go_on()) return;
  const Told without =
      shop_.shoal({"export", "own.tflite", "--as", "c", "--board", id,
                   "--all-operators", "-o", "none"});
  EXPECT_EQ(without.code, 2);
  EXPECT_NE(without.err.find("--slots"), std::string::npos) << without.err;
  ASSERT_NO_FATAL_FAILURE(build("c", {"--all-operators"}));
  start();
  const Told sent = send(
      {"--program", "soft.tflite", "--network", "other", "--name", "third"});
  ASSERT_EQ(sent.code, 0) << sent.err;
  expect_same("third", "soft.tflite");
  expect_same("own", "own.tflite");
}

class SealedSlots : public ExportedSlots {};

// With a key the board takes what is sealed with it alone.
TEST_P(SealedSlots, TakeSealedNetworks) {
  need_tools();
  if (cannot_go_on()) return;
  const std::string sources = mbedtls_sources();
  if (GetParam() != "host" && !std::filesystem::exists(sources)) {
    ASSERT_FALSE(std::getenv("SHOAL_BOOT")) << sources << " is missing";
    GTEST_SKIP() << sources << " is missing (tools/sources.sh)";
  }
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "right.key"}).code, 0);
  ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
  ASSERT_NO_FATAL_FAILURE(
      build("c", {"--key", "right.key"}, "MBEDTLS_SOURCES=" + sources + " "));
  EXPECT_EQ(shop_.script("stat -c %a proj/app/shoal_key.h").out, "600\n");
  EXPECT_EQ(shop_.script("grep -qx shoal_key.h proj/.gitignore").code, 0);
  start();
  expect_refused("new.tflite", 2, "takes only sealed programs");
  const auto sealed = [&](const std::string& with) {
    return send({"--program", "new.tflite", "--network", "other", "--key", with,
                 "--json"});
  };
  const Told wrong = sealed("other.key");
  EXPECT_EQ(wrong.code, 2) << wrong.out;
  EXPECT_NE(wrong.err.find("sealed with another key"), std::string::npos)
      << wrong.err;
  expect_same("other", "other.tflite");
  const Told sent = sealed("right.key");
  ASSERT_EQ(sent.code, 0) << sent.err;
  EXPECT_EQ(nlohmann::json::parse(sent.out)["sealed"], true);
  expect_same("new", "new.tflite");
  start();
  expect_same("new", "new.tflite");
  expect_same("own", "own.tflite");
}

INSTANTIATE_TEST_SUITE_P(All, ExportedSlots,
                         testing::Values("host", "mps2-an386"), kNameOfBoard);
INSTANTIATE_TEST_SUITE_P(Long, ExportedSlots, testing::Values("qemu-rv32"),
                         kNameOfBoard);
INSTANTIATE_TEST_SUITE_P(All, SealedSlots,
                         testing::Values("host", "mps2-an386", "qemu-rv32"),
                         kNameOfBoard);

struct SlotLayout {
  const char* ecosystem;
  const char* board;
  const char* flags;
  const char* folders;
  const char* cipher;  // what links it, or turns it on; empty: the user does
};

class SlotLayouts : public testing::TestWithParam<SlotLayout> {};
class SlotLayoutsWithoutAKey : public SlotLayouts {};

TEST_P(SlotLayoutsWithoutAKey, EverySourceCompiles) {
  need_programs({"arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const SlotLayout& l = GetParam();
  shop.write("own.tflite", one_layer(1, 8, 4));
  const Told told =
      shop.shoal({"export", "own.tflite", "--as", l.ecosystem, "--board",
                  l.board, "--slots", "256K", "-o", "proj"});
  ASSERT_EQ(told.code, 0) << told.err;
  write_sdk_headers(shop);
  const Told compiled = compile_sources(shop, "proj", l.flags, l.folders);
  EXPECT_EQ(compiled.code, 0) << compiled.out << compiled.err;
}

TEST_P(SlotLayouts, EverySourceCompilesWithAKey) {
  need_programs({"arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const SlotLayout& l = GetParam();
  shop.write("own.tflite", one_layer(1, 8, 4));
  ASSERT_EQ(shop.shoal({"keygen", "-o", "k.key"}).code, 0);
  const Told told =
      shop.shoal({"export", "own.tflite", "--as", l.ecosystem, "--board",
                  l.board, "--slots", "256K", "--key", "k.key", "-o", "proj"});
  ASSERT_EQ(told.code, 0) << told.err;
  write_sdk_headers(shop);
  ASSERT_EQ(shop.script("ln -s /usr/include/mbedtls sdk").code, 0);
  const Told compiled = compile_sources(
      shop, "proj", std::string(l.flags) + " -isystem ../sdk", l.folders);
  EXPECT_EQ(compiled.code, 0) << compiled.out << compiled.err;
  const Told found = shop.script(std::string("grep -rqF '") + l.cipher +
                                 "' proj --include=*.txt --include=prj.conf");
  EXPECT_TRUE(!*l.cipher || found.code == 0) << l.cipher;
}

const SlotLayout kSlotLayouts[] = {
    {"c", "stm32h743", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src", ""},
    {"pico-sdk", "rp2040", "-std=gnu++17 -mcpu=cortex-m0plus", "app shoal/src",
     "pico_mbedtls"},
    {"pico-sdk", "rp2350", "-std=gnu++17 -mcpu=cortex-m33", "app shoal/src",
     "pico_mbedtls"},
    {"esp-idf", "esp32s3", "-std=gnu++20 -mcpu=cortex-m33",
     "main components/shoal/src", "REQUIRES mbedtls"},
    {"zephyr", "nrf52840", "-std=gnu++17 -mcpu=cortex-m4", "src shoal/src",
     "CONFIG_SHOAL_CIPHERS=y"}};
std::string name_of_slot_layout(
    const testing::TestParamInfo<SlotLayout>& info) {
  return case_name(std::string(info.param.ecosystem) + info.param.board);
}
INSTANTIATE_TEST_SUITE_P(All, SlotLayouts, testing::ValuesIn(kSlotLayouts),
                         name_of_slot_layout);
// The driver of its flash, which each SDK has of its own, is the same with a
// key. ExportedSlots builds and runs without one what they share.
INSTANTIATE_TEST_SUITE_P(Long, SlotLayoutsWithoutAKey,
                         testing::ValuesIn(kSlotLayouts), name_of_slot_layout);

// The first core's stack holds the server, its own half of a layer and what
// rings the other core: heads of attention take the most of it.
TEST(Served, AttentionOnTwoCores) {
  need_programs({"make", "qemu-system-arm", "arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const Workshop shop;
  const std::string model = "zoo:ecg_transformer";
  const Told told = shop.shoal(
      {"export", model, "--as", "c", "--board", "mps2-an521", "-o", "proj"});
  ASSERT_EQ(told.code, 0) << told.err;
  const Told made = shop.script(make_in("proj", "all"));
  ASSERT_EQ(made.code, 0) << made.out << made.err;
  const ServedProject board(shop, "proj", serve_command(shop, "proj"));
  const Told sent =
      shop.shoal({"send", board.line(), "random:1", "--compare", model});
  EXPECT_EQ(sent.code, 0) << sent.err;
  const Told tested = shop.shoal({"send", board.line(), "--self-test"});
  EXPECT_EQ(tested.code, 0) << tested.err;
}

TEST(Slots, AKeyIsRefusedWhereNothingIsSealed) {
  const Workshop shop;
  shop.write("own.tflite", one_layer(1, 8, 4));
  const auto refused = [&](std::vector<std::string> words, const char* why) {
    const Told told = shop.shoal(words);
    EXPECT_EQ(told.code, 2) << told.out;
    EXPECT_NE(told.err.find(why), std::string::npos) << told.err;
  };
  refused({"export", "own.tflite", "--as", "c", "--board", "host", "--key",
           "shoal.key", "-o", "proj"},
          "--slots SIZE");
  refused({"export", "own.tflite", "--as", "c", "--board", "host", "--slots",
           "64K", "--key", "none.key", "-o", "proj"},
          "none.key");
  refused({"send", "/dev/null", "random:1", "--key", "shoal.key"},
          "frames are not sealed");
  refused({"send", "/dev/null", "--program", "own.tflite", "--key", "none.key"},
          "none.key");
}

TEST(Slots, AreRefusedWhereTheyCannotBe) {
  const Workshop shop;
  shop.write("own.tflite", one_layer(1, 8, 4));
  const auto refused = [&](const char* ecosystem, const char* board,
                           const char* slots, int code, const char* why) {
    const Told told =
        shop.shoal({"export", "own.tflite", "--as", ecosystem, "--board", board,
                    "--slots", slots, "-o", "proj"});
    EXPECT_EQ(told.code, code) << told.out;
    EXPECT_NE(told.err.find(why), std::string::npos) << told.err;
  };
  refused("arduino", "teensy41", "64K", 4, "writes no flash");
  refused("c", "emcraft-sf2", "64K", 4, "writes no flash");
  refused("zephyr", "mps2-an385", "64K", 4, "writes no flash");
  refused("pico-sdk", "rp2040", "9000", 2, "--slots 16384");
  refused("pico-sdk", "rp2040", "4M", 3, "more than the 2,097,152 B");
}

}  // namespace
}  // namespace shoal
