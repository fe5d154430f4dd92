// Inside the loader: those of its checks that a build links only with what
// they are about.
#pragma once

#include "device/base/status.h"
#include "device/program/kinds.h"
#include "device/program/record.h"
#include "device/program/source.h"

namespace shoal {

class StageCheck;
struct ModuleChecks;
struct StageNumbers;

// Returns whether something in the stage is well formed; StageCheck::need has
// noted the reason if not.
using KindCheck = bool (*)(StageCheck&, const StageView&, const ActorRecord&);
using ModuleCheck = bool (*)(StageCheck&);
// As check_head() and check_stage() do.
using HeadCheck = Fault (*)(const uint8_t* head, const ImageSource&);
using RecordCheck = Fault (*)(const HeadView&, uint16_t stage,
                              const uint8_t* record, const ImageSource&,
                              StageNumbers, const ModuleChecks&);

struct ModuleChecks {
  // Null: mapped programs are part of the firmware, and were checked where it
  // was made.
  HeadCheck head = nullptr;
  RecordCheck record = nullptr;
  KindCheck kinds[kActorKindCount] = {};  // by OpCode, from 1 on; null: none
  KindCheck wide = nullptr;  // of all kinds with elements of 16 bits
  // Null where no part of the node needs them: a stage may have none then.
  ModuleCheck streams = nullptr, spills = nullptr;
};

// In check_wide.cc: the parameters that wide actors have besides those of their
// kind, and those of kinds that are always wide.
bool check_wide(StageCheck&, const StageView&, const ActorRecord&);

// In check_stream.cc and check_spill.cc.
bool check_streams(StageCheck&);
bool check_spills(StageCheck&);

}  // namespace shoal
