// `shoal export --cluster`: the projects build outside the tree, their nodes
// are driven by `shoal run --cluster`, and the bytes are those of one node.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/testing/noise.h"
#include "host/engine/board/process.h"
#include "host/engine/workers/testing/bus_relay.h"
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
using Words = std::vector<std::string>;

std::vector<uint8_t> small_model(unsigned seed = 1) {
  ModelBuilder b;
  const int x = b.input({1, 16, 12, 3}, {0.05f, -3});
  const int w0 = b.weights({8, 3, 3, 3}, noise<int8_t>(216, seed), {0.004f}, 0);
  b.output(b.conv(x, w0, -1, {0.05f, 2}));
  return b.finish();
}

// A program that runs beside the test; its output is kept in a file.
class Node {
 public:
  // With a `line` its console is that; a folder is one to `make serve` in.
  Node(const Workshop& shop, const std::string& program, int line = -1)
      : child_(fork()) {
    if (child_ != 0) return;
    setpgid(0, 0);  // all of make's children
    const std::string log = shop.path("node.log");
    const int out = line >= 0
                        ? line
                        : open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (line >= 0) dup2(line, 0);
    dup2(out, 1);
    const std::string path = shop.path(program);
    if (fs::is_directory(path)) {
      execlp("make", "make", "-s", "-C", path.c_str(), "serve", nullptr);
    }
    execl(path.c_str(), path.c_str(), "serve", nullptr);
    _exit(127);
  }
  ~Node() {
    if (child_ <= 1) return;  // no process was started
    kill(-child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

 private:
  pid_t child_;
};

class ExportedCluster : public testing::Test {
 protected:
  ExportedCluster() {
    shop_.write("m.tflite", small_model());
    shop_.write("x.bin", noise<uint8_t>(16 * 12 * 3, 5));
    EXPECT_EQ(shop_.shoal({"keygen"}).code, 0);
    EXPECT_EQ(
        shop_.shoal({"run", "m.tflite", "x.bin", "--output", "one.out"}).code,
        0);
  }

  void write_text(const std::string& name, const std::string& text) const {
    shop_.write(name, {text.begin(), text.end()});
  }
  // Node n alone.
  void write_node(const std::string& board, const std::string& address) const {
    write_text("c.toml",
               "[[node]]\nname = \"n\"\nboard = \"" + board + "\"\n" +
                   (address.empty() ? "" : "address = \"" + address + "\"\n"));
  }
  // Nodes l and r on this computer.
  void write_cluster(const std::string& board = "host") const {
    std::string text = "[defaults]\nboard = \"" + board + "\"\n";
    for (const char* name : {"l", "r"}) {
      text +=
          std::string("[[node]]\nname = \"") + name +
          "\"\naddress = \"127.0.0.1:" + std::to_string(free_port(SOCK_DGRAM)) +
          "\"\n";
    }
    write_text("c.toml", text);
  }
  static Words export_words(const std::string& ecosystem,
                            const Words& more = {}) {
    Words words{"export",    "m.tflite", "--as", ecosystem,
                "--cluster", "c.toml",   "-o",   "projs"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Words run_words(const Words& more = {}) {
    Words words{"run",    "m.tflite", "x.bin",  "--cluster",
                "c.toml", "--output", "two.out"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void build(const std::string& node) const {
    const Told built = shop_.script(make_in("projs/" + node, "-j2 all"));
    ASSERT_EQ(built.code, 0) << built.err;
    EXPECT_EQ(built.err, "");  // not a warning
  }
  void expect_exact(const Told& told) const {
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.err.find("deployed 0 B"), std::string::npos) << told.err;
    EXPECT_EQ(shop_.read("two.out"), shop_.read("one.out"));
  }
  void expect_refused(const Words& words, int code,
                      const std::string& text) const {
    const Told told = shop_.shoal(words);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(text), std::string::npos)
        << "'" << text << "' is not in:\n"
        << told.err;
  }

  const Workshop shop_;
};

TEST_F(ExportedCluster, TwoNodesWithAKeyComputeExactBytes) {
  write_cluster();
  Told told = shop_.shoal(export_words("c"));
  ASSERT_EQ(told.code, 0) << told.err;
  // The key is where git does not see it, and nowhere else.
  const std::string header = "projs/l/app/shoal_key.h";
  struct stat info {};
  ASSERT_EQ(stat(shop_.path(header).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_NE(shop_.read_text("projs/l/.gitignore").find("shoal_key.h\n"),
            std::string::npos);
  const std::string digits = shop_.read_text("shoal.key");
  const std::string first = "0x" + digits.substr(0, 2) + ", 0x" +
                            digits.substr(2, 2) + ", 0x" + digits.substr(4, 2);
  const Told found = shop_.script("grep -rl '" + first + "' projs/l");
  EXPECT_EQ(found.out, header + "\n");
  for (const json& file :
       json::parse(shop_.read_text("projs/l/export.json"))["files"]) {
    EXPECT_EQ(file["path"] == "app/shoal_key.h", !file.contains("sha256"));
  }
  // Again, with the same bytes.
  ASSERT_EQ(shop_.script("cp -r projs before").code, 0);
  ASSERT_EQ(shop_.shoal(export_words("c")).code, 0);
  EXPECT_EQ(shop_.script("diff -r before projs").out, "");

  ASSERT_NO_FATAL_FAILURE(build("l"));
  ASSERT_NO_FATAL_FAILURE(build("r"));
  told = shop_.script("make -s -C projs/l run");
  EXPECT_EQ(told.out, "node l of m_l, UDP, encrypted\nselfcheck ok\n");
  {
    const Node l(shop_, "projs/l/build/m_l"), r(shop_, "projs/r/build/m_r");
    expect_exact(shop_.shoal(run_words()));
    expect_exact(shop_.shoal(run_words({"--frames", "20"})));
    // Another network, another plan, another key, no file.
    shop_.write("n.tflite", small_model(2));
    Words other = run_words();
    other[1] = "n.tflite";
    expect_refused(other, 2, "was exported with another program");
    expect_refused(run_words({"--strategy", "layer"}), 2,
                   "was exported with another program");
    ASSERT_EQ(shop_.shoal({"keygen", "-o", "other.key"}).code, 0);
    expect_refused(run_words({"--key", "other.key", "--node-timeout", "1"}), 6,
                   "does not know this key");
    expect_refused(run_words({"--insecure", "--node-timeout", "1"}), 6,
                   "only encrypted sessions");
    const std::string file = shop_.read_text("c.toml");
    const size_t at = file.find("127.0.0.1:");
    const std::string address = file.substr(at, file.find('"', at) - at);
    expect_refused({"run", "m.tflite", "x.bin", "--workers", address}, 2,
                   "give --cluster with that file");
    // A probe tries layers in its arena, and only with the key; kernels that
    // the node has not are named.
    told = shop_.shoal({"probe", address, "--json", "-o", "l.toml"});
    ASSERT_EQ(told.code, 0) << told.err;
    const json probed = json::parse(told.out);
    EXPECT_EQ(probed["name"], "l");
    EXPECT_TRUE(probed["program_built_in"]);
    EXPECT_EQ(probed["results"][0]["kernel"], "pointwise");
    EXPECT_EQ(probed["results"][0]["result"], "exact") << told.err;
    EXPECT_GT(probed["results"][0]["each"], 0.0);
    EXPECT_EQ(probed["results"][3]["result"], "not run");
    EXPECT_TRUE(fs::exists(shop_.path("l.toml")));
    expect_refused(
        {"probe", address, "--key", "other.key", "--node-timeout", "1"}, 6,
        "does not know this key");
    // None of that has hurt them.
    expect_exact(shop_.shoal(run_words()));
  }
  // On the other one's board.
  const Node l(shop_, "projs/r/build/m_r");
  write_text("c.toml",
             "[[node]]\nname = \"l\"\nboard = \"host\"\naddress = "
             "\"127.0.0.1:" +
                 std::to_string(free_port(SOCK_DGRAM)) + "\"\n");
  expect_refused(run_words({"--node-timeout", "1"}), 6, "no answer within");
}

TEST_F(ExportedCluster, DamagedFlashIsFound) {
  write_cluster();
  ASSERT_EQ(shop_.shoal(export_words("c", {"--insecure", "--node", "r"})).code,
            0);
  EXPECT_FALSE(fs::exists(shop_.path("projs/l")));
  EXPECT_FALSE(fs::exists(shop_.path("projs/r/app/shoal_key.h")));
  EXPECT_EQ(shop_.read_text("projs/r/README.md").find("entropy"),
            std::string::npos);
  EXPECT_NE(
      shop_.read_text("projs/r/Makefile").find("Error 5: the program differs"),
      std::string::npos);
  for (const auto& entry : fs::directory_iterator(shop_.path("projs/r/app"))) {
    const std::string name = "projs/r/app/" + entry.path().filename().string();
    if (!name.ends_with(".bin")) continue;
    std::vector<uint8_t> bytes = shop_.read(name);
    bytes[bytes.size() / 2] ^= 1;
    shop_.write(name, bytes);
  }
  ASSERT_NO_FATAL_FAILURE(build("r"));
  const Told told = shop_.script("make -s -C projs/r run");
  EXPECT_EQ(told.out, "node r of m_r, UDP, NOT ENCRYPTED\nselfcheck differs\n");
  EXPECT_NE(told.err.find("Error 5"), std::string::npos) << told.err;
}

// Both ends of a serial line.
struct Line {
  Line() : board(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(grantpt(board), 0);
    EXPECT_EQ(unlockpt(board), 0);
    name = ptsname(board);
    // A line without anybody at its other end is none.
    held_ = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    // Raw before anybody writes: else what the node says comes back to it.
    termios settings{};
    EXPECT_EQ(tcgetattr(held_, &settings), 0);
    cfmakeraw(&settings);
    EXPECT_EQ(tcsetattr(held_, TCSANOW, &settings), 0);
  }
  ~Line() {
    close(held_);
    close(board);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  // Until the board has said so.
  void wait_for(const std::string& text) const {
    std::string said;
    pollfd waiting = {held_, POLLIN, 0};
    while (said.find(text) == said.npos && poll(&waiting, 1, 60'000) == 1) {
      char byte = 0;
      if (read(held_, &byte, 1) != 1) break;
      said += byte;
    }
    EXPECT_NE(said.find(text), said.npos) << said;
  }

  int board;
  std::string name;

 private:
  int held_ = -1;
};

TEST_F(ExportedCluster, ANodeOnASerialLineComputesExactBytes) {
  need_programs({"ninja"});
  if (cannot_go_on()) return;
  const Line line;
  write_node("host", "serial:" + line.name);
  ASSERT_EQ(shop_.shoal(export_words("cmake")).code, 0);
  const std::string launcher =
      has_program("ccache") ? " -DCMAKE_CXX_COMPILER_LAUNCHER=ccache" : "";
  const Told built = shop_.script(
      "cd projs/n && cmake -G Ninja -DCMAKE_BUILD_TYPE=Release -B build" +
      launcher + " > build.log && ninja -j2 -C build >> build.log");
  ASSERT_EQ(built.code, 0) << shop_.read_text("projs/n/build.log");
  const Node n(shop_, "projs/n/build/m_n", line.board);
  expect_exact(shop_.shoal(run_words()));
  expect_exact(shop_.shoal(run_words({"--frames", "3"})));
  // The plan of the file knows the link: its datagrams are the line's.
  const Told planned =
      shop_.shoal({"plan", "m.tflite", "--cluster", "c.toml", "--json"});
  const Told ran = shop_.shoal(run_words({"--json"}));
  ASSERT_EQ(planned.code, 0) << planned.err;
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      nlohmann::json::parse(ran.out).at("arena_bytes").at(0),
      nlohmann::json::parse(planned.out).at("nodes").at(0).at("arena_bytes"));
}

// Four of them share a pair of wires with the coordinator.
TEST_F(ExportedCluster, NodesOnASharedLineComputeExactBytes) {
  BusRelay relay(5, {});
  std::string text = "[defaults]\nboard = \"host\"\n";
  for (int i = 1; i <= 4; ++i) {
    text += "[[node]]\nname = \"n" + std::to_string(i) +
            "\"\naddress = \"serial:" + relay.device(0) + "#" +
            std::to_string(i) + "\"\n";
  }
  write_text("c.toml", text);
  const Words cut{"--strategy", "spatial"};
  const Told exported = shop_.shoal(export_words("c", cut));
  ASSERT_EQ(exported.code, 0) << exported.err;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 1; i <= 4; ++i) {
    const std::string n = "n" + std::to_string(i);
    ASSERT_NO_FATAL_FAILURE(build(n));
    setenv("SHOAL_LINE", relay.device(static_cast<size_t>(i)).c_str(), 1);
    nodes.push_back(
        std::make_unique<Node>(shop_, "projs/" + n + "/build/m_" + n));
  }
  unsetenv("SHOAL_LINE");
  Words patient = cut;
  patient.insert(patient.end(), {"--node-timeout", "20"});
  expect_exact(shop_.shoal(run_words(patient)));
  patient.insert(patient.end(), {"--frames", "5"});
  expect_exact(shop_.shoal(run_words(patient)));
  EXPECT_GT(relay.bytes(), 1'000);
}

// A Cortex-M4, whose UART is the line.
TEST_F(ExportedCluster, ANodeOnAnEmulatedBoardComputesExactBytes) {
  need_programs({"arm-none-eabi-g++", "qemu-system-arm", "make"});
  if (cannot_go_on()) return;
  const Line line;
  write_node("mps2-an386", "serial:" + line.name);
  ASSERT_EQ(shop_.shoal(export_words("c", {"--insecure"})).code, 0);
  ASSERT_NO_FATAL_FAILURE(build("n"));
  const Told told = shop_.script("make -s -C projs/n run");
  EXPECT_EQ(told.out,
            "node n of m_n, on the serial line, NOT ENCRYPTED\nselfcheck ok\n");
  const Node n(shop_, "projs/n", line.board);
  // QEMU sets up the line for text when it starts.
  line.wait_for("selfcheck ok\n");
  const Words patient = run_words({"--insecure", "--node-timeout", "60"});
  expect_exact(shop_.shoal(patient));
  const Told probed = shop_.shoal(
      {"probe", line.name, "--insecure", "--node-timeout", "60", "--json"});
  ASSERT_EQ(probed.code, 0) << probed.err;
  const json j = json::parse(probed.out);
  EXPECT_EQ(j["kernels"], "armv7e-m");
  EXPECT_EQ(j["counter"], "DWT");  // which QEMU does not move
  EXPECT_TRUE(j["counter_stands_still"]);
  EXPECT_EQ(j["kind"], "emulated");
  EXPECT_EQ(j["unit"], "instructions");
  EXPECT_EQ(j["results"][1]["result"], "exact") << probed.err;
  // Instructions of a MAC, as bench-node counts them; a firing's share is
  // larger here.
  EXPECT_GT(j["results"][1]["each"], 0.5);
  EXPECT_LT(j["results"][1]["each"], 8.0);
  expect_exact(shop_.shoal(patient));
}

// Both harts make halves; the node would say so if it had one only.
TEST_F(ExportedCluster, ANodeOfTwoHartsComputesExactBytes) {
  need_programs({"riscv64-unknown-elf-g++", "qemu-system-riscv32", "make"});
  if (cannot_go_on()) return;
  const Line line;
  write_node("qemu-rv32x2", "serial:" + line.name);
  ASSERT_EQ(shop_.shoal(export_words("c", {"--insecure"})).code, 0);
  EXPECT_NE(shop_.read_text("projs/n/Makefile").find("-DSHOAL_TWO_CORES"),
            std::string::npos);
  ASSERT_NO_FATAL_FAILURE(build("n"));
  const Node n(shop_, "projs/n", line.board);
  line.wait_for("selfcheck ok\n");
  const Words patient = run_words({"--insecure", "--node-timeout", "60"});
  expect_exact(shop_.shoal(patient));
  expect_exact(shop_.shoal(patient));
}

struct MemberLayout {
  const char* ecosystem;
  const char* board;
  const char* address;
  bool has_key;
  const char* flags;    // as the ecosystem's, for Debian's compiler
  const char* folders;  // of include paths, from the project's root
  const char* link;     // a text that its build file has
};

constexpr MemberLayout kMemberLayouts[] = {
    {"c", "stm32f412", "serial:/dev/ttyACM0", true,
     "-std=gnu++17 -mcpu=cortex-m4", "app shoal/src", ""},
    {"arduino", "teensy41", "10.0.0.7:7000", false,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m7", "m_n Shoal/src", ""},
    {"pico-sdk", "rp2040", "10.0.0.7:7000", true,
     "-std=gnu++17 -mcpu=cortex-m0plus", "app shoal/src", "WIFI_SSID"},
    {"esp-idf", "esp32s3", "10.0.0.7:7000", true,
     "-std=gnu++20 -mcpu=cortex-m33", "main components/shoal/src", ""},
    {"zephyr", "stm32h743", "10.0.0.7:7000", true,
     "-std=gnu++17 -mcpu=cortex-m7 -D__ZEPHYR__ -DCONFIG_ENTROPY_HAS_DRIVER",
     "src shoal/src", "CONFIG_SHOAL_CIPHERS=y"},
    {"stm32cube", "stm32f746", "10.0.0.7:7000", true,
     "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src", ""},
};
// With BearSSL, which Arduino's core has.
constexpr MemberLayout kArduinoKeyLayouts[] = {
    {"arduino", "rp2040", "10.0.0.7:7000", true,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m0plus -DARDUINO_ARCH_RP2040",
     "m_n Shoal/src", ""},
};
// On a line that several nodes share.
constexpr MemberLayout kBusLayouts[] = {
    {"arduino", "teensy41", "serial:/dev/ttyUSB0#2", false,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m7", "m_n Shoal/src", ""},
    {"esp-idf", "esp32s3", "serial:/dev/ttyUSB0#31", true,
     "-std=gnu++20 -mcpu=cortex-m33", "main components/shoal/src", ""},
};
// By ESP-NOW.
constexpr MemberLayout kRadioLayouts[] = {
    {"esp-idf", "esp32s3", "espnow:/dev/ttyUSB0#24:6f:28:00:00:01", true,
     "-std=gnu++20 -mcpu=cortex-m33", "main components/shoal/src", ""},
    {"arduino", "esp32s3", "espnow:/dev/ttyUSB0#24:6F:28:00:00:02", true,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m33 -DARDUINO_ARCH_ESP32",
     "m_n Shoal/src", ""},
};
// Others of these ecosystems. C on a shared line also runs
// (NodesOnASharedLineComputeExactBytes).
constexpr MemberLayout kMoreLayouts[] = {
    {"c", "stm32h743", "10.0.0.7:7000", true, "-std=gnu++17 -mcpu=cortex-m7",
     "app shoal/src", "$(LWIP)"},
    {"c", "stm32f412", "serial:/dev/ttyUSB0#1", true,
     "-std=gnu++17 -mcpu=cortex-m4", "app shoal/src", ""},
    {"arduino", "esp32s3", "10.0.0.7:7000", true,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m33 -DARDUINO_ARCH_ESP32",
     "m_n Shoal/src", ""},
    {"platformio", "esp32s3", "10.0.0.7:7000", true,
     "-std=gnu++20 -mcpu=cortex-m33", "src lib/Shoal/src", ""},
    {"arduino", "rp2350", "10.0.0.7:7000", false,
     "-std=gnu++17 -fpermissive -mcpu=cortex-m33 -DARDUINO_ARCH_RP2040",
     "m_n Shoal/src", ""},
    {"platformio", "stm32f746", "10.0.0.7:7000", false,
     "-std=gnu++17 -mcpu=cortex-m7", "src lib/Shoal/src",
     "STM32duino STM32Ethernet"},
    // More does not fit where the SDK's linker script has the stack.
    {"pico-sdk", "rp2040", "serial:/dev/ttyACM0", true,
     "-std=gnu++17 -mcpu=cortex-m0plus", "app shoal/src",
     "PICO_STACK_SIZE=0x1000"},
    {"zephyr", "mps2-an385", "10.0.0.7:7000", false,
     "-std=gnu++17 -mcpu=cortex-m3 -D__ZEPHYR__", "src shoal/src",
     "CONFIG_NET_QEMU_ETHERNET=y"},
};

class ExportedMember : public ExportedCluster,
                       public testing::WithParamInterface<MemberLayout> {};

// The network in which no SDK is: every source compiles against headers that
// stand for them, with Debian's Mbed TLS.
TEST_P(ExportedMember, EverySourceCompiles) {
  need_programs({"arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const MemberLayout& l = GetParam();
  write_node(l.board, l.address);
  Words words = export_words(l.ecosystem);
  if (!l.has_key) words.push_back("--insecure");
  const Told told = shop_.shoal(words);
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(shop_.script("ls projs/n/*.zip && cd projs/n && python3 -m zipfile "
                         "-e *.zip .")
                    .code == 0,
            std::string(l.ecosystem) == "arduino");
  write_sdk_headers(shop_);
  ASSERT_EQ(
      shop_.script("ln -s /usr/include/mbedtls /usr/include/bearssl sdk").code,
      0);
  const std::string flags = std::string(l.flags) + " -isystem ../../sdk";
  const Told compiled = compile_sources(shop_, "projs/n", flags, l.folders);
  EXPECT_EQ(compiled.code, 0) << compiled.out << compiled.err;
  const Told found = shop_.script(
      std::string("grep -rqF '") + l.link +
      "' projs/n/Makefile projs/n/CMakeLists.txt projs/n/platformio.ini "
      "projs/n/prj.conf");
  EXPECT_TRUE(!*l.link || found.code == 0) << l.link;
}

std::string name_of_layout(const testing::TestParamInfo<MemberLayout>& info) {
  return case_name(info.param.ecosystem + std::to_string(info.index));
}
INSTANTIATE_TEST_SUITE_P(All, ExportedMember, testing::ValuesIn(kMemberLayouts),
                         name_of_layout);
INSTANTIATE_TEST_SUITE_P(ArduinoKey, ExportedMember,
                         testing::ValuesIn(kArduinoKeyLayouts), name_of_layout);
INSTANTIATE_TEST_SUITE_P(OnABus, ExportedMember, testing::ValuesIn(kBusLayouts),
                         name_of_layout);
INSTANTIATE_TEST_SUITE_P(EspNow, ExportedMember,
                         testing::ValuesIn(kRadioLayouts), name_of_layout);
INSTANTIATE_TEST_SUITE_P(Long, ExportedMember, testing::ValuesIn(kMoreLayouts),
                         name_of_layout);

TEST_F(ExportedCluster, WhatCannotBeIsRefusedAtExport) {
  write_cluster();
  expect_refused(export_words("c", {"--key", "none.key"}), 2,
                 "the key file does not exist");
  expect_refused(export_words("c", {"--node", "x"}), 2, "one of: l, r");
  expect_refused(export_words("c", {"--board", "teensy41"}), 2, "--board");
  Words with_input = export_words("c");
  with_input.insert(with_input.begin() + 2, "x.bin");
  expect_refused(with_input, 2, "no built-in test");
  write_node("host", "");
  expect_refused(export_words("c"), 2, "node 'n' has no address");
  write_node("stm32f412", "10.0.0.1:7000");
  expect_refused(export_words("c"), 4, "board stm32f412 has no network");
  write_node("mps2-an386", "10.0.0.1:7000");
  expect_refused(export_words("c"), 4, "has no network");
  write_node("mps2-an386", "serial:/dev/ttyS1");
  expect_refused(export_words("c"), 4, "no source of entropy");
  write_node("mps2-an385", "10.0.0.1:7000");
  expect_refused(export_words("zephyr"), 4, "no source of entropy");
  write_node("teensy41", "serial:/dev/ttyACM0");
  expect_refused(export_words("arduino"), 4, "no Mbed TLS");
  write_node("host", "serial:");
  expect_refused(export_words("c"), 2, "address");
  write_text("c.toml",
             "[defaults]\nboard = \"host\"\n[[node]]\nname = \"a\"\naddress = "
             "\"serial:/dev/a\"\n[[node]]\nname = \"b\"\naddress = "
             "\"serial:/dev/b\"\n");
  expect_refused(export_words("c"), 2, "one node at its end");
  write_node("rp2040", "espnow:/dev/ttyS1#24:6f:28:00:00:01");
  expect_refused(export_words("pico-sdk"), 4, "has no ESP-NOW");
  write_node("mps2-an386", "serial:/dev/ttyS1#1");
  expect_refused(export_words("c", {"--insecure"}), 4,
                 "has no line that several nodes share");
  write_text("c.toml",
             "payload = 512\n[[node]]\nname = \"n\"\nboard = \"host\"\n"
             "address = \"10.0.0.1:7000\"\n");
  expect_refused(export_words("c"), 2,
                 "payload = 512, but the datagrams of exported nodes have 1472 "
                 "bytes");
  expect_refused({"export", "m.tflite", "--as", "c", "--insecure", "-o", "p"},
                 2, "--insecure is for nodes of a cluster");
  expect_refused({"export", "m.tflite", "--as", "c", "--key", "k", "-o", "p"},
                 2, "--key is for nodes of a cluster");
  EXPECT_FALSE(fs::exists(shop_.path("projs")));
}

}  // namespace
}  // namespace shoal
