// The table of the modules of the runtime that are linked. The node follows it,
// and the linker leaves out what it does not name.
//
// The table that comes with the library (all_modules.cc) fires every kind of
// actor, and has storage and peers if these are linked. A build for one program
// defines its own instead, for instance
//
//   #include "device/runtime/modules.h"
//   const shoal::Modules shoal::modules =
//       shoal::modules_for<shoal::OpCode::kConv, shoal::OpCode::kSoftmax>();
//
// A program that needs what its table lacks is refused when it is opened.
//
// Firmware that runs only what was linked with it says built_in(...) of that:
// the hash of a program is compared, and the checks of its records, which were
// made where the firmware was, are left out.
#pragma once

#include <cstddef>

#include "device/kernels/int4.h"
#include "device/program/check_kinds.h"
#include "device/program/kinds.h"
#include "device/runtime/fire_ops.h"
#include "device/runtime/node_state.h"

namespace shoal {

// The module of a node that handles its storage, and weights that pass through
// SRAM wherever they come from: device/runtime/storage.
class StorageModule {
 public:
  // Reads an image that is not mapped: its head, each record, and the weights
  // that stay. load() goes on, kOk or kWait, until `loading()` is over.
  virtual Status read_program() = 0;
  // The weights that stay, of a mapped image whose records have been checked.
  virtual void read_kept() = 0;
  virtual Status load() = 0;
  virtual bool loading() const = 0;

  // Opens the ledger of spills; recover() goes on until `loading()` is over.
  virtual Status open_spills() = 0;
  virtual Status recover() = 0;

  virtual void begin_frame() = 0;
  // Reads the record of state.stage_index. kWait: enter() until kOk.
  virtual Status read_record() = 0;
  virtual Status enter() = 0;
  virtual void begin_stage() = 0;
  // Weights as they arrive, rows to spills and back. kWait: nothing was done.
  virtual Status step() = 0;
  // Gives the bytes of a chunk that is not executed in place; null while it is
  // not there.
  virtual Status use(const ActorRecord&, const ChunkRecord&,
                     const uint8_t*& bytes) = 0;

  virtual bool busy() const = 0;
  // The node's step has ended so.
  virtual void stepped(Status) = 0;
  virtual const shoal_storage_counters& counters() const = 0;

 protected:
  ~StorageModule() = default;
};

// The module of a node that talks to its peers: device/runtime/link.
class LinkModule {
 public:
  virtual Status open() = 0;
  virtual void begin_stage() = 0;
  virtual void end_stage() = 0;  // there is none while the next record is read
  virtual Status receive(uint64_t address, uint8_t* datagram,
                         uint32_t bytes) = 0;
  virtual void send(bool flush) = 0;
  virtual uint64_t next_timer_us() const = 0;
  virtual const shoal_link_counters& counters() const = 0;
  virtual uint8_t silent_peer(uint16_t& node) const = 0;  // as of Link

