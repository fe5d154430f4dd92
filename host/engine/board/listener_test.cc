// These tests check what a board says, and what it must not say.
#include "host/engine/board/listener.h"

#include <gtest/gtest.h>

#include <cstring>

#include "device/runtime/firing.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

template <class T>
std::vector<uint8_t> message(ConsoleType type, const T& payload,
                             const std::vector<uint8_t>& rows = {}) {
  std::vector<uint8_t> f(kConsoleHead + sizeof payload);
  std::memcpy(f.data(), kConsoleMark, sizeof kConsoleMark);
  f[2] = static_cast<uint8_t>(type);
  const auto bytes = static_cast<uint32_t>(sizeof payload + rows.size());
  std::memcpy(&f[4], &bytes, sizeof bytes);
  std::memcpy(&f[kConsoleHead], &payload, sizeof payload);
  f.insert(f.end(), rows.begin(), rows.end());
  const uint32_t sum = crc32_add(0, &f[2], kConsoleHead - 2 + bytes);
  const auto* at = reinterpret_cast<const uint8_t*>(&sum);
  f.insert(f.end(), at, at + sizeof sum);
  return f;
}

class ListenerTest : public testing::Test {
 protected:
  template <class T>
  void say(ConsoleType type, const T& payload,
           const std::vector<uint8_t>& rows = {}) {
    listener_.feed(message(type, payload, rows));
  }
  template <class T>
  void refuse(ConsoleType type, const T& payload,
              const std::vector<uint8_t>& rows = {}) {
    expect_throws([&] { say(type, payload, rows); }, Exit::kNode);
  }

  std::vector<uint8_t> tapped_;
  Listener listener_{find_board("emcraft-sf2"), 1e-8,
                     FiringObserver{[](void* self, const void* what) {
                                      static_cast<ListenerTest*>(self)->take(
                                          *static_cast<const Firing*>(what));
                                    },
                                    this}};

 private:
  // Reads all that the firing says it has.
  void take(const Firing& f) {
    for (uint32_t y = f.y0; y < f.y1; ++y) {
      tapped_.insert(tapped_.end(), f.row(y), f.row(y) + f.row_bytes);
    }
  }
};

TEST_F(ListenerTest, FiringsArriveRowByRow) {
  const std::vector<uint8_t> rows{1, 2, 3, 4, 5, 6, 7, 8};
  say(ConsoleType::kFiring, ConsoleFiring{0, 1, 7, 9, 2, 4, 3, 5, 1}, rows);
  EXPECT_EQ(tapped_, rows);
}

TEST_F(ListenerTest, FiringsThatMakeNoSenseAreRefused) {
  const std::vector<uint8_t> one{1};
  refuse(ConsoleType::kFiring, ConsoleFiring{0, 0, 1, 0, 0, 1, 0, 1, 1}, one);
  // -1 times -1 byte is one byte.
  refuse(ConsoleType::kFiring, ConsoleFiring{0, 0, 0, 1, 1, 0, 1, 0, 1}, one);
  refuse(ConsoleType::kFiring, ConsoleFiring{0, 0, 0, 1, 0, 1, 0, 1, 2},
         {1, 2});
  refuse(ConsoleType::kFiring, ConsoleFiring{0, 0, 0, 1, 0, 1, 0, 2, 1}, one);
  // 2^15 x 2^15 x 4 bytes are none in 32 bits.
  refuse(ConsoleType::kFiring,
         ConsoleFiring{0, 0, 0, 1, 0, 0x8000, 0, 0x8000, 4}, {});
  EXPECT_TRUE(tapped_.empty());
}

TEST_F(ListenerTest, OutputsComeInTurn) {
  say(ConsoleType::kOutput, ConsoleOutput{0, 1, 0}, {5});
  say(ConsoleType::kOutput, ConsoleOutput{1, 0, 0}, {6});
  refuse(ConsoleType::kOutput, ConsoleOutput{3, 0, 0}, {7});
  refuse(ConsoleType::kOutput, ConsoleOutput{0, 0x10000, 0}, {7});
  const auto& outputs = listener_.result().outputs;
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].at(1), std::vector<uint8_t>{5});
  EXPECT_EQ(outputs[1].at(0), std::vector<uint8_t>{6});
}

TEST_F(ListenerTest, FramesOfNoTypeAndShortOnesAreRefused) {
  refuse(static_cast<ConsoleType>(99), uint32_t{0});
  refuse(ConsoleType::kHello, uint32_t{0});
}

TEST_F(ListenerTest, FirmwareOfAnotherBoardIsRefused) {
  ConsoleHello h{};
  std::strcpy(h.board, "teensy41");
  h.ticks_per_second = 1000;
  refuse(ConsoleType::kHello, h);
}

TEST_F(ListenerTest, LayersAreCountedInInstructions) {
  ConsoleHello h{};
  std::strcpy(h.board, "emcraft-sf2");
  h.ticks_per_second = 200000000;  // two for an instruction
  say(ConsoleType::kHello, h);
  say(ConsoleType::kLayer, ConsoleLayer{3, 0, 2, 50});
  say(ConsoleType::kLayer, ConsoleLayer{0xFFFF, 0, 1, 10});
  say(ConsoleType::kLayer, ConsoleLayer{3, 0, 1, 50});
  EXPECT_FALSE(listener_.done());
  ConsoleEnd e{};
  e.frame_ticks_high = 1;
  say(ConsoleType::kEnd, e);
  EXPECT_TRUE(listener_.done());
  const Emulated& r = listener_.result();
  EXPECT_EQ(r.layers.at(3).steps, 3);
  EXPECT_EQ(r.layers.at(3).instructions, 50);
  EXPECT_EQ(r.layers.at(-1).instructions, 5);
  EXPECT_EQ(r.frame_instructions, int64_t{1} << 31);
  ASSERT_EQ(r.first_frame.size(), 3u);
  EXPECT_EQ(r.first_frame[1].layer, -1);
  EXPECT_EQ(r.first_frame[1].ns, 50);
}

TEST_F(ListenerTest, OnlyTheFirstFrameIsKeptInItsOrder) {
  ConsoleHello h{};
  std::strcpy(h.board, "emcraft-sf2");
  h.ticks_per_second = 1000;
  say(ConsoleType::kHello, h);
  for (const uint16_t frame : {0, 1}) {
    say(ConsoleType::kLayer, ConsoleLayer{3, frame, 1, 2});
    say(ConsoleType::kLayer, ConsoleLayer{4, frame, 1, 3});
  }
  const std::vector<FrameWork>& work = listener_.result().first_frame;
  ASSERT_EQ(work.size(), 2u);
  EXPECT_EQ(work[0].layer, 3);
  EXPECT_EQ(work[1].layer, 4);
  EXPECT_EQ(work[1].ns, 3'000'000);
}

}  // namespace
}  // namespace shoal
