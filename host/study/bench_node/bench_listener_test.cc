// These tests check what the measuring firmware says, and what it must not say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "boards/bench/messages.h"
#include "host/study/bench_node/bench_node.h"

namespace shoal {
namespace {

constexpr double kInstruction = 1e-8;
constexpr uint32_t kTicks = 200000000;  // two for an instruction

template <class T>
std::vector<uint8_t> message(ConsoleType type, const T& payload) {
  std::vector<uint8_t> f(kConsoleHead + sizeof payload + 4);
  std::memcpy(f.data(), kConsoleMark, sizeof kConsoleMark);
  f[2] = static_cast<uint8_t>(type);
  const uint32_t bytes = sizeof payload;
  std::memcpy(&f[4], &bytes, sizeof bytes);
  std::memcpy(&f[kConsoleHead], &payload, sizeof payload);
  const uint32_t sum = crc32_add(0, &f[2], kConsoleHead - 2 + bytes);
  std::memcpy(&f[kConsoleHead + bytes], &sum, sizeof sum);
  return f;
}

ConsoleHello hello() {
  ConsoleHello h{};
  std::strcpy(h.board, "emcraft-sf2");
  h.ticks_per_second = kTicks;
  return h;
}

BenchBeginMessage begin() {
  BenchBeginMessage b{};
  std::strcpy(b.kernels, "portable");
  b.layers = kBenchLayerCount;
  b.trial_instructions = 1000, b.trial_ticks = 2000;
  return b;
}

// One border row wherever there is padding.
BenchLayerMessage layer(uint32_t i) {
  BenchLayerMessage f{};
  f.layer = i;
  f.border = {kBenchLayers[i].kernel > 1 ? 1u : 0u, 1, 600 + i, 0};
  f.interior = {
      static_cast<uint32_t>(fit_layer(kBenchLayers[i]).rows) - f.border.rows, 1,
      4000 + 2 * i, i};
  f.checksum = 7 * i;
  return f;
}

BenchCipherMessage cipher(uint32_t i) { return {i, 4000 * i, i, 9 * i}; }

class Said {
 public:
  template <class T>
  Said& say(ConsoleType type, const T& payload) {
    listener_.feed(message(type, payload));
    return *this;
  }
  // "" or what goes wrong.
  template <class T>
  std::string complaint(ConsoleType type, const T& payload) {
    try {
      say(type, payload);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      return e.what();
    }
  }
  Said& start() {
    return say(ConsoleType::kHello, hello()).say(kBenchBegin, begin());
  }
  const BenchListener& heard() const { return listener_; }

