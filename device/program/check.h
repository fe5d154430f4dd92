// The loader's checks: whether a program can be run without touching a byte
// outside the arena, in bounded time and without undefined behaviour. Whether
// it computes the right thing is proved on the host; where it comes from is
// what hash and tags say.
//
// Nothing is kept and nothing is written but numbers that the caller keeps; a
// few hundred bytes of stack.
// A Fault with Status::kOk means that all is well. Fault::check is the source
// line of the check that failed.
#pragma once

#include "device/base/status.h"
#include "device/program/module_checks.h"
#include "device/program/record.h"
#include "device/program/source.h"

namespace shoal {

// The numbers that the stages before one use up: in-streams, targets, pages
// that they wrote; and where their weights that stay end in each bank.
struct StageNumbers {
  uint16_t stream = 0, target = 0;
  uint32_t pages = 0;
  uint32_t kept_end[1 + kMaxBanks] = {};
};

// Checks the first sizeof(Header) bytes: identity, sizes, regions of the arena.
Fault check_header(const uint8_t* header, const ImageSource&);
// Checks that the bytes are those that were made, after check_header: the tag
// of the head, and of a mapped image its hash.
Fault check_integrity(const uint8_t* head, const ImageSource&);
// Checks the tables of such a head.
Fault check_head(const uint8_t* head, const ImageSource&);
// Checks a record of head.stages[stage].bytes bytes, 4-byte aligned: tag,
// tables, mapped chunks.
Fault check_stage(const HeadView&, uint16_t stage, const uint8_t* record,
                  const ImageSource&, StageNumbers, const ModuleChecks&);
// Takes an accepted record's numbers to those of the record behind it.
StageNumbers numbers_after(const StageView&, StageNumbers);
// Returns whether the values of a chunk with the right tag are usable: shifts
// within requantize's range.
bool chunk_values_ok(OpCode, const ChunkRecord&, const uint8_t* chunk);

}  // namespace shoal
