// Cuts a layer's weights into chunks and keeps each distinct chunk once.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/plan.h"

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

// The bytes of a chunk without its tag, laid out as device/program/chunk.h
// says. Throws Error(kInternal) if the cut leaves the layer's weights.
std::vector<uint8_t> chunk_bytes(const Layer&, const ChunkCut&);

// Distinct chunks in the order in which they were first asked for.
class ChunkPool {
 public:
  ChunkPool() = default;
  ChunkPool(ChunkPool&&) = default;
  ChunkPool& operator=(ChunkPool&&) = default;
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Returns the chunk's number; equal bytes have one number.
  uint32_t add(std::vector<uint8_t> bytes);
  uint32_t size() const { return static_cast<uint32_t>(order_.size()); }
  const std::vector<uint8_t>& bytes(uint32_t chunk) const {
    return *order_[chunk];
  }

 private:
  std::map<std::vector<uint8_t>, uint32_t> numbers_;
  std::vector<const std::vector<uint8_t>*> order_;  // keys of numbers_
};

}  // namespace shoal
