// Runs of a coordinator and its nodes, to their end or to the error that ends
// them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/base/error.h"
#include "host/engine/coordinator/testing/lossy_net.h"
#include "host/engine/coordinator/testing/small_run.h"

namespace shoal {

inline void start(TestCluster& c, const Prepared& p) {
  while (c.nodes.size() < p.images.size()) c.add_node();
  ASSERT_TRUE(c.connect());
  c.coordinator->deploy(p);
  ASSERT_TRUE(c.run([&] { return c.coordinator->started(); }));
}

// Runs frames of noise and compares each with the oracle.
inline void run_frames(TestCluster& c, const Prepared& p, unsigned count) {
  unsigned submitted = 0, got = 0;
  const bool ended = c.run([&] {
    while (submitted < count && c.coordinator->free_frames() > 0) {
      c.coordinator->submit(noise_bytes(kSmallInput, submitted++));
    }
    while (const auto out = c.coordinator->result()) {
      EXPECT_EQ(*out, oracle_output(p.graph, noise_bytes(kSmallInput, got)))
          << "frame " << got;
      ++got;
    }
    return got == count;
  });
  EXPECT_TRUE(ended) << got << " of " << count << " frames";
  for (const auto& n : c.nodes) EXPECT_TRUE(n->intact());
}

// The error that ends a run, in which frames are submitted without end.
inline Error end_of(TestCluster& c, uint64_t limit_us = 30'000'000) {
  try {
    c.run(
        [&] {
          while (c.coordinator->free_frames() > 0) {
            c.coordinator->submit(noise_bytes(kSmallInput, 1));
          }
          c.coordinator->result();
          return false;
        },
        limit_us);
  } catch (const Error& e) {
    return e;
  }
  return Error(Exit::kOk, "no error");
}

inline void expect_error(const Error& e, Exit code, const std::string& text) {
  EXPECT_EQ(e.code(), code) << e.what();
  EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
}

}  // namespace shoal
