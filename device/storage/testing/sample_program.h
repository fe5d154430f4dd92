// For tests of what keeps programs: bytes that stand for one, and whether they
// are there.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "device/program/sha256.h"
#include "device/storage/program_store.h"

namespace shoal {

struct SampleProgram {
  std::vector<uint8_t> bytes;
  uint8_t hash[32];
  uint32_t size() const { return static_cast<uint32_t>(bytes.size()); }
};

inline SampleProgram sample_program(uint32_t bytes, uint8_t seed) {
  SampleProgram p;
  for (uint32_t i = 0; i < bytes; ++i) {
    p.bytes.push_back(static_cast<uint8_t>(seed + i * 7 + i / 251));
  }
  Sha256 sha;
  sha.add(p.bytes.data(), p.bytes.size());
  EXPECT_TRUE(sha.finish(p.hash));
  return p;
}

// Returns whether it is the one that is there.
inline bool is_there(ProgramStore& store, const SampleProgram& p) {
  uint8_t hash[32];
  if (store.program(hash) != p.size() || std::memcmp(hash, p.hash, 32) != 0) {
    return false;
  }
  std::vector<uint8_t> back(p.size());
  EXPECT_TRUE(store.read(0, back.data(), p.size()));
  EXPECT_EQ(back, p.bytes);
  return true;
}

}  // namespace shoal
