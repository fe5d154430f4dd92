// Bad input for an exported board that takes networks by wire: one emulated
// board, a table of cases. Each is told at both ends, and the board is of use
// afterwards. docs/reference/boards.md names the tests of all cases.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/alone/sent.h"
#include "device/alone/wire.h"
#include "host/base/files.h"
#include "host/engine/alone/line.h"
#include "tests/command.h"
#include "tests/needs.h"
#include "tests/one_layer.h"
#include "tests/served_project.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

// The bytes of the slots in the file of the emulator's memory, as they change.
class SlotBytes {
 public:
  static constexpr size_t kBytes = 64 << 10, kNoteBytes = 256;

  explicit SlotBytes(const std::string& file) {
    const int f = open(file.c_str(), O_RDWR);
    const auto size = static_cast<size_t>(std::filesystem::file_size(file));
    void* const all =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    close(f);
    if (f < 0 || all == MAP_FAILED) throw std::runtime_error(file);
    memory_ = static_cast<uint8_t*>(all);
    size_ = size;
  }
  ~SlotBytes() { munmap(memory_, size_); }
  SlotBytes(const SlotBytes&) = delete;
  SlotBytes& operator=(const SlotBytes&) = delete;

  Bytes copy() const { return {begin(), begin() + kBytes}; }
  void put(const Bytes& bytes) {
    std::copy(bytes.begin(), bytes.end(), begin());
  }
  // Returns how many bytes are others than there.
  size_t differ_from(const Bytes& bytes) const {
    const Bytes now = copy();
    size_t count = 0;
    for (size_t i = 0; i < kBytes; ++i) count += now[i] != bytes[i];
    return count;
  }
  // Returns how many of these are not erased.
  size_t written_since(const Bytes& bytes) const {
    const Bytes now = copy();
    size_t count = 0;
    for (size_t i = 0; i < kBytes; ++i) {
      count += now[i] != bytes[i] && now[i] != 0xFF;
    }
    return count;
  }

 private:
  // They end where the KB begins that says who the board is.
  uint8_t* begin() const { return memory_ + size_ - kBytes; }

  uint8_t* memory_;
  size_t size_;
};

// Another computer at the board's line, whose messages are made by hand.
class Rival {
 public:
  explicit Rival(const std::string& where) : line_(open_alone_line(where, 0)) {}

