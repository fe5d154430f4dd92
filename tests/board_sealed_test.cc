// Boards keep their programs sealed in NOR and on cards, with a key that is not
// there, so that a thief of the part can neither read nor change them.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "device/program/image.h"
#include "host/base/files.h"
#include "host/engine/workers/key_file.h"
#include "tests/board_emulated.h"
#include "tests/command.h"
#include "tests/random_net.h"
#include "tests/served_board.h"

namespace shoal {
namespace {

constexpr size_t kBlockBytes = 64 << 10, kSample = 32;

using Storage = std::vector<uint8_t>;

bool has(const Storage& all, const uint8_t* what, size_t bytes) {
  return memmem(all.data(), all.size(), what, bytes) != nullptr;
}

// Runs of a model's bytes that are nowhere else by accident.
std::vector<std::vector<uint8_t>> samples_of(const Storage& model) {
  std::vector<std::vector<uint8_t>> out;
  for (size_t at = 0; at + kSample < model.size(); at += 9973) {
    const std::vector<uint8_t> one(model.begin() + ptrdiff_t(at),
                                   model.begin() + ptrdiff_t(at + kSample));
    if (std::set(one.begin(), one.end()).size() > 20) out.push_back(one);
  }
  return out;
}

class BoardSealed : public testing::TestWithParam<const char*> {
 protected:
  BoardSealed() {
    emulated_board({}, GetParam());
    shop_.write("m.tflite", random_model(random_recipe(105)));
    for (const char* key : {"k.key", "other.key"}) {
      EXPECT_EQ(shop_.shoal({"keygen", "-o", key}).code, 0);
    }
    for (const auto& [model, out] :
         {std::pair{model_, "want.bin"}, std::pair{small_, "want_small.bin"}}) {
      EXPECT_EQ(shop_.shoal({"run", model, "random:1", "-o", out}).code, 0);
    }
  }

  ServedBoard serve(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"--board", GetParam(), "--state", "kept"};
    if (more.empty()) more = {"--key", "k.key"};
    all.insert(all.end(), more.begin(), more.end());
    return ServedBoard(shop_, all);
  }
  Told run(const ServedBoard& board, const std::string& model,
           const char* key = "k.key") const {
    return shop_.shoal({"run", model, "random:1", "--workers", board.address,
                        "--key", key, "--node-timeout", "20", "-o", "out.bin"});
  }
  // The bytes that it has sent.
  int64_t deploy(const ServedBoard& board, const std::string& model) const {
    const Told told =
        shop_.shoal({"deploy", model, "--workers", board.address, "--key",
                     "k.key", "--node-timeout", "20", "--json"});
    EXPECT_EQ(told.code, 0) << told.err;
    return told.code == 0
               ? nlohmann::json::parse(told.out).at("sent_bytes").get<int64_t>()
               : -1;
  }
  // Expects the exact output, and the number of nodes that had their program.
  void expect_exact(const Told& told, const char* want, const char* had) const {
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read(want));
    EXPECT_NE(told.err.find(had), told.err.npos) << told.err;
  }
  Storage kept() const { return shop_.read(file()); }
  std::string file() const {
    return "kept/" + std::string(GetParam()) + ".0.img";
  }

  const Workshop shop_;
  const std::string model_ =
      std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite";
  const std::string small_ = "m.tflite";
  static constexpr const char* kNone = "0 of 1 nodes had";
};
class BoardWritten : public BoardSealed {};

TEST_P(BoardSealed, WhoReadsTheStorageHasNeitherWeightsNorKey) {
  const std::string model = model_;
  const auto samples = samples_of(read_file(model, files::kModel));
  ASSERT_GT(samples.size(), 20u);
  const auto seen = [&](const Storage& storage) {
    return std::ranges::count_if(samples, [&](const auto& s) {
      return has(storage, s.data(), s.size());
    });
  };
  const SharedKey key = read_key_file(shop_.path("k.key"));
  {
    ServedBoard board = serve({"--key", "k.key", "--no-encrypt"});
    EXPECT_GT(deploy(board, model), 0);
    EXPECT_EQ(board.end(SIGTERM), 0);
  }
  // The data that is found where nothing is sealed, and is gone when the board
  // is flashed to seal.
  const Storage plain = kept();
  EXPECT_GT(seen(plain), ptrdiff_t(samples.size() / 4));
  EXPECT_TRUE(has(plain, key.data(), key.size()));
  {
    ServedBoard board = serve();
    expect_exact(run(board, model), "want.bin", kNone);
    // Both slots.
    expect_exact(run(board, small_), "want_small.bin", kNone);
    EXPECT_EQ(deploy(board, model), 0);
    EXPECT_EQ(board.end(SIGTERM), 0);
  }
  const Storage sealed = kept();
  EXPECT_EQ(seen(sealed), 0);
  EXPECT_FALSE(has(sealed, key.data(), key.size()));
  // Nothing of the tape, and the tags are others.
  Header h;
  std::memcpy(&h, sealed.data() + kBlockBytes, sizeof h);
  ASSERT_EQ(h.magic, kImageMagic);
  EXPECT_TRUE(h.flags & kStoreSealed);
  int same = 0;
  for (size_t at = kBlockBytes + h.program_bytes;
       at + 16 <= kBlockBytes + h.image_bytes; at += 16) {
    same += std::memcmp(&sealed[at], &plain[at], 16) == 0;
  }
  EXPECT_EQ(same, 0);
}

