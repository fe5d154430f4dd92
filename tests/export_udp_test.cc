// `shoal export --listen`: projects that answer `shoal send` by UDP. Those of
// SDKs are built for this computer, with stand-ins for the SDK (tests/sdk), and
// run.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/testing/noise.h"
#include "host/engine/board/process.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/case_name.h"
#include "tests/command.h"
#include "tests/free_port.h"
#include "tests/needs.h"
#include "tests/sdk_headers.h"
#include "tests/served_project.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Its input and output take several datagrams.
std::vector<uint8_t> tall_model() {
  ModelBuilder b;
  const int x = b.input({1, 64, 48, 3}, {0.05f, -3});
  const int w0 = b.weights({8, 3, 3, 3}, noise<int8_t>(216, 1), {0.004f}, 0);
  b.output(b.conv(x, w0, -1, {0.05f, 2}));
  return b.finish();
}

class ListeningBoard : public testing::Test {
 protected:
  ListeningBoard() : port_(std::to_string(free_port(SOCK_DGRAM))) {
    shop_.write("m.tflite", tall_model());
  }
  std::vector<std::string> export_words(const std::string& ecosystem,
                                        const std::string& board) const {
    return {"export",  "m.tflite", "--as",     ecosystem,
            "--board", board,      "--listen", "127.0.0.1:" + port_,
            "-o",      "proj"};
  }
  // Runs lines of bash while `command` runs in proj/, once it listens. They
  // have its address in $to.
  Told beside(const std::string& command, const std::string& lines) const {
    return shop_.script(
        "to=127.0.0.1:" + port_ + "; (cd proj && exec " + command +
        // The port is free once the board has ended.
        " > ../board.log 2>&1) & board=$!; "
        "trap 'kill $board; wait $board || true' EXIT; "
        "for i in $(seq 600); do grep -q listening board.log && break; "
        "sleep 0.1; done; set -e; grep -q listening board.log; " +
        lines);
  }
  static constexpr const char* kSend =
      "$SHOAL send $to random:1 random:2 --compare m.tflite; ";

  const std::string port_;
  const Workshop shop_;
};

// Speaks to the board at the port of its first argument as another computer:
// `hello` and `frame` give the messages of spec/alone.md.
constexpr const char* kOther = R"(cat > other.py <<'END'
import random, socket, struct, sys, time
to = ("127.0.0.1", int(sys.argv[1]))
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.settimeout(5)
def head(kind, session, number):
    return kind + struct.pack("<BII", 2, session, number)
def ask(message):
    line.sendto(message, to)
    return line.recv(2000)
def frame(session, number):
    h = ask(head(b"H", session, 1) + b"\0")
    inputs, = struct.unpack("<I", h[18:22])
    return head(b"F", session, number) + b"\0\0" + h[10:18] + struct.pack("<I", inputs)
END
)";

