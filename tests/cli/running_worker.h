// A worker process on loopback, and a small model for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "host/base/testing/noise.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"

namespace shoal {

// The size of its input.
inline constexpr size_t kWorkerFrameBytes = 16 * 12 * 3;

inline std::vector<uint8_t> worker_model(unsigned seed = 1) {
  ModelBuilder b;
  const int x = b.input({1, 16, 12, 3}, {0.05f, -3});
  const int w0 = b.weights({8, 3, 3, 3}, noise<int8_t>(216, seed), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int w1 =
      b.weights({1, 3, 3, 8}, noise<int8_t>(72, seed + 1), {0.004f}, 3);
  b.output(b.depthwise(y, w1, -1, {0.06f, 1}));
  return b.finish();
}

// A worker, and where it listens.
struct RunningWorker {
  RunningWorker(const Workshop& shop, const std::vector<std::string>& more,
                const std::string& err = {})
      : process(shop, arguments(more), err) {
    const std::string said = process.line();
    const std::string before = "listening on ";
    EXPECT_EQ(said.rfind(before + "127.0.0.1:", 0), 0u) << said;
    address = said.substr(std::min(before.size(), said.size()));
  }
  // A flag that is not given has a value that fits.
  static std::vector<std::string> arguments(
      const std::vector<std::string>& more) {
    std::vector<std::string> all{"worker"};
    const std::pair<const char*, const char*> usual[] = {
        {"--listen", "127.0.0.1:0"}, {"--ram", "32K"}, {"--flash", "1M"}};
    for (const auto& [flag, value] : usual) {
      if (std::ranges::find(more, flag) != more.end()) continue;
      all.insert(all.end(), {flag, value});
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Background process;
  std::string address;
};

}  // namespace shoal