  // Sends it and returns the answer of one of these types.
  Bytes ask(const Bytes& message, const std::string& types) {
    const shoal_transport& t = line_.transport->transport();
    Bytes answer(t.max_payload);
    constexpr int kAgain = 50, kTurns = 3000;
    for (int i = 0; i < kTurns; ++i) {
      if (i % kAgain == 0) send(message);
      uint64_t from = 0;
      const uint32_t bytes =
          t.receive(t.user, &from, answer.data(), t.max_payload);
      const auto type = static_cast<char>(answer[0]);
      if (bytes > 0 && types.find(type) != types.npos) {
        answer.resize(bytes);
        return answer;
      }
      if (bytes == 0) line_.transport->wait(t.now_us(t.user) + 20'000);
    }
    throw std::runtime_error("no answer of type " + types);
  }
  void send(const Bytes& message) {
    const shoal_transport& t = line_.transport->transport();
    t.send(t.user, line_.address, message.data(),
           static_cast<uint32_t>(message.size()));
    line_.transport->wait(t.now_us(t.user) + 1000);
  }
  // The message that begins a frame of network 0, whose inputs have as many
  // bytes `more` than the board says.
  Bytes frame(uint32_t session, uint32_t more = 0) {
    const Bytes board = ask(message('H', session, Bytes(1)), "h");
    Bytes body(2);
    body.insert(body.end(), board.begin() + 10, board.begin() + 22);
    alone::put32(body.data() + 10, alone::get32(body.data() + 10) + more);
    return message('F', session, body);
  }
  static Bytes message(char type, uint32_t session, const Bytes& body) {
    Bytes m(alone::Head::kBytes);
    alone::Head{static_cast<alone::MessageType>(type), session, 2}.put(
        m.data());
    m.insert(m.end(), body.begin(), body.end());
    return m;
  }
  static std::string text_of(const Bytes& said) {
    return {said.begin() + alone::kSaidBytes, said.end()};
  }

 private:
  AloneLine line_;
};

// A board with the networks "own" and "other", built once.
class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_program("make") || !has_program("qemu-system-arm") ||
        !has_program("arm-none-eabi-g++")) {
      return;
    }
    shop_ = std::make_unique<Workshop>();
    shop_->write("own.tflite", one_layer(1, 24, 4));
    shop_->write("other.tflite", one_layer(2, 6, 5));
    shop_->write("new.tflite", one_layer(3, 12, 300));
    shop_->write("short.bin", Bytes(9));
    const Told told =
        shop_->shoal({"export", "own.tflite", "--also", "other=other.tflite",
                      "--as", "c", "--board", "mps2-an386", "--slots", "64K",
                      "--ram", "64K", "-o", "proj"});
    ASSERT_EQ(told.code, 0) << told.err;
    const Told made = shop_->script(make_in("proj", "all"));
    ASSERT_EQ(made.code, 0) << made.err;
    how_ = serve_command(*shop_, "proj");
  }
  static void TearDownTestSuite() { shop_.reset(); }
  void SetUp() override {
    need_programs({"make", "qemu-system-arm", "arm-none-eabi-g++"});
    if (cannot_go_on()) return;
    std::filesystem::remove(flash());
    start();
  }

  static std::string flash() { return shop_->path("proj/build/flash"); }
  static bool has_flash() {
    std::error_code none;
    return std::filesystem::file_size(flash(), none) >= SlotBytes::kBytes &&
           !none;
  }
  void start(const std::string& how = how_) {
    board_.reset();
    std::filesystem::remove(shop_->path("proj/build/serial"));
    board_.emplace(*shop_, "proj", how);
    // The emulator makes it after the line.
    for (int i = 0; i < 200 && !has_flash(); ++i) usleep(50'000);
    ASSERT_TRUE(has_flash());
  }
  Told send(std::vector<std::string> words) {
    words.insert(words.begin(), {"send", board_->line()});
    words.insert(words.end(), {"--node-timeout", "60"});
    return shop_->shoal(words);
  }
  Told send_new() {
    return send({"--program", "new.tflite", "--network", "other", "--name",
                 "third", "--json"});
  }
  void expect_sent() {
    const Told told = send_new();
    EXPECT_EQ(told.code, 0) << told.err;
  }
  void expect_same(const std::string& network, const std::string& model) {
    const Told told =
        send({"random:7", "--network", network, "--compare", model});
    EXPECT_EQ(told.code, 0) << network << ": " << told.err;
  }
  std::vector<std::string> networks() {
    const Told told = send({"random:7", "--json"});
    EXPECT_EQ(told.code, 0) << told.err;
    return nlohmann::json::parse(told.out)["networks"];
  }
  // The board has the new network or the one before, and computes both right.
  bool expect_old_or_new() {
    expect_same("own", "own.tflite");
    const bool is_new = networks().at(1) == "third";
    if (is_new) {
      expect_same("third", "new.tflite");
    } else {
      expect_same("other", "other.tflite");
    }
    return is_new;
  }
  // Sends the new network beside the test until `is_time`, which sees the
  // slots; then ends the board or the sender.
  void send_until(const std::function<bool(const SlotBytes&)>& is_time,
                  bool end_board) {
    const SlotBytes slots(flash());
    Background sender(
        *shop_,
        {"send", board_->line(), "--program", "new.tflite", "--network",
         "other", "--name", "third", "--node-timeout", "60"},
        "sender.err");
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!is_time(slots)) {
      ASSERT_LT(std::chrono::steady_clock::now(), end)
          << shop_->read_text("sender.err");
    }
    if (end_board) board_->end(SIGKILL);
    sender.end(SIGKILL);
  }
  // The slots after the new network has come, which are the same each time.
  Bytes slots_with_new() {
    const Bytes before = SlotBytes(flash()).copy();
    const Told told = send_new();
    EXPECT_EQ(told.code, 0) << told.err;
    board_->end(SIGTERM);
    SlotBytes slots(flash());
    const Bytes after = slots.copy();
    EXPECT_NE(before, after);
    slots.put(before);
    start();
    return after;
  }

  static constexpr auto kPatience = std::chrono::seconds(100);
  static std::unique_ptr<Workshop> shop_;
  static std::string how_;
  std::optional<ServedProject> board_;
};
std::unique_ptr<Workshop> BadInput::shop_;
std::string BadInput::how_;

struct Refused {
  const char* what;
  std::vector<std::string> words;
  int code;
  const char* says;
};

TEST_F(BadInput, IsRefusedByTheComputer) {
  if (cannot_go_on()) return;
  const Refused cases[] = {
      {"a picture of another size", {"short.bin"}, 2, "9 bytes"},
      {"half a table", {"--network", "other", "short.bin"}, 2, "9 bytes"},
      {"a network name that is not there",
       {"random:1", "--network", "none"},
       2,
       "has no network 'none'"},
      {"another model",
       {"random:1", "--compare", "other.tflite"},
       2,
       "runs another model"},
      {"a program for a network that is not there",
       {"--program", "new.tflite", "--network", "none"},
       2,
       "has no network 'none'"},
      {"a key that the board does not have",
       {"--program", "new.tflite", "--key", "none.key"},
       2,
       "none.key"}};
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.what);
    const Told told = send(c.words);
    EXPECT_EQ(told.code, c.code) << told.out;
    EXPECT_NE(told.err.find(c.says), std::string::npos) << told.err;
    expect_same("own", "own.tflite");
  }
}

