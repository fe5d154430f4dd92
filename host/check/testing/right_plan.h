// Expects of a plan that the checker finds it right and that it completes in
// any order of firings.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/check/check.h"
#include "host/plan/tokens/token_simulation.h"

namespace shoal {

inline std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

// Simulates with the deepest actor first, with the shallowest first, and in
// random orders with the seeds 1 to `seeds`.
inline void expect_right(const Net& net, const Plan& plan, uint32_t seeds = 3) {
  EXPECT_EQ(joined(check(net, plan)), "");
  SimulateOptions options;
  options.frames = 2;
  const auto expect_end = [&](const char* order) {
    const Simulation run = simulate(net, plan, options);
    EXPECT_TRUE(run.completed)
        << "segment " << run.segment << ", " << order << " " << options.seed
        << ": " << joined(run.blocked);
  };
  options.order = FiringOrder::kDeepest;
  expect_end("deepest first");
  options.order = FiringOrder::kShallowest;
  expect_end("shallowest first");
  options.order = FiringOrder::kRandom;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    expect_end("seed");
  }
}

}  // namespace shoal
