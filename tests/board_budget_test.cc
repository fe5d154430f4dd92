// The build's sizes of the firmware must keep boards/NAME/budget.toml, and the
// memory that the firmware reports must be that of board.toml.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "host/base/error.h"
#include "host/base/toml.h"
#include "tests/board_emulated.h"

namespace shoal {
namespace {

constexpr int64_t kPadding = 128;  // between sections and objects

struct Size {
  int64_t flash = 0, ram = 0;
};

// firmware.sizes: a heading, then "library flash RAM" a line.
std::map<std::string, Size> read_sizes(const std::filesystem::path& file) {
  std::map<std::string, Size> sizes;
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string library;
    Size size;
    words >> library >> size.flash >> size.ram;
    sizes[library] = size;
  }
  return sizes;
}

class BoardBudget : public testing::Test {
 protected:
  int64_t budget(const char* path) const {
    return budget_.at_path(path).value<int64_t>().value();
  }
  const EmulateOptions options_ = emulated_board();
  const toml::table budget_ = toml::parse_file(
      std::string(SHOAL_SOURCE_DIR) + "/boards/emcraft-sf2/budget.toml");
};

TEST_F(BoardBudget, LibrariesKeepTheirs) {
  for (const char* name : {"firmware", "firmware-debug"}) {
    const auto sizes = read_sizes(options_.firmware / "emcraft-sf2" /
                                  (std::string(name) + ".sizes"));
    ASSERT_TRUE(sizes.contains("all"));
    ASSERT_TRUE(sizes.contains("kernels"));
    ASSERT_TRUE(sizes.contains("runtime"));
    const int64_t kernels = sizes.at("kernels").flash;
    EXPECT_GT(kernels, 0);
    EXPECT_LE(kernels, budget("flash_bytes.kernels"));
    const bool traces = std::string_view(name) == "firmware-debug";
    EXPECT_LE(sizes.at("all").flash - kernels,
              budget("flash_bytes.without_kernels") +
                  (traces ? budget("flash_bytes.trace") : 0));
    EXPECT_LE(sizes.at("all").ram, budget("ram_bytes.statics"));
  }
}

TEST_F(BoardBudget, ANodeOnANetworkKeepsItsOwn) {
  for (const std::string id : {"emcraft-sf2", "lm3s6965evb"}) {
    SCOPED_TRACE(id);
    const toml::table of = toml::parse_file(std::string(SHOAL_SOURCE_DIR) +
                                            "/boards/" + id + "/budget.toml");
    const auto most = [&](const char* path) {
      return of.at_path(path).value<int64_t>().value();
    };
    const Size all =
        read_sizes(options_.firmware / id / "node.sizes").at("all");
    EXPECT_LE(most("node.flash_bytes") * 4, find_board(id).flash_bytes * 3);
    EXPECT_GT(all.flash, 0);
    EXPECT_LE(all.flash, most("node.flash_bytes"));
    EXPECT_LE(all.ram, most("node.statics"));
    // The bytes of shoal's own code: all but kernels, crypto, lwIP and drivers.
    const auto sizes = read_sizes(options_.firmware / id / "node.sizes");
    int64_t own = 0;
    for (const char* library :
         {"base", "program", "runtime", "storage", "link", "agent"}) {
      ASSERT_TRUE(sizes.contains(library)) << library;
      own += sizes.at(library).flash;
    }
    EXPECT_LE(own, most("node.own_flash_bytes"));
  }
}

TEST_F(BoardBudget, FixedBytesAreWhatTheFirmwareHas) {
  EXPECT_LE(options_.board->fixed_bytes(), budget("ram_bytes.fixed"));
  EXPECT_EQ(options_.board->fixed_kind, "measured");
  for (const FiringObserver& observer :
       {FiringObserver{}, FiringObserver{[](void*, const void*) {}, nullptr}}) {
    EmulateOptions options = options_;
    options.observer = observer;
    options.command = "sizes";
    const Emulated e = emulate(options, std::vector<uint8_t>(64));
    // Nothing but padding is missing in what the build counted.
    const auto sizes =
        read_sizes(options_.firmware / "emcraft-sf2" /
                   (observer.call ? "firmware-debug.sizes" : "firmware.sizes"));
    EXPECT_LE(sizes.at("all").flash, e.memory.flash_used);
    EXPECT_GT(sizes.at("all").flash + kPadding, e.memory.flash_used);
    EXPECT_EQ(e.memory.fixed_bytes, options_.board->fixed_bytes());
    EXPECT_EQ(e.memory.sram_bytes, options_.board->banks.at(0).bytes);
    EXPECT_EQ(e.end.arena_available, options_.board->arena_limit());
    EXPECT_EQ(e.memory.flash_bytes, options_.board->flash_bytes);
    EXPECT_GT(e.memory.stack_used, 0u);
    EXPECT_LT(e.memory.handler_stack_used, e.memory.handler_stack_bytes);
  }
}

}  // namespace
}  // namespace shoal
