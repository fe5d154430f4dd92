// The measuring firmware on the emulated board: that its results are right,
// its counts repeat, and that the kernels stay as fast as they are.
// Instructions are counted, not timed, so the limits are tight: what was
// reached, and 3 %.
#include <gtest/gtest.h>

#include <map>

#include "host/board/kernel_cost.h"
#include "host/study/bench_node/bench_node.h"
#include "tests/board_emulated.h"

namespace shoal {
namespace {

BenchTable measure(const char* board = "emcraft-sf2", const char* core = "") {
  const EmulateOptions found = emulated_board();
  BenchNodeOptions options;
  options.board = &find_board(board);
  options.firmware = found.firmware;
  options.core = core;
  return bench_node(options, parse_quoted(quoted_file()));
}

// Where no figures of others are known: of depthwise 5x5 and 7x7 instructions a
// product; layers of few channels are for the model of time.
bool within_own_limit(const BenchLine& line, double limit) {
  const BenchLayer& l = *line.layer;
  if (line.quoted) return false;
  EXPECT_TRUE(l.kernel > 3 || l.kind > BenchKind::kAdd || l.out_c <= 8 ||
              l.element == 2)
      << l.name;
  if (l.kind == BenchKind::kDepthwise && l.kernel > 3) {
    EXPECT_LE(line.all, limit) << l.name;
  }
  return true;
}

double counted(const BenchTable& table, const std::string& name) {
  for (const BenchLine& line : table.lines) {
    if (line.layer->name == name) return line.all;
  }
  ADD_FAILURE() << name;
  return 0;
}

// Layers that differ in how many channels a group has, or in the size of the
// kernel, are in the order in which the board's profile puts them, and those
// that it holds to be twice as slow are half as slow again.
TEST(BoardBench, TheModelHasTheOrderOfWhatIsCounted) {
  for (const char* board :
       {"emcraft-sf2", "mps2-an386", "mps3-an547", "qemu-rv32"}) {
    const Costs& costs = find_board(board).costs;
    const KernelCost conv = conv_cost(costs, 196, 9);
    const auto in_groups_of = [&](int c) {
      return conv.cycles * channels_in_groups(conv, 64, 64 / c) / 64;
    };
    const auto depthwise = [&](int kernel) {
      return depthwise_cycles(costs, kernel * kernel);
    };
    const std::pair<const char*, double> modelled[] = {
        {"3x3 14x14x64->64", in_groups_of(64)},
        {"3x3 14x14x64->8", in_groups_of(8)},
        {"3x3 14x14x64->2", in_groups_of(2)},
        {"3x3 14x14x64->1", in_groups_of(1)},
        {"dw7 14x14x96", depthwise(7)},
        {"dw5 28x28x120", depthwise(5)},
        {"dw 14x14x576", depthwise(3)}};
    const BenchTable table = measure(board);
    for (int i : {0, 1, 2, 4, 5}) {
      const auto& [less, a] = modelled[i];
      const auto& [more, b] = modelled[i + 1];
      const double ratio = counted(table, more) / counted(table, less);
      EXPECT_LE(a, b) << board << " " << less << " " << more;
      EXPECT_GT(ratio, 0.97) << board << " " << less << " " << more;
      if (b > 2 * a) {
        EXPECT_GT(ratio, 1.5) << board << " " << less;
      }
    }
  }
}

TEST(BoardBench, WithinLimitsOfThePeer) {
  const std::map<BenchKind, double> limits = {
      {BenchKind::kPointwise, 0.87},      {BenchKind::kConv, 0.88},
      {BenchKind::kDepthwise, 0.94},      {BenchKind::kAdd, 0.45},
      {BenchKind::kFullyConnected, 0.85},
  };
  const BenchTable table = measure();
  EXPECT_EQ(table.kernels, "portable");
  ASSERT_EQ(table.lines.size(), static_cast<size_t>(kBenchLayerCount));
  for (const BenchLine& line : table.lines) {
    if (within_own_limit(line, 6.2)) continue;
    ASSERT_TRUE(line.quoted) << line.layer->name;
    EXPECT_LE(line.all / *line.quoted, limits.at(line.layer->kind))
        << line.layer->name << ": " << line.all;
    // Less cannot be: a load of weights serves four products at best.
    EXPECT_GT(line.all, 1.0) << line.layer->name;
  }
  const std::optional<BenchWhole> whole = whole_network(table);
  ASSERT_TRUE(whole && whole->quoted);
  EXPECT_LE(whole->per_mac / *whole->quoted, 0.81);
}

// The kernels for the DSP extension: what was reached, and 3 %.
TEST(BoardBench, DspWithinLimitsOfThePeer) {
  const std::map<BenchKind, double> limits = {
      {BenchKind::kPointwise, 0.88},      {BenchKind::kConv, 0.76},
      {BenchKind::kDepthwise, 0.50},      {BenchKind::kAdd, 0.36},
      {BenchKind::kFullyConnected, 0.90},
  };
  for (const char* board : {"mps2-an386", "mps2-an500", "mps2-an505"}) {
    const BenchTable table = measure(board);
    EXPECT_EQ(table.kernels, "armv7e-m");
    for (const BenchLine& line : table.lines) {
      if (within_own_limit(line, 3.3)) continue;
      ASSERT_TRUE(line.quoted) << line.layer->name;
      EXPECT_LE(line.all / *line.quoted, limits.at(line.layer->kind))
          << board << ", " << line.layer->name << ": " << line.all;
    }
    const std::optional<BenchWhole> whole = whole_network(table);
    ASSERT_TRUE(whole && whole->quoted);
    EXPECT_LE(whole->per_mac / *whole->quoted, 0.66) << board;
  }
}

// The order for Helium. Rows of 7 outputs are the slowest depthwise layer; with
// the rows of a band in one call they are not.
TEST(BoardBench, HeliumWithinLimitsOfThePeer) {
  const std::map<BenchKind, double> limits = {
      {BenchKind::kPointwise, 0.84},      {BenchKind::kConv, 0.87},
      {BenchKind::kDepthwise, 0.71},      {BenchKind::kAdd, 0.40},
      {BenchKind::kFullyConnected, 0.43},
  };
  const BenchTable table = measure("mps3-an547");
  EXPECT_EQ(table.kernels, "mve");
  for (const BenchLine& line : table.lines) {
    if (within_own_limit(line, 1.25)) continue;
    ASSERT_TRUE(line.quoted) << line.layer->name;
    EXPECT_LE(line.all / *line.quoted, limits.at(line.layer->kind))
        << line.layer->name << ": " << line.all;
    if (line.layer->kind == BenchKind::kDepthwise) {
      EXPECT_LE(line.band.value() / *line.quoted, 0.58) << line.layer->name;
    }
  }
  const std::optional<BenchWhole> whole = whole_network(table);
  ASSERT_TRUE(whole && whole->quoted);
  EXPECT_LE(whole->per_mac / *whole->quoted, 0.67);
}

// Layers of 16 bits beside those of eight by the same names. A fully connected
// layer has one pixel: its rows are too short for Helium to hide the cost of a
// channel's end.
TEST(BoardBench, SixteenBitsWithinLimitsOfEight) {
  constexpr double kOnePixel = 1.09;
  const std::map<std::string, double> limits = {
      {"emcraft-sf2", 1.6}, {"mps2-an386", 1.5}, {"mps3-an547", 2.2}};
  for (const auto& [board, limit] : limits) {
    const BenchTable table = measure(board.c_str());
    int seen = 0;
    for (const BenchLine& line : table.lines) {
      if (line.layer->element != 2) continue;
      const std::string name = line.layer->name;
      const double eight = counted(table, name.substr(name.find(' ') + 1));
      std::printf("%s %s %.2f / %.2f = %.2f\n", board.c_str(), name.c_str(),
                  line.all, eight, line.all / eight);
      const bool one = board == "mps3-an547" &&
                       line.layer->kind == BenchKind::kFullyConnected;
      EXPECT_LE(line.all / eight, one ? kOnePixel * limit : limit)
          << board << ", " << name;
      ++seen;
    }
    EXPECT_EQ(seen, 6);
  }
}

// Code for a Cortex-M0+ beside that for the M3 which runs both.
TEST(BoardBench, SixteenBitCodeWithinLimitsOfTheM3s) {
  const BenchTable table = measure("mps2-an385", "cortex-m0plus");
  EXPECT_EQ(table.kernels, "armv6-m");
  for (const BenchLine& line : table.lines) {
    ASSERT_TRUE(line.quoted) << line.layer->name;
    const double limit = line.layer->element == 2 ? 2.92 : 2.7;
    EXPECT_LE(line.all / *line.quoted, limit) << line.layer->name;
  }
  const std::optional<BenchWhole> whole = whole_network(table);
  ASSERT_TRUE(whole && whole->quoted);
  // The M3 has registers for blocks of two by three, which the M0+ lacks.
  EXPECT_LE(whole->per_mac / *whole->quoted, 2.12);
}

// Boards' aead_ and check_cycles_per_byte are made from these measurements.
TEST(BoardBench, ChunksAreCheckedAsFastAsTheirBoardsSay) {
  for (const char* name : {"emcraft-sf2", "mps2-an386", "mps2-an500"}) {
    const BenchTable table = measure(name);
    ASSERT_EQ(table.ciphers.size(), size_t{kBenchCipherCount});
    const BenchCipherLine& open = table.ciphers[1];
    EXPECT_EQ(open.cipher->bytes, 4096u);
    const double said = find_board(name).aead_cycles_per_byte;
    EXPECT_NEAR(open.per_byte / said, 1, 0.03) << name << ": " << open.per_byte;
    const BenchCipherLine& plain = table.ciphers[4];
    EXPECT_EQ(plain.cipher->bytes, 4096u);
    EXPECT_NEAR(plain.per_byte / find_board(name).check_cycles_per_byte, 1,
                0.03)
        << name << ": " << plain.per_byte;
    for (const BenchCipherLine& line : table.ciphers) {
      EXPECT_LT(line.per_byte, 55) << name << ": " << line.cipher->name;
    }
  }
}

// Everest on the board and Mbed TLS here make the same keys of it, or
// bench_node() throws.
TEST(BoardBench, AHandshakeTakesWhatDocsSay) {
  for (const char* name : {"emcraft-sf2", "mps2-an386"}) {
    const BenchTable table = measure(name);
    EXPECT_NEAR(table.handshake.instructions / 15.7e6, 1, 0.05) << name;
    EXPECT_LE(table.handshake.stack_bytes, 3072) << name;
  }
}

TEST(BoardBench, CountsRepeat) {
  const BenchTable a = measure(), b = measure();
  for (size_t i = 0; i < a.lines.size(); ++i) {
    EXPECT_NEAR(a.lines[i].all / b.lines[i].all, 1, 1e-3)
        << a.lines[i].layer->name;
  }
}

}  // namespace
}  // namespace shoal