// With a key of its own, which stays with the storages.
TEST_P(BoardSealed, WithoutServingAProgramThatIsThereIsNotSentAgain) {
  const auto written = [&](const char* state) {
    const Told told = shop_.shoal({"emulate", "--board", GetParam(), "--nodes",
                                   "1", "--state", state, "--json", "-o",
                                   "out.bin", small_, "random:1"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(shop_.read("out.bin"), shop_.read("want_small.bin"));
    if (told.code != 0) return int64_t{-1};
    return nlohmann::json::parse(told.out)["boards"][0]
        .at("deployment_written_bytes")
        .get<int64_t>();
  };
  EXPECT_GT(written("alone"), 0);
  EXPECT_EQ(written("alone"), 0);
  EXPECT_GT(written("another"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, BoardSealed,
                         testing::Values("emcraft-sf2", "lm3s6965evb"),
                         [](const auto& info) {
                           const std::string id = info.param;
                           return id.substr(0, id.find('-'));
                         });

// An attacker writes the storage: the run ends in an error that names the
// board, and the next one is exact, because what was wrong is sent again.
INSTANTIATE_TEST_SUITE_P(All, BoardWritten, testing::Values("emcraft-sf2"),
                         [](const auto&) { return std::string("emcraft"); });

TEST_P(BoardWritten, WhoWritesTheStorageIsFound) {
  Storage plain;
  {
    ServedBoard board = serve({"--key", "k.key", "--no-encrypt"});
    expect_exact(run(board, small_), "want_small.bin", kNone);
    EXPECT_EQ(board.end(SIGTERM), 0);
    plain = kept();
  }
  {
    ServedBoard board = serve();
    expect_exact(run(board, small_), "want_small.bin", kNone);
    EXPECT_EQ(board.end(SIGTERM), 0);
  }
  const Storage good = kept();
  Header h;
  std::memcpy(&h, &good[kBlockBytes], sizeof h);
  const auto found = [&](Storage bad, const char* what) {
    SCOPED_TRACE(what);
    shop_.write(file(), bad);
    ServedBoard board = serve();
    const Told told = run(board, small_);
    EXPECT_EQ(told.code, 6) << told.err;
    EXPECT_NE(told.err.find(board.name), told.err.npos) << told.err;
    expect_exact(run(board, small_), "want_small.bin", kNone);
    EXPECT_EQ(board.end(SIGTERM), 0);
  };
  Storage bad = good;
  bad[kBlockBytes + h.program_bytes + 40] ^= 1;
  found(bad, "a flipped bit of weights");
  bad = good;
  bad[kBlockBytes + h.head_bytes + 8] ^= 1;
  found(bad, "a flipped bit of a record");
  bad = good;
  std::copy_n(plain.begin() + kBlockBytes, h.image_bytes,
              bad.begin() + kBlockBytes);
  found(bad, "a plain program under the sealed one's notes");
  // Another cluster's board does not open it, and gets its own.
  shop_.write(file(), good);
  ServedBoard board = serve({"--key", "other.key"});
  expect_exact(run(board, small_, "other.key"), "want_small.bin", kNone);
}

// The forged data opens with the key, for this node, and was there before: an
// older program's bytes under the newer one's notes.
TEST_P(BoardWritten, AnOlderProgramUnderNewerNotesIsFound) {
  constexpr size_t kSlotBytes = 126 * kBlockBytes;
  // The same network with a byte changed that shows.
  const Storage model = shop_.read(small_);
  bool shows = false;
  for (size_t at = 0; at < model.size() && !shows; at += 5) {
    Storage old = model;
    old[at] ^= 0x40;
    shop_.write("old.tflite", old);
    const Told told =
        shop_.shoal({"run", "old.tflite", "random:1", "-o", "want_old.bin"});
    shows = told.code == 0 &&
            shop_.read("want_old.bin").size() ==
                shop_.read("want_small.bin").size() &&
            shop_.read("want_old.bin") != shop_.read("want_small.bin");
  }
  ASSERT_TRUE(shows);
  {
    ServedBoard board = serve();
    expect_exact(run(board, "old.tflite"), "want_old.bin", kNone);
    expect_exact(run(board, small_), "want_small.bin", kNone);
    EXPECT_EQ(board.end(SIGTERM), 0);
  }
  Storage bad = kept();
  Header older, newer;
  std::memcpy(&older, &bad[kBlockBytes], sizeof older);
  std::memcpy(&newer, &bad[kSlotBytes + kBlockBytes], sizeof newer);
  ASSERT_EQ(older.magic, kImageMagic);
  ASSERT_EQ(newer.magic, kImageMagic);
  ASSERT_EQ(older.image_bytes, newer.image_bytes);
  ASSERT_NE(generation_of(older), generation_of(newer));
  std::copy_n(bad.begin() + kBlockBytes, older.image_bytes,
              bad.begin() + kSlotBytes + kBlockBytes);
  const auto run_fails = [&](const ServedBoard& board) {
    const Told told = run(board, small_);
    EXPECT_EQ(told.code, 6) << told.err;
    EXPECT_NE(told.err.find("node " + board.name), told.err.npos) << told.err;
    EXPECT_NE(told.err.find("generation"), told.err.npos) << told.err;
  };
  {
    shop_.write(file(), bad);
    ServedBoard board = serve();
    // Its notes are the newer one's, and so is the hash that the board says.
    EXPECT_EQ(deploy(board, small_), 0);
    run_fails(board);
    expect_exact(run(board, small_), "want_small.bin", kNone);
    expect_exact(run(board, "old.tflite"), "want_old.bin", "1 of 1 nodes had");
    EXPECT_EQ(board.end(SIGTERM), 0);
  }
  // With the head of the newer one it does not open at all.
  std::memcpy(&bad[kSlotBytes + kBlockBytes], &newer, sizeof newer);
  shop_.write(file(), bad);
  ServedBoard board = serve();
  run_fails(board);
  expect_exact(run(board, small_), "want_small.bin", kNone);
}

}  // namespace
}  // namespace shoal
