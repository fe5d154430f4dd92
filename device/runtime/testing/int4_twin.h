// Makes two programs of one, for tests. The convolutions of the first have
// weights of four bits, the low four of their own. Its twin has the same
// weights in eight bits.
#pragma once

#include "device/program/chunk.h"
#include "device/runtime/testing/program_builder.h"

namespace shoal::test {

inline bool may_have_int4(const ActorSpec& a) {
  return a.r.op == OpCode::kConv || a.r.op == OpCode::kDepthwise;
}

inline uint8_t low_bits(uint8_t byte) {
  return static_cast<uint8_t>((byte & 15) < 8 ? byte & 15 : byte | 0xF0);
}

// The bytes of a chunk's weights, padding included.
inline size_t padded_weights(const ChunkSpec& c) {
  return c.bytes.size() - quantized_bytes(static_cast<uint32_t>(c.out_n));
}

inline ProgramBuilder with_low_bits(ProgramBuilder p) {
  for (StageSpec& s : p.stages) {
    for (ActorSpec& a : s.actors) {
      if (!may_have_int4(a)) continue;
      for (ChunkSpec& c : a.chunks) {
        for (size_t k = 0; k < padded_weights(c); ++k) {
          c.bytes[k] = low_bits(c.bytes[k]);
        }
      }
    }
  }
  return p;
}

inline ProgramBuilder in_int4(ProgramBuilder p, uint32_t room) {
  for (StageSpec& s : p.stages) {
    for (ActorSpec& a : s.actors) {
      if (!may_have_int4(a)) continue;
      a.r.room16 = static_cast<uint16_t>(room / kAlign);
      for (ChunkSpec& c : a.chunks) {
        const size_t weights = padded_weights(c);
        std::vector<uint8_t> bytes(int4_bytes(weights));
        for (size_t k = 0; k < weights; ++k) {
          const int nibble = c.bytes[k] & 15;
          bytes[k / 8 * 4 + k % 4] |=
              static_cast<uint8_t>(k % 8 < 4 ? nibble : nibble << 4);
        }
        bytes.insert(bytes.end(),
                     c.bytes.begin() + static_cast<std::ptrdiff_t>(weights),
                     c.bytes.end());
        c.bytes = std::move(bytes);
      }
    }
  }
  return p;
}

}  // namespace shoal::test