TEST_F(ListeningBoard, AnswersOnThisComputer) {
  ASSERT_EQ(shop_.shoal(export_words("c", "host")).code, 0);
  const Told built = shop_.script(make_in("proj", "all"));
  ASSERT_EQ(built.code, 0) << built.err;
  EXPECT_EQ(built.err, "");  // not a warning
  EXPECT_NE(shop_.read_text("proj/README.md").find("shoal send 127.0.0.1:"),
            std::string::npos);
  const Told told = beside(
      "build/m serve",
      std::string(kOther) + kSend +
          "$SHOAL send $to --self-test; "
          "$SHOAL send $to random:1 --profile --json > said.json; "
          // Datagrams of any bytes, of cut-off messages and of none.
          "(cat other.py; cat <<'END'\n"
          "random.seed(1)\n"
          "whole = frame(7, 2)\n"
          "for i in range(400):\n"
          "    kind = bytes([random.choice(b'HRFIALTGPWXx')])\n"
          "    line.sendto(kind + b'\\2' + "
          "random.randbytes(random.randrange(1471)), to)\n"
          "    line.sendto(random.randbytes(random.randrange(1473)), to)\n"
          "    line.sendto(whole[:random.randrange(len(whole))], to)\n"
          "    line.sendto(head(b'I', 7, 2) + random.randbytes(i), to)\n"
          "END\n) > damage.py; python3 damage.py ${to#*:}; sleep 4; " +
          kSend +
          // A computer that goes away in the middle of its input.
          "(cat other.py; cat <<'END'\n"
          "want = ask(frame(8, 2))\n"
          "assert want[:1] == b'W', want\n"
          "line.sendto(head(b'I', 8, 2) + want[10:16] + bytes(100), to)\n"
          "END\n) > gone.py; python3 gone.py ${to#*:}; " +
          kSend +
          // One that stays: two cannot have the board. It says when it has the
          // board, and goes when it is told to.
          "(cat other.py; cat <<'END'\n"
          "import os\n"
          "f = frame(9, 2)\n"
          "want = ask(f)\n"
          "assert want[:1] == b'W', want\n"
          "open('has.board', 'w').close()\n"
          "for i in range(600):\n"
          "    if os.path.exists('may.go'):\n"
          "        break\n"
          "    line.sendto(f, to)\n"
          "    time.sleep(0.1)\n"
          "END\n) > stays.py; python3 stays.py ${to#*:} & other=$!; "
          "until [ -e has.board ]; do kill -0 $other; sleep 0.1; done; "
          "code=0; $SHOAL send $to random:1 2> second.err || "
          "code=$?; cat second.err >&2; touch may.go; wait $other; "
          "test $code = 9; " +
          kSend);
  EXPECT_EQ(told.code, 0) << told.out << told.err
                          << shop_.read_text("board.log");
  EXPECT_NE(told.err.find("another computer"), std::string::npos) << told.err;
  EXPECT_NE(told.out.find("selfcheck ok"), std::string::npos) << told.out;
  const json said = json::parse(shop_.read_text("said.json"));
  EXPECT_EQ(said["profile"]["counter"], "clock");
  // A port that is taken.
  const Told taken =
      beside("build/m serve", "timeout 60 proj/build/m serve || true");
  EXPECT_NE(taken.out.find("refused: no socket at port " + port_ +
                           ": Address already in use"),
            std::string::npos)
      << taken.out;
}

struct ListeningSdk {
  const char *ecosystem, *board;
  const char *library, *application;  // folders
  const char *stand_ins, *flags;
};

class ListeningProject : public ListeningBoard,
                         public testing::WithParamInterface<ListeningSdk> {};

TEST_P(ListeningProject, AnswersWithStandInsForItsSdk) {
  const ListeningSdk& sdk = GetParam();
  const Told exported = shop_.shoal(export_words(sdk.ecosystem, sdk.board));
  ASSERT_EQ(exported.code, 0) << exported.err;
  write_sdk_headers(shop_);
  const Told built = shop_.script(
      // Sockets are this computer's.
      "rm -r sdk/sys sdk/netinet sdk/arpa; cd proj; "
      "for zip in *.zip; do [ -e $zip ] && python3 -m zipfile -e $zip .; done; "
      "exec " SHOAL_SOURCE_DIR "/tests/sdk/build.sh " +
      std::string(sdk.library) + " " + sdk.application + " '" + sdk.stand_ins +
      "' '" + sdk.flags + "'");
  ASSERT_EQ(built.code, 0) << built.out << built.err;
  const Told told =
      beside("./board", kSend + std::string("$SHOAL send $to --self-test"));
  EXPECT_EQ(told.code, 0) << told.out << told.err;
  const std::string said = shop_.read_text("board.log");
  EXPECT_NE(said.find("selfcheck ok"), std::string::npos) << said;
  EXPECT_EQ(said.find("one core"), std::string::npos) << said;
}

constexpr ListeningSdk kSdks[] = {
    {"esp-idf", "esp32s3", "components/shoal", "main", "esp_idf", ""},
    {"zephyr", "mps2-an385", "shoal", "src", "zephyr", "-D__ZEPHYR__"},
    {"pico-sdk", "rp2040", "shoal", "app", "pico_sdk", ""},
};
// Its library has all sources.
constexpr ListeningSdk kArduino[] = {{"arduino", "rp2350", "Shoal", "m",
                                      "arduino pico_sdk",
                                      "-DARDUINO_ARCH_RP2040"}};

