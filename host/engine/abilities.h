// The abilities of each way to run a model, as one table. The flags of a verb
// are held against it before anything is planned.
#pragma once

#include <cstdint>
#include <span>

namespace shoal {

enum class EngineKind : uint8_t {
  kNode,     // one node without links, on this computer or in virtual time
  kStore,    // the same, from a store that was built
  kVirtual,  // nodes with a network in virtual time
  kWorkers,  // processes and boards at addresses
  kBoards,   // emulated boards on a network, which the verb starts itself
  kServed,   // the same, for others: nothing is run on them here
  kBoard,    // an emulated board with its firmware
  kFloat,    // the float oracle
};

// The abilities that flags ask for.
enum class Ability : uint8_t {
  kPlan,      // a budget, a strategy, an objective
  kBoard,     // a board by its name
  kCount,     // equal nodes, by their number
  kNodes,     // nodes from a file
  kCuts,      // how each layer is cut
  kBanks,     // weights in several banks of SRAM
  kCores,     // fewer cores than a board has
  kWorkers,   // addresses
  kBatch,     // frames that run together
  kNetwork,   // a network as described
  kPayload,   // datagrams of this size
  kInsecure,  // links without a key
  kSession,   // who the nodes' coordinator is
  kServing,   // boards that others run models on
  kState,     // boards' storages that last
  kWeights,   // weights in a storage
  kSpill,     // activations in a storage
  kStore,     // a store at this place, with this key
  kUnsealed,  // a store without a key
  kRuns,      // what is run, how often, and what is made of its answers
  kTrace,     // every layer's checksums
  kTimes,     // what nodes do while frames run, as they measure it
  kCounts,    // every layer's instructions
  kEnergy,    // of a frame
  kThreads,   // more than one at once
};

struct Asked {
  const char* flag;
  Ability ability;
};

bool can(EngineKind, Ability);

// Throws Error(kUsage) for the first thing that the engine cannot do: the
// flag, the engine, why, and the least that helps. Error(kInternal) for what no
// verb that has the engine has a flag for.
void require(EngineKind, std::span<const Asked>);

}  // namespace shoal
