// A store that was written is opened and run; one that was changed in any way
// is refused by name or makes no difference, and never gives a wrong byte.
#include "host/engine/local/local_node.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/local/node_runner.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr SharedKey kKey{7, 1};

class LocalNodeTest : public testing::Test {
 protected:
  static Prepared prepared(const char* board, int64_t flash = 0) {
    PlanRequest request = one_node(find_board(board));
    request.node().flash_weights = flash;
    request.objective = Objective::kRam;
    return prepare(small_graph(), request, Images::kNone);
  }
  StoreSettings settings(std::optional<SharedKey> key,
                         std::optional<uint64_t> generation = {}) const {
    return {folder_.string(), {.key = key, .generation = generation}};
  }
  std::string file(const char* name) const { return (folder_ / name).string(); }

  // The file with this ending.
  std::string only(const char* ending) const {
    std::string path;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() != ending) continue;
      EXPECT_EQ(path, "");
      path = entry.path().string();
    }
    return path;
  }

  // Opens the folder and runs a frame.
  std::vector<uint8_t> run(std::optional<SharedKey> key) const {
    const StoreInfo info = read_store_info(folder_.string(), key);
    const OpenStore store(folder_.string(), info, 0, key);
    NodeRunner runner(info.graph, info.net, store.source(),
                      store.node().arena_bytes);
    return runner.run(input_);
  }
  void refused(std::optional<SharedKey> key, Exit code,
               const std::string& what) const {
    expect_throws([&] { run(key); }, code, what);
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  const std::vector<uint8_t> input_ = noise_bytes(kSmallInput, 1);
  const Graph graph_ = small_graph();
  const std::vector<uint8_t> wanted_ =
      model_output(graph_, run_oracle(graph_, input_));
};

TEST_F(LocalNodeTest, FramesFromAStoreAreExact) {
  for (const char* board : {"host", "teensy41", "emcraft-sf2"}) {
    const Prepared p = prepared(board);
    for (const bool sealed : {false, true}) {
      const std::optional<SharedKey> key =
          sealed ? std::optional(kKey) : std::nullopt;
      const LocalNode node(p, {"", {.key = key}});
      ASSERT_NE(node.storage(), nullptr);
      NodeRunner runner(p.graph, p.net, node.source(), node.arena_bytes());
      for (unsigned frame = 0; frame < 3; ++frame) {
        const std::vector<uint8_t> input = noise_bytes(kSmallInput, frame);
        const FileCounters before = node.storage()->counters();
        EXPECT_EQ(runner.run(input),
                  model_output(graph_, run_oracle(graph_, input)))
            << board << " " << sealed << " " << frame;
        EXPECT_GT(node.storage()->counters().read_bytes, before.read_bytes);
      }
    }
  }
}

TEST_F(LocalNodeTest, AMappedProgramNeedsNoStore) {
  const Prepared p = small_prepared();
  const LocalNode node(p, {});
  EXPECT_EQ(node.storage(), nullptr);
  NodeRunner runner(p.graph, p.net, node.source(), node.arena_bytes());
  EXPECT_EQ(runner.run(input_), wanted_);
}

TEST_F(LocalNodeTest, AKeptStoreRunsWithoutItsModel) {
  for (const char* board : {"teensy41", "emcraft-sf2"}) {
    { const LocalNode node(prepared(board), settings(kKey)); }
    EXPECT_EQ(run(kKey), wanted_);
    refused({}, Exit::kUsage, "sealed by a key");
    refused(SharedKey{8}, Exit::kCorrupt, "another key");
  }
}

TEST_F(LocalNodeTest, WhatIsMissingShortOrLongerIsNamed) {
  { const LocalNode node(prepared("teensy41"), settings({})); }
  const std::string store = file("node0.store"), flash = file("node0.program");
  const std::vector<uint8_t> bytes = read_file(store);
  const std::vector<uint8_t> program = read_file(flash);
  for (const size_t left : {size_t{0}, size_t{40}, bytes.size() - 1}) {
    write_file(store, std::span(bytes).first(left));
    refused({}, Exit::kCorrupt, store);
  }
  std::vector<uint8_t> longer = bytes;
  longer.push_back(0);
  write_file(store, longer);
  refused({}, Exit::kCorrupt, store);
  fs::remove(store);
  refused({}, Exit::kUsage, store + ": no such store");
  write_file(store, bytes);
  for (const size_t left : {size_t{0}, size_t{40}, program.size() - 1}) {
    write_file(flash, std::span(program).first(left));
    EXPECT_THROW(run({}), Error);
  }
  write_file(flash, program);
  EXPECT_EQ(run({}), wanted_);
  fs::remove(file("store.json"));
  refused({}, Exit::kUsage, "store.json: no such store");
}

// Stores of another plan, generation and board in the place of the right one.
TEST_F(LocalNodeTest, AnotherStoreIsRefused) {
  const Prepared p = prepared("teensy41");
  { const LocalNode node(p, settings(kKey, 1)); }
  const std::vector<uint8_t> old = read_file(only(".store"));
  const std::vector<uint8_t> old_program = read_file(only(".program"));
  { const LocalNode node(p, settings(kKey, 2)); }
  const std::vector<uint8_t> now = read_file(only(".store"));
  write_file(only(".store"), old);
  refused(kKey, Exit::kCorrupt,
          "of generation 0000000000000001, not 0000000000000002");
  write_file(only(".store"), now);
  write_file(only(".program"), old_program);
  refused(kKey, Exit::kCorrupt, "another plan");
  { const LocalNode node(prepared("stm32h743"), settings(kKey, 2)); }
  write_file(only(".store"), now);
  refused(kKey, Exit::kUsage, "another board than stm32h743");
  { const LocalNode node(prepared("teensy41", 200), settings(kKey, 2)); }
  write_file(only(".store"), now);
  refused(kKey, Exit::kCorrupt, "it is the store of another plan");
}

TEST_F(LocalNodeTest, TheDescriptionAndTheStoreAgreeOnItsSize) {
  { const LocalNode node(prepared("teensy41"), settings({})); }
  const StoreInfo right = read_store_info(folder_.string(), {});
  for (const int more : {-1, 1}) {
    StoreInfo info = right;
    info.nodes[0].store_bytes += more;
    write_file(file("store.json"), format_store_info(info, {}));
    refused({}, Exit::kCorrupt, " by store.json");
  }
}

TEST_F(LocalNodeTest, AFlippedByteIsNamedByItsLayerOrMakesNoDifference) {
  for (const char* board : {"teensy41", "emcraft-sf2"}) {
    for (const bool sealed : {false, true}) {
      const std::optional<SharedKey> key =
          sealed ? std::optional(kKey) : std::nullopt;
      { const LocalNode node(prepared(board), settings(key)); }
      const std::vector<uint8_t> bytes = read_file(only(".store"));
      int layers = 0;
      for (size_t i = 0; i < bytes.size(); i += 3 + i % 11) {
        std::vector<uint8_t> flipped = bytes;
        flipped[i] ^= static_cast<uint8_t>(1 << (i % 8));
        write_file(only(".store"), flipped);
        try {
          // Padding, or the copy of a mapped program.
          EXPECT_EQ(run(key), wanted_) << board << " " << i;
        } catch (const Error& e) {
          EXPECT_TRUE(e.code() == Exit::kCorrupt || e.code() == Exit::kUsage)
              << e.what();
          layers += std::string(e.what()).find("layer ") == 0;
        }
      }
      EXPECT_GT(layers, 20) << board << " " << sealed;
      fs::remove_all(folder_);
    }
  }
}

}  // namespace
}  // namespace shoal