 private:
  BenchListener listener_{find_board("emcraft-sf2"), kInstruction};
};

TEST(BenchListener, HearsAllLayers) {
  Said said;
  said.start();
  for (uint32_t i = 0; i < kBenchLayerCount; ++i)
    said.say(kBenchLayer, layer(i));
  EXPECT_FALSE(said.heard().done());
  for (uint32_t i = 0; i < kBenchCipherCount; ++i) {
    said.say(kBenchCipher, cipher(i));
  }
  EXPECT_FALSE(said.heard().handshake());
  said.say(kBenchHandshake, BenchHandshakeMessage{9000, 0, 3000, 5});
  said.say(kBenchEnd, BenchEndMessage{kBenchLayerCount});
  ASSERT_TRUE(said.heard().handshake());
  EXPECT_EQ(said.heard().handshake()->stack_bytes, 3000);
  EXPECT_EQ(said.heard().ciphers().at(2).instructions,
            (int64_t{2} << 31) + 4000);
  EXPECT_EQ(said.heard().ciphers().at(2).checksum, 18u);
  EXPECT_TRUE(said.heard().done());
  EXPECT_EQ(said.heard().kernels(), "portable");
  const CountedLayer& l = said.heard().layers().at(3);
  EXPECT_EQ(l.interior.instructions, (int64_t{3} << 31) + 2003);
  EXPECT_EQ(l.border.instructions, 302);
  EXPECT_EQ(l.checksum, 21u);
}

TEST(BenchListener, RefusesNonsense) {
  ConsoleHello other = hello();
  other.board[0] = 'x';
  EXPECT_EQ(Said().complaint(ConsoleType::kHello, other),
            "the measuring firmware says that it is one for board "
            "'xmcraft-sf2'");
  ConsoleHello stopped = hello();
  stopped.ticks_per_second = 0;
  EXPECT_NE(Said().complaint(ConsoleType::kHello, stopped), "");
  EXPECT_EQ(Said().complaint(kBenchBegin, begin()),
            "the measuring firmware says results before hello");
  EXPECT_EQ(Said().complaint(kBenchLayer, layer(0)),
            "the measuring firmware says a layer out of turn");
  EXPECT_EQ(Said().start().complaint(kBenchLayer, layer(1)),
            "the measuring firmware says a layer out of turn");
  EXPECT_EQ(Said().start().complaint(kBenchCipher, cipher(1)),
            "the measuring firmware says a chunk out of turn");
  EXPECT_EQ(Said().complaint(kBenchCipher, cipher(0)),
            "the measuring firmware says a chunk out of turn");
  EXPECT_EQ(
      Said().complaint(kBenchHandshake, BenchHandshakeMessage{1, 0, 1, 1}),
      "the measuring firmware says a handshake out of turn");
  EXPECT_EQ(Said().start().complaint(kBenchEnd, BenchEndMessage{0}),
            "the measuring firmware says that it is done too early");
  EXPECT_EQ(Said().complaint(ConsoleType{99}, uint32_t{0}),
            "the measuring firmware says a message of no known type");
  EXPECT_EQ(Said().complaint(ConsoleType::kHello, uint32_t{0}),
            "the measuring firmware says a message of a wrong size");
}

TEST(BenchListener, ChecksClockAndRows) {
  BenchBeginMessage fast = begin();
  fast.trial_ticks = 2003;
  EXPECT_EQ(
      Said().say(ConsoleType::kHello, hello()).complaint(kBenchBegin, fast),
      "the measuring firmware says that its clock counts 1000 "
      "instructions as 1002");
  BenchBeginMessage older = begin();
  --older.layers;
  EXPECT_EQ(
      Said().say(ConsoleType::kHello, hello()).complaint(kBenchBegin, older),
      "the measuring firmware says that it has 49 layers, not 50");
  BenchLayerMessage fewer = layer(0);
  --fewer.interior.rows;
  EXPECT_EQ(Said().start().complaint(kBenchLayer, fewer),
            "the measuring firmware says 9 rows of 1x1 112x112x32->16, not 10");
}

TEST(BenchListener, ReportsFaults) {
  Said said;
  ConsoleFault f{};
  f.kind = static_cast<uint32_t>(FaultKind::kBus);
  said.start().say(ConsoleType::kFault, f);
  ASSERT_TRUE(said.heard().failure());
  EXPECT_FALSE(said.heard().done());
  EXPECT_EQ(said.heard().failure()->code(), Exit::kNode);
}

// A whole layer is its rows of either kind: 2 of 14 see padding here.
TEST(BenchLine, WeighsRows) {
  const BenchLayer l = {"dw", BenchKind::kDepthwise, 14, 14, 8, 8, 3, 1};
  const int64_t macs = macs_per_row(l);
  EXPECT_EQ(macs, 14 * 8 * 9);
  const CountedLayer counted = {
      {3, 3 * 6 * macs}, {2, 2 * 13 * macs}, {4, 4 * 5 * macs}, 0};
  const BenchLine line = bench_line(l, counted, QuotedKernels(), "Cortex-M3");
  EXPECT_EQ(line.rows, 5);
  EXPECT_DOUBLE_EQ(line.interior.value(), 6);
  EXPECT_DOUBLE_EQ(line.border.value(), 13);
  EXPECT_DOUBLE_EQ(line.band.value(), 5);
  EXPECT_DOUBLE_EQ(line.all, 7);
  EXPECT_FALSE(line.quoted);
}

TEST(BenchLine, StridesPadOneSide) {
  const BenchLayer l = {"s2", BenchKind::kConv, 224, 224, 3, 32, 3, 2};
  EXPECT_EQ(all_padding(l, 224, 112), 1);
  EXPECT_EQ(front_padding(l, 224, 112), 0);
  const int64_t macs = macs_per_row(l);
  const CountedLayer counted = {{1, 4 * macs}, {1, 116 * macs}, {}, 0};
  EXPECT_DOUBLE_EQ(bench_line(l, counted, QuotedKernels(), "").all, 5);
}

// Measured rows of a layer see its padding, and lie in the memory.
TEST(BenchFit, EveryLayerHasRowsOfBothKinds) {
  for (const BenchLayer& l : kBenchLayers) {
    SCOPED_TRACE(l.name);
    const BenchFit fit = fit_layer(l);
    EXPECT_GE(fit.rows, l.kernel > 1 ? std::min(3, out_height(l)) : 1);
    EXPECT_GT(fit.chunk_channels, 0);
    EXPECT_LE(fit.in_rows, l.in_h);
  }
}

}  // namespace
}  // namespace shoal