std::string name_of_sdk(const testing::TestParamInfo<ListeningSdk>& info) {
  return case_name(info.param.ecosystem);
}
INSTANTIATE_TEST_SUITE_P(All, ListeningProject, testing::ValuesIn(kSdks),
                         name_of_sdk);
INSTANTIATE_TEST_SUITE_P(Long, ListeningProject, testing::ValuesIn(kArduino),
                         name_of_sdk);

// Nodes of SDKs, each of which uses both cores of its board, as planned.
TEST_F(ListeningBoard, NodesOfSdksUseBothCores) {
  const std::string other = std::to_string(free_port(SOCK_DGRAM));
  const std::string text =
      "[[node]]\nname = \"l\"\nboard = \"rp2040\"\naddress = \"127.0.0.1:" +
      port_ +
      "\"\n[[node]]\nname = \"r\"\nboard = \"esp32s3\"\naddress = "
      "\"127.0.0.1:" +
      other + "\"\n";
  shop_.write("c.toml", {text.begin(), text.end()});
  write_sdk_headers(shop_);
  ASSERT_EQ(shop_.script("rm -r sdk/sys sdk/netinet sdk/arpa").code, 0);
  struct Node {
    const char *name, *ecosystem, *library, *application, *stand_in;
  };
  for (const Node& n :
       {Node{"l", "pico-sdk", "shoal", "app", "pico_sdk"},
        Node{"r", "esp-idf", "components/shoal", "main", "esp_idf"}}) {
    SCOPED_TRACE(n.name);
    const std::string folder = std::string("projs/") + n.name;
    const Told exported =
        shop_.shoal({"export", "m.tflite", "--as", n.ecosystem, "--cluster",
                     "c.toml", "--strategy", "spatial", "--insecure", "--node",
                     n.name, "-o", "projs"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    const Told built = shop_.script(
        "ln -sfn ../sdk projs/sdk; cd " + folder +
        " && exec " SHOAL_SOURCE_DIR "/tests/sdk/build.sh " + n.library + " " +
        n.application + " " + n.stand_in + " ''");
    ASSERT_EQ(built.code, 0) << built.out << built.err;
  }
  const Told told = shop_.script(
      "projs/l/board > l.log & l=$!; projs/r/board > r.log & r=$!; "
      "trap 'kill $l $r' EXIT; for i in $(seq 600); do "
      "grep -q listening l.log && grep -q listening r.log && break; "
      "sleep 0.1; done; set -e; "
      "$SHOAL run m.tflite random:1 --output one.out; "
      "$SHOAL run m.tflite random:1 --cluster c.toml --strategy spatial "
      "--insecure --node-timeout 20 --output two.out; cmp one.out two.out");
  EXPECT_EQ(told.code, 0) << told.out << told.err;
  for (const char* log : {"l.log", "r.log"}) {
    const std::string said = shop_.read_text(log);
    EXPECT_EQ(said.find("one core"), std::string::npos) << said;
  }
}

TEST_F(ListeningBoard, WhatCannotListenIsRefused) {
  const auto refused = [&](std::vector<std::string> words, int code,
                           const std::string& text) {
    const Told told = shop_.shoal(words);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos) << told.err;
  };
  refused(export_words("c", "mps2-an386"), 4,
          "--listen: board mps2-an386 has no network");
  refused(export_words("zephyr", "rp2040"), 4,
          "--listen: board rp2040 has no network that --as zephyr knows of");
  auto words = export_words("c", "host");
  words[7] = "127.0.0.1";
  refused(words, 2, "--listen: '127.0.0.1' is not an address");
  words[7] = "127.0.0.1:0";
  refused(words, 2, "--listen: port 0 is none");
  words = export_words("pico-sdk", "rp2350");
  words[7] = "0.0.0.0:7000";
  refused(words, 2, "--listen: `shoal send` reaches no board at 0.0.0.0");
  EXPECT_FALSE(fs::exists(shop_.path("proj")));
}

}  // namespace
}  // namespace shoal
