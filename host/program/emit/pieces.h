// The pieces of a node's image and where each of them lies: everything but the
// bytes of its chunks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/types/stream_table.h"
#include "host/program/emit/record.h"

namespace shoal {

struct ImagePieces {
  std::vector<IoEntry> ios;
  std::vector<PeerEntry> peers;
  std::optional<BankTable> banks;  // none: all sets that stay lie in the arena
  std::vector<VariableEntry> variables;
  std::vector<int8_t> initial;  // values of variables
  std::vector<StageTables> stages;
  ChunkPool pool;
  std::vector<StageEntry> entries;
  std::vector<uint32_t> chunks;  // offsets
  std::vector<uint32_t> tape;    // chunks of the tape part, as they lie there
  uint32_t head_bytes = 0, program_bytes = 0, image_bytes = 0;
  std::array<uint8_t, 16> store_id{};
};

// `edges`: stream_edges() of a linked plan. Throws Error(kUnsupported) for an
// image of more than 2 GB.
ImagePieces make_pieces(const Net&, const Plan&,
                        const std::vector<StreamEdge>& edges, int node);

// Generation, plan id and hash are the caller's.
Header make_header(const Plan&, int node, const ImagePieces&);

}  // namespace shoal
