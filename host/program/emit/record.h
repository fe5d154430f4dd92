// A stage record in the making: the tables of device/program/image.h, with
// boxes and windows turned from tensor coordinates to those of the record.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/image.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/stream_table.h"
#include "host/program/emit/chunk_writer.h"

namespace shoal {

struct StageTables {
  uint16_t index = 0;
  std::vector<BufferRecord> buffers;
  std::vector<PortRecord> ports;
  std::vector<ActorRecord> actors;
  std::vector<LoopRecord> loops;
  std::vector<WeightRecord> weights;
  std::vector<ChunkRecord> chunks;  // offset: number of the chunk in the pool
  std::vector<int32_t> params;
  std::vector<uint16_t> maps;
  std::vector<OrderRun> order;
  std::vector<StreamRecord> streams;
  std::vector<TargetRecord> targets;
  std::vector<SpillRecord> spills;
  uint32_t slots = 0, slot_bytes = 0;
  uint16_t slot_count = 0;
  uint32_t room = 0;  // for unpacked weights of four bits
};

// `links`: of a linked plan, else null. `has_store`: weights for SRAM lie in
// the tape part, too. Throws Error(kInternal) if a number
// does not fit its field or the ports do not lie by buffer, writers first.
StageTables stage_tables(const Net&, const PlanStage&, const PlanLayout&,
                         int index, const StageLinks* links, bool has_store,
                         ChunkPool&);

// Returns the record's bytes, its tag still zero. `chunk_offsets` says where in
// the image each chunk of the pool lies; the size does not depend on it.
std::vector<uint8_t> record_image(const StageTables&,
                                  const std::vector<uint32_t>& chunk_offsets);

}  // namespace shoal
