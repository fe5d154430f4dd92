// Cuts a layer's weights into chunks and keeps each distinct chunk once.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

// The part of a layer's weights that a chunk holds. Everything counts from 0
// at the layer's own views.
struct ChunkCut {
  int out0 = 0, out_n = 0;          // output channels; kConstant: rows
  int ky0 = 0, ky_n = 0;            // kernel rows
  int in0 = 0, in_n = 0;            // input channels
  int column0 = 0, column_n = 0;    // kConstant: columns
  int channel0 = 0, channel_n = 0;  // kConstant: channels
};

// Returns the bytes of a chunk without its tag, laid out as
// device/program/chunk.h says. Throws Error(kInternal) if the cut leaves the
// layer's weights.
std::vector<uint8_t> chunk_bytes(const Layer&, const ChunkCut&);

// Distinct chunks in the order in which they were first asked for. Those of the
// tape part and those of the program part do not stand in for one another. The
// bytes are not kept but made again from their layers, which must outlive the
// pool.
class ChunkPool {
 public:
  ChunkPool() = default;
  ChunkPool(ChunkPool&&) = default;
  ChunkPool& operator=(ChunkPool&&) = default;
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Returns the chunk's number; equal bytes of a part have one number.
  uint32_t add(const Layer&, const ChunkCut&, bool on_tape);
  uint32_t size() const { return static_cast<uint32_t>(chunks_.size()); }
  // Returns the bytes without the tag.
  uint32_t bytes(uint32_t chunk) const { return chunks_[chunk].bytes; }
  std::vector<uint8_t> content(uint32_t chunk) const;
  bool on_tape(uint32_t chunk) const { return chunks_[chunk].on_tape; }

 private:
  struct Chunk {
    const Layer* layer;
    ChunkCut cut;
    uint32_t bytes;
    bool on_tape;
  };
  std::vector<Chunk> chunks_;
  std::unordered_multimap<size_t, uint32_t> numbers_;  // by hash of the bytes
};

}  // namespace shoal