// The board's own words, for a computer that does not look itself.
TEST_F(BadInput, IsRefusedByTheBoard) {
  if (cannot_go_on()) return;
  {
    Rival rival(board_->line());
    EXPECT_EQ(Rival::text_of(rival.ask(rival.frame(1, 1), "X")),
              "the inputs have another size");
    Bytes other = rival.frame(1);
    other[alone::Head::kBytes + 2] ^= 1;
    EXPECT_EQ(Rival::text_of(rival.ask(other, "X")),
              "the board holds another program");
    Bytes none = rival.frame(1);
    none[alone::Head::kBytes + 1] = 2;
    EXPECT_EQ(Rival::text_of(rival.ask(none, "X")),
              "the board has no such network");
    // Two computers at once: the first one keeps the board.
    const Bytes want = rival.ask(rival.frame(1), "W");
    ASSERT_EQ(want[0], 'W');
    EXPECT_EQ(Rival::text_of(rival.ask(rival.frame(2), "X")),
              "the board runs a frame of another computer");
    // Half a picture, then silence.
    Bytes piece(want.begin() + 10, want.begin() + 16);
    piece.resize(piece.size() + 100);
    rival.send(Rival::message('I', 1, piece));
  }
  expect_same("own", "own.tflite");
  expect_same("other", "other.tflite");
}

TEST_F(BadInput, AHalfWrittenSlotIsFilledByTheNextTransfer) {
  if (cannot_go_on()) return;
  const Bytes before = SlotBytes(flash()).copy();
  send_until([&](const SlotBytes& s) { return s.written_since(before) > 5000; },
             false);
  EXPECT_FALSE(expect_old_or_new());
  start();
  EXPECT_FALSE(expect_old_or_new());
  const Told told = send_new();
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_GT(nlohmann::json::parse(told.out)["kept_bytes"], 1000);
  EXPECT_TRUE(expect_old_or_new());
}

// The emulator ends while the last note is written, by which the slot counts,
// shortly before and shortly after.
TEST_F(BadInput, APowerCutAtTheSwitchLeavesTheOldNetworkOrTheNewOne) {
  if (cannot_go_on()) return;
  const Bytes after = slots_with_new();
  const Bytes before = SlotBytes(flash()).copy();
  using Slots = const SlotBytes&;
  const std::function<bool(Slots)> moments[] = {
      // All but the note is there; some of it; all of it.
      [&](Slots s) { return s.differ_from(after) <= SlotBytes::kNoteBytes; },
      [&](Slots s) { return s.differ_from(after) < 55; },
      [&](Slots s) { return s.differ_from(after) == 0; }};
  for (const auto& moment : moments) {
    send_until(moment, true);
    start();
    const bool is_new = expect_old_or_new();
    EXPECT_TRUE(is_new || &moment != &moments[2]);
    if (!is_new) {
      expect_sent();
      EXPECT_TRUE(expect_old_or_new());
    }
    board_->end(SIGTERM);
    SlotBytes(flash()).put(before);
    start();
  }
}

// Its flash comes from another board: the board says so at its start, and has
// the networks of the export.
TEST_F(BadInput, AProgramForAnotherBoardIsNotRun) {
  if (cannot_go_on()) return;
  expect_sent();
  board_->end(SIGTERM);
  {
    SlotBytes slots(flash());
    Bytes bytes = slots.copy();
    const uint8_t magic[] = {'S', 'H', 'P', 'N'};
    const auto at = std::search(bytes.begin(), bytes.end(), std::begin(magic),
                                std::end(magic));
    ASSERT_NE(at, bytes.end());
    SentHead head;
    std::memcpy(&head, &*at, sizeof head);
    ASSERT_EQ(std::string(head.board), "mps2-an386");
    head.board[9] = '5';
    head.crc = crc_of(head);
    std::memcpy(&*at, &head, sizeof head);
    slots.put(bytes);
  }
  // Its words go to a file, until they are there.
  std::string how = how_;
  const std::string line =
      "socket,id=line,path=build/serial,server=on,wait=off";
  const size_t at = how.find(line);
  ASSERT_NE(at, std::string::npos);
  start(how.replace(at, line.size(), "file,id=line,path=build/serial"));
  const auto said = [&] { return shop_->read_text("proj/build/serial"); };
  for (int i = 0; i < 200 && lines_of(said()).size() < 7; ++i) usleep(50'000);
  EXPECT_NE(said().find("no sent program: the program is for another board"),
            std::string::npos)
      << said();
  start();
  EXPECT_FALSE(expect_old_or_new());
  const Told told = send(
      {"--program", "new.tflite", "--network", "other", "--name", "fourth"});
  EXPECT_EQ(told.code, 0) << told.err;
  expect_same("fourth", "new.tflite");
}

}  // namespace
}  // namespace shoal
