#include "host/board/board.h"

#include <gtest/gtest.h>

#include <sstream>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/testing/expect_throws.h"
#include "host/board/board_files.h"
#include "host/board/figures.h"
#include "host/board/portable_costs.h"
#include "host/board/said_board.h"
#include "host/board/wide_costs.h"

namespace shoal {
namespace {

TEST(Board, EveryProfileReadsAndSaysWhereItsFiguresComeFrom) {
  for (const std::string& id : board_ids()) {
    const Board& board = find_board(id);
    EXPECT_GT(board.clock_hz, 0) << id;
    EXPECT_GT(board.costs.pointwise, 0) << id;
    EXPECT_GE(board.sources.size(), 5u) << id;
    EXPECT_TRUE(board.unlimited() || board.arena_limit() > 0) << id;
  }
}

TEST(Board, EveryCoreSaysWhatElementsOf16BitsCost) {
  for (const std::string& id : board_ids()) {
    if (id == "host") continue;
    const WideCosts& c = wide_costs(find_board(id).core);
    EXPECT_NE(&c, &wide_costs("unknown")) << id;
    for (const double factor :
         {c.conv, c.pointwise, c.depthwise, c.fully_connected, c.transposed,
          c.matmul, c.state, c.arithmetic, c.other}) {
      EXPECT_GE(factor, 1) << id;
    }
  }
  EXPECT_EQ(wide_factor("Cortex-M4", OpCode::kConv, 64, 9), 1.35);
  EXPECT_EQ(wide_factor("Cortex-M4", OpCode::kConv, 64, 1), 1.17);
  EXPECT_EQ(wide_factor("Cortex-M4", OpCode::kConv, 1, 1), 1.4);
  EXPECT_EQ(wide_factor("Cortex-M55", OpCode::kAdd, 64, 1), 10.9);
  EXPECT_EQ(wide_factor("unknown", OpCode::kAdd, 64, 1), 1.5);
}

TEST(Board, StepsTakeOperationsBesidesProducts) {
  Board board;
  board.costs.fully_connected = 2, board.costs.element = 10;
  EXPECT_DOUBLE_EQ(state_cycles(board, 50, 20), 2 + 10 * 20 / 50.0);
  board.core = "Cortex-M4";
  EXPECT_DOUBLE_EQ(state_cycles(board, 50, 20), 2.5 * 2 + 41 * 20 / 50.0);
  EXPECT_EQ(state_operations(OpCode::kLstm, nullptr), 9);
  CellParams cell{};
  cell.phases = 2, cell.phase[0].end = 3, cell.phase[1].end = 11;
  EXPECT_EQ(state_operations(OpCode::kCell, &cell), 11);
}

TEST(Board, TransposedConvolutionsTakeAnOutputBesidesProducts) {
  Board board;
  board.costs.fully_connected = 2, board.costs.conv = 1;
  EXPECT_DOUBLE_EQ(transposed_cycles(board, 40), 2 * 1.5);
  EXPECT_DOUBLE_EQ(least_transposed_cycles(board), 2);
  board.core = "Cortex-M55";
  EXPECT_DOUBLE_EQ(transposed_cycles(board, 20), 2 * 12.4 * 2);
  EXPECT_DOUBLE_EQ(least_transposed_cycles(board), 2 * 12.4);
}

TEST(Board, ArenaIsTheLargestBankLessItsFixedBytes) {
  const Board& measured = find_board("emcraft-sf2");
  EXPECT_GT(measured.fixed_bytes(), 0);
  EXPECT_EQ(measured.arena_limit(), 64 * 1024 - measured.fixed_bytes());
  EXPECT_EQ(find_board("stm32f746").arena_limit(), (320 - 16) * 1024);
  EXPECT_EQ(find_board("stm32h743").arena_limit(), 512 * 1024);
  EXPECT_EQ(find_board("teensy41").arena_limit(), 512 * 1024);
  EXPECT_TRUE(find_board("host").unlimited());
}

TEST(Board, OtherBanksGoByWhatTheyHaveFree) {
  const auto others = [](Board b) {
    std::vector<std::string> names;
    for (const Bank& bank : b.other_banks()) {
      EXPECT_GT(bank.free_bytes(), 0);
      names.push_back(bank.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(others(find_board("teensy41")), Names{"tightly coupled"});
  EXPECT_EQ(others(find_board("stm32h743")),
            (Names{"SRAM1-3", "DTCM", "SRAM4"}));
  EXPECT_EQ(others(find_board("rp2040")), Names{});
  EXPECT_EQ(others(find_board("host")), Names{});
  Board b = find_board("teensy41");
  b.banks = {{"a", 9, 1}, {"full", 8, 8}, {"b", 4, 0},
             {"c", 8, 0}, {"d", 5, 0},    {"e", 5, 1}};
  EXPECT_EQ(others(b), (Names{"c", "d", "b"}));
}

// Real boards' bands are not measured.
TEST(Board, EmulatedOnesSayWhatBandsSave) {
  for (const std::string& id : board_ids()) {
    const Board& board = find_board(id);
    EXPECT_EQ(board.costs.call_pixels.pointwise > 0, board.emulator.has_value())
        << id;
    EXPECT_EQ(board.costs.row_us > 0, board.emulator.has_value()) << id;
  }
}

TEST(Board, UnknownNameListsTheKnownOnes) {
  try {
    find_board("teensy");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(e.fix().find("teensy41"), std::string::npos);
  }
}

TEST(Board, EachMissingKeyIsNamed) {
  const std::string whole = board_files()[1].toml;
  const char* keys[] = {"title",
                        "clock_mhz",
                        "pointwise",
                        "firing_us",
                        "mapped",
                        "mb_per_s",
                        "latency_us",
                        "fixed_kind",
                        "framing_bytes",
                        "datagram_us",
                        "check_cycles_per_byte"};
  for (const std::string key : keys) {
    std::string text = whole;
    const size_t at = text.find("\n" + key + " =");
    ASSERT_NE(at, std::string::npos) << key;
    text.replace(at + 1, key.size(), "x_" + key);
    try {
      parse_board("b", text);
      ADD_FAILURE() << key;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(key), std::string::npos) << key;
    }
  }
  EXPECT_THROW(parse_board("b", "title = "), Error);
}

// The figure at a key of the text, replaced.
std::string with_figure(std::string text, const std::string& key,
                        const std::string& value) {
  const size_t at = text.find("\n" + key + " =");
  EXPECT_NE(at, std::string::npos) << key;
  if (at == std::string::npos) return text;
  return text.replace(at + 1, text.find('\n', at + 1) - at - 1,
                      key + " = " + value);
}

TEST(Board, FiguresHaveRanges) {
  const std::string whole = board_files()[1].toml;
  const char* const keys[] = {"clock_mhz",  "pointwise",    "element",
                              "firing_us",  "datagram_us",  "mbit_per_s",
                              "latency_us", "framing_bytes"};
  for (const char* key : keys) {
    for (const char* value :
         {"-1", "1e-308", "5e-324", "2147483648", "nan", "inf", "1e308"}) {
      const bool small = std::string(value).find("e-3") != std::string::npos;
      const std::string name = key;
      if (small && (name.ends_with("_us") || name == "framing_bytes")) continue;
      try {
        parse_board("b", with_figure(whole, key, value));
        ADD_FAILURE() << key << " = " << value;
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kUsage);
        EXPECT_NE(std::string(e.what()).find(name + " must be from"),
                  std::string::npos)
            << e.what();
      }
    }
  }
  EXPECT_THROW(parse_board("b", with_figure(whole, "clock_mhz", "0")), Error);
}

TEST(Board, UnlikeCoresHaveASpeed) {
  std::string whole;
  for (const BoardFile& f : board_files()) {
    if (f.id == std::string("rp2040")) whole = f.toml;
  }
  const auto with_speed = [&](const char* speed) {
    const std::string line = "\nmeeting_us = ";
    std::string text = whole;
    const size_t at = text.find(line);
    EXPECT_NE(at, std::string::npos);
    return parse_board("b", text.insert(at, "\nspeed = " + std::string(speed)))
        .costs.second;
  };
  EXPECT_EQ(parse_board("b", whole).costs.second.speed, 1);
  EXPECT_EQ(with_speed("0.5").speed_parts(), 128);
  EXPECT_EQ(with_speed("0.501").speed, 0.5);  // in steps of 1/256
  EXPECT_EQ(with_speed("4").speed_parts(), 1024);
  for (const char* const bad : {"0", "-1", "0.0039", "4.1", "nan"}) {
    EXPECT_THROW(with_speed(bad), Error) << bad;
  }
  // With a contention of 1.43, both cores would be slower than one.
  EXPECT_NO_THROW(with_speed("0.44"));
  expect_throws([&] { with_speed("0.42"); }, Exit::kUsage,
                "contention must be at most 1 + second_core.speed");
}

// A file that somebody hands in could name any program as the emulator.
TEST(Board, AFileNamesNoEmulator) {
  std::string text;
  for (const BoardFile& f : board_files()) {
    if (f.id == std::string("mps2-an386")) text = f.toml;
  }
  EXPECT_NO_THROW(parse_board("b", text));
  expect_throws([&] { parse_board("b.toml", text); }, Exit::kUsage,
                "emulator is for");
}

TEST(Board, ThePageListsEveryRange) {
  const std::vector<uint8_t> page =
      read_file(std::string(SHOAL_SOURCE_DIR) + "/boards/README.md");
  const std::string text(page.begin(), page.end());
  for (const FigureRange& r : figure_ranges()) {
    std::ostringstream row;
    row.precision(12);
    row << "| " << r.key << " | " << (r.or_zero ? "0, or " : "") << r.low
        << " | " << r.high << " |\n";
    EXPECT_NE(text.find(row.str()), std::string::npos) << row.str();
  }
}

TEST(SaidBoardTest, ANodeNamesNoFileOfThisComputer) {
  const Board* const board = said_board("teensy41");
  ASSERT_NE(board, nullptr);
  EXPECT_EQ(board->name, "teensy41");
  const std::string file =
      std::string(SHOAL_SOURCE_DIR) + "/boards/teensy41/board.toml";
  EXPECT_EQ(find_board(file).core, find_board("teensy41").core);
  for (const std::string& said : {file, std::string("abacus"), std::string()}) {
    EXPECT_EQ(said_board(said), nullptr) << said;
  }
}

}  // namespace
}  // namespace shoal
