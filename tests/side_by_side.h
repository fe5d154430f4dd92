// Commands that are started at once on the same files, workers or port.
//
//   SHOAL_PAIRS   how many rounds of each
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "host/base/testing/noise.h"
#include "host/data/dataset/testing/idx_files.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {

// Pictures of 12 x 12 x 3 in, ten classes out.
inline std::vector<uint8_t> seeded_model(unsigned seed) {
  ModelBuilder b;
  const int x = b.input({1, 12, 12, 3}, {1 / 255.f, -128});
  const int w0 =
      b.weights({24, 3, 3, 3}, noise<int8_t>(648, seed), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int mean = b.reduce(OpKind::kMean, y, {1, 2}, false, {0.05f, 2});
  const int w1 = b.weights({10, 24}, noise<int8_t>(240, seed + 1), {0.01f}, 0);
  b.output(b.fully_connected(mean, w1, -1, {0.02f, 1}));
  return b.finish();
}

class SideBySide : public testing::Test {
 protected:
  using Arguments = std::vector<std::string>;
  using Bytes = std::vector<uint8_t>;
  using Tree = std::map<std::string, Bytes>;  // files by their paths
  static constexpr int kBusy = 9, kUsage = 2;

  SideBySide() {
    shop_.write("m.tflite", seeded_model(1));
    shop_.write("n.tflite", seeded_model(3));
    const std::string float_model =
        std::string(SHOAL_SOURCE_DIR) +
        "/fuzz/corpus/import/float_convolutions.tflite";
    std::filesystem::copy_file(float_model, shop_.folder() / "float.tflite");
    const char* const asked = std::getenv("SHOAL_PAIRS");
    pairs_ = asked ? std::atoi(asked) : 0;
  }
  void TearDown() override {
    std::printf("ends:");
    for (const auto& [code, count] : tally_) {
      std::printf(" %d of code %d", count, code);
    }
    std::printf("\n");
  }

  int pairs() const { return pairs_ > 0 ? pairs_ : 2; }
  Told ok(const Arguments& arguments) { return expect_ok(shop_, arguments); }

  // Starts all of them, and returns how they ended: exact or refused as busy.
  std::vector<int> at_once(const std::vector<Arguments>& commands) {
    std::deque<Background> all;
    for (const Arguments& command : commands) all.emplace_back(shop_, command);
    std::vector<int> codes;
    for (Background& each : all) {
      const int code = each.end(0);
      ++tally_[code];
      EXPECT_TRUE(code == 0 || code == kBusy)
          << code << " of: " << commands[codes.size()][0] << " "
          << commands[codes.size()][1];
      codes.push_back(code);
    }
    return codes;
  }
  struct Codes {
    int first, second;
  };
  Codes both(const Arguments& first, const Arguments& second) {
    const std::vector<int> codes = at_once({first, second});
    return {codes[0], codes[1]};
  }

  // Three and two of the commands at once in turn, two rounds of four over
  // what is there already: one at least succeeds, what is there is whole,
  // and there are no other files than before. `least`: the rounds without
  // SHOAL_PAIRS.
  void race(const std::string& place, const std::vector<Arguments>& commands,
            const std::function<bool()>& is_whole, int least = 1) {
    SCOPED_TRACE(commands[0][0] + ", which writes " + place);
    const std::set<std::string> right = names();
    const int rounds = std::max(least, 2 * pairs_);
    for (int n = 0; n < rounds && !HasFailure(); ++n) {
      if (n % 4 == 0 || n % 4 == 3)
        std::filesystem::remove_all(shop_.folder() / place);
      std::vector<Arguments> round;
      for (int i = 0; i < 3 - n % 2; ++i) {
        round.push_back(
            commands[static_cast<size_t>(n / 2 + i) % commands.size()]);
      }
      const std::vector<int> codes = at_once(round);
      EXPECT_EQ(std::ranges::min(codes), 0);
      EXPECT_TRUE(is_whole());
      EXPECT_EQ(names(), right);
    }
  }
  // The place then has the bytes that one of them writes alone.
  void one_of_two(const std::string& place, const Arguments& first,
                  const Arguments& second, int least = 1) {
    std::vector<Tree> alone;
    for (const Arguments& each : {first, second}) {
      std::filesystem::remove_all(shop_.folder() / place);
      ok(each);
      alone.push_back(tree(place));
    }
    EXPECT_NE(alone[0], alone[1]) << "the test could not tell them apart";
    race(
        place, {first, second},
        [&] {
          const Tree got = tree(place);
          return got == alone[0] || got == alone[1];
        },
        least);
  }

  // A file's path in itself is empty.
  Tree tree(const std::string& place) const {
    const std::filesystem::path root = shop_.folder() / place;
    Tree files;
    if (std::filesystem::is_regular_file(root)) files[""] = shop_.read(place);
    if (!std::filesystem::is_directory(root)) return files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(root)) {
      if (entry.is_directory()) continue;
      const auto path = entry.path().lexically_relative(shop_.folder());
      files[path.lexically_relative(place).string()] =
          shop_.read(path.string());
    }
    return files;
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry :
         std::filesystem::directory_iterator(shop_.folder())) {
      all.insert(entry.path().filename().string());
    }
    return all;
  }

  // Writes the folder "idx": `count` labelled pictures for the models.
  void write_pictures(uint32_t count) {
    Bytes pixels, labels;
    for (uint32_t i = 0; i < count; ++i) {
      labels.push_back(static_cast<uint8_t>(i % 10));
      for (uint32_t at = 0; at < 12 * 12 * 3; ++at) {
        pixels.push_back(static_cast<uint8_t>(i * 31 + at * 7));
      }
    }
    std::filesystem::create_directories(shop_.folder() / "idx");
    shop_.write("idx/t-images-idx4-ubyte",
                make_idx({count, 12, 12, 3}, pixels));
    shop_.write("idx/t-labels-idx1-ubyte", make_idx({count}, labels));
  }
  // The address of a `shoal worker --listen`.
  static std::string address_of(Background& worker) {
    const std::string said = worker.line();
    return said.substr(said.rfind(' ') + 1);
  }

  const Workshop shop_;
  int pairs_ = 0;
  std::map<int, int> tally_;
};

}  // namespace shoal