 protected:
  ~LinkModule() = default;
};

// Room in the node for the modules, which are made there.
inline constexpr size_t kStorageModuleBytes = 216 + 34 * sizeof(void*);
inline constexpr size_t kLinkModuleBytes = 312 + 14 * sizeof(void*);

using MakeStorage = StorageModule* (*)(void* memory, NodeState&,
                                       const shoal_storage*);
using MakeLink = LinkModule* (*)(void* memory, NodeState&);
using Fire = void (*)(const Slice&);
using FirePlain = void (*)(const PlainSlice&);

struct Modules {
  Fire fires[kActorKindCount];  // by OpCode, from 1 on; null: left out
  Fire wide[kActorKindCount];   // the same, with elements of 16 bits
  FirePlain plain[2];           // kConv, kDepthwise
  WindowKernel int4[2];         // the same, with weights of four bits
  ModuleChecks checks;
  MakeStorage storage;  // shoal_storage_module, or null
  MakeLink link;        // shoal_link_module, or null
};
extern const Modules modules;

// In the order of OpCode.
inline constexpr Fire kFires[] = {fire_conv,
                                  fire_depthwise,
                                  fire_transpose_conv,
                                  fire_average_pool,
                                  fire_max_pool,
                                  fire_reduce_sum,
                                  fire_reduce_max,
                                  fire_add,
                                  fire_mul,
                                  fire_maximum,
                                  fire_minimum,
                                  fire_prelu,
                                  fire_lut,
                                  fire_softmax,
                                  fire_move,
                                  fire_resize,
                                  fire_space_to_depth,
                                  fire_depth_to_space,
                                  fire_transpose,
                                  fire_reshape,
                                  fire_constant,
                                  fire_requantize,
                                  fire_divide,
                                  fire_squared_difference,
                                  fire_log_softmax,
                                  fire_bilinear,
                                  fire_arg_max,
                                  fire_running_sum,
                                  fire_matmul,
                                  fire_l2_norm,
                                  fire_probability,
                                  nullptr,  // rescale
                                  nullptr,  // sigmoid
                                  nullptr,  // wide_softmax
                                  fire_lstm,
                                  fire_cell};
static_assert(sizeof kFires / sizeof kFires[0] == kActorKindCount);

// Returns what fires a kind with elements of 16 bits; null: nothing.
constexpr Fire wide_fire(OpCode op) {
  switch (op) {
    case OpCode::kConv:
      return fire_wide_conv;
    case OpCode::kDepthwise:
      return fire_wide_depthwise;
    case OpCode::kTransposeConv:
      return fire_wide_transpose_conv;
    case OpCode::kAveragePool:
      return fire_wide_average_pool;
    case OpCode::kMaxPool:
      return fire_wide_max_pool;
    case OpCode::kReduceSum:
      return fire_wide_reduce_sum;
    case OpCode::kAdd:
      return fire_wide_add;
    case OpCode::kMul:
      return fire_wide_mul;
    case OpCode::kMaximum:
      return fire_wide_maximum;
    case OpCode::kMinimum:
      return fire_wide_minimum;
    case OpCode::kPrelu:
      return fire_wide_prelu;
    case OpCode::kSquaredDifference:
      return fire_wide_squared_difference;
    case OpCode::kMatmul:
      return fire_wide_matmul;
    case OpCode::kLstm:
      return fire_wide_lstm;
    case OpCode::kCell:
      return fire_wide_cell;
    case OpCode::kMove:
      return fire_wide_move;
    case OpCode::kResize:
      return fire_wide_resize;
    case OpCode::kTranspose:
      return fire_wide_transpose;
    case OpCode::kReshape:
      return fire_wide_reshape;
    case OpCode::kConstant:
      return fire_wide_constant;
    case OpCode::kRescale:
      return fire_rescale;
    case OpCode::kSigmoid:
      return fire_sigmoid;
    case OpCode::kWideSoftmax:
      return fire_wide_softmax;
    default:
      return nullptr;
  }
}

inline constexpr FirePlain kPlain[] = {fire_plain_conv, fire_plain_depthwise};
static_assert(static_cast<int>(OpCode::kDepthwise) == 2);

inline constexpr WindowKernel kInt4[] = {int4_conv_row, int4_depthwise_row};

// Returns the table for the kinds of actors that a program has; it has no peers
// and lies in memory, and its weights have eight bits.
template <OpCode... kOps>
constexpr Modules modules_for() {
  constexpr OpCode kUsed[] = {kOps..., OpCode{}};
  Modules p{};
  p.checks.head = check_head, p.checks.record = check_stage;
  for (const OpCode op : kUsed) {
    if (op == OpCode{}) continue;
    const int kind = static_cast<int>(op) - 1;
    p.fires[kind] = kFires[kind];
    if (kPlainActors && kind < 2) p.plain[kind] = kPlain[kind];
    p.checks.kinds[kind] = kKindChecks[kind];
  }
  return p;
}

// Returns the same, for weights of four bits as well.
constexpr Modules with_int4(Modules p) {
  for (int kind = 0; kind < 2; ++kind) {
    if (p.fires[kind]) p.int4[kind] = kInt4[kind];
  }
  return p;
}

// Returns the same, for these kinds of actors with elements of 16 bits as well.
template <OpCode... kOps>
constexpr Modules with_wide(Modules p) {
  constexpr OpCode kUsed[] = {kOps...};
  for (const OpCode op : kUsed) {
    const int kind = static_cast<int>(op) - 1;
    p.wide[kind] = wide_fire(op);
    p.checks.kinds[kind] = kKindChecks[kind];
  }
  p.checks.wide = check_wide;
  return p;
}

// Returns the same, for mapped programs that are part of the firmware: no node
// of such a table may get one from outside. Storage and peers bring programs,
// so with them nothing changes.
constexpr Modules built_in(Modules p) {
  if (!p.storage && !p.link) p.checks = {};
  return p;
}

// Returns the same, with peers: shoal_link_module.
template <OpCode... kOps>
constexpr Modules modules_with(MakeLink link) {
  Modules p = modules_for<kOps...>();
  p.checks.streams = check_streams;
  p.link = link;
  return p;
}

// Returns the same, with storage, too: shoal_storage_module.
template <OpCode... kOps>
constexpr Modules modules_with(MakeStorage storage, MakeLink link) {
  Modules p = modules_with<kOps...>(link);
  p.checks.spills = check_spills;
  p.storage = storage;
  return p;
}

}  // namespace shoal

// In device/runtime/storage and device/runtime/link.
extern "C" shoal::StorageModule* shoal_storage_module(void* memory,
                                                      shoal::NodeState&,
                                                      const shoal_storage*);
extern "C" shoal::LinkModule* shoal_link_module(void* memory,
                                                shoal::NodeState&);
