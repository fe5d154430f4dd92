#include "host/engine/abilities.h"

#include <iterator>
#include <string>

#include "host/base/error.h"

namespace shoal {
namespace {

// Follows the engine's name. Null: it can.
struct Cell {
  const char* why = nullptr;
  const char* fix = "leave it out";
};

constexpr Cell kCan{};
// No verb that has the engine has such a flag.
constexpr Cell kUnasked{"is never asked for it", nullptr};
constexpr Cell kPlanned{"is run as it is", "name the model to plan again"};
constexpr Cell kNoPlan{"computes on this computer without a plan",
                       "leave it out, or run what `shoal quantize` makes of "
                       "the model"};
constexpr Cell kNoNetwork{"has no network", "leave it out, or give --nodes N"};
constexpr Cell kAlone{"has no network",
                      "leave it out, or give --nodes N or --cluster FILE"};
constexpr Cell kUnserved{"has no network that others reach",
                         "leave it out, or give --nodes N and --serve"};
constexpr Cell kOwnKey{"have a coordinator and a key of their own",
                       "leave it out, or give --serve"};
constexpr Cell kElsewhere{"run no model of their own",
                          "leave it out here; `shoal run --workers`, which "
                          "runs one on them, takes it"};
constexpr Cell kServesOnly{"run no model of their own"};
constexpr Cell kOneBank{"keep weights only in the bank of their arena"};
constexpr Cell kAllCores{"use the cores that their firmware does",
                         "leave it out, or plan for one board"};
constexpr Cell kOneFrame{"run a frame at a time",
                         "leave out the nodes, or --batch"};
constexpr Cell kNoSession{"has no coordinator",
                          "leave it out, or give --workers or --cluster"};
constexpr Cell kOwnCoordinator{"have a coordinator of their own",
                               "leave it out, or give --workers"};
constexpr Cell kOwnStores{
    "keep their programs themselves and have no stores yet"};
constexpr Cell kNoStore{"has its own storage and takes no store"};
constexpr Cell kUntimed{"has no nodes that measure what they do",
                        "leave it out, or give the nodes of a cluster"};
constexpr Cell kOneCluster{"run frames together, as one cluster"};

struct EngineColumn {
  EngineKind kind;
  const char* name;
};
constexpr EngineColumn kEngines[] = {
    {EngineKind::kNode, "one node"},
    {EngineKind::kStore, "a built store"},
    {EngineKind::kVirtual, "nodes of a cluster"},
    {EngineKind::kWorkers, "workers"},
    {EngineKind::kBoards, "emulated boards on a network"},
    {EngineKind::kServed, "boards that serve"},
    {EngineKind::kBoard, "an emulated board"},
    {EngineKind::kFloat, "a float model"},
};

struct Row {
  Ability ability;
  Cell cells[std::size(kEngines)];
};

// clang-format off
constexpr Row kTable[] = {
    //                     node         store        nodes        workers      boards       served       board        float
    {Ability::kPlan,      {kCan,        kPlanned,    kCan,        kCan,        kCan,        kElsewhere,  kCan,        kNoPlan}},
    {Ability::kBoard,     {kCan,        kCan,        kCan,
                           {"report themselves what board they are"},             kCan,        kCan,        kCan,        kNoPlan}},
    {Ability::kCount,     {kCan,        kPlanned,    kCan,
                           {"are as many as their addresses"},                 kCan,        kCan,        kUnasked,    kNoPlan}},
    {Ability::kNodes,     {kCan,        kPlanned,    kCan,        kCan,        kCan,        kCan,        kUnasked,    kNoPlan}},
    {Ability::kCuts,      {kCan,        kPlanned,    kCan,        kCan,        kCan,        kElsewhere,  kAlone,      kNoPlan}},
    {Ability::kBanks,     {{"keeps weights only in its arena", "leave it out, or give --nodes 1"},
                                        kPlanned,    kCan,        kOneBank,    kUnasked,    kUnasked,    kUnasked,    kNoPlan}},
    {Ability::kCores,     {kCan,        kPlanned,    kCan,        kAllCores,   kCan,        kCan,        kCan,        kNoPlan}},
    {Ability::kWorkers,   {kNoSession,  kPlanned, kOwnCoordinator, kCan,        kUnasked,    kUnasked,    kUnasked,    kNoPlan}},
    {Ability::kBatch,     {kCan,        kPlanned,    kOneFrame,   kOneFrame,   kUnasked,    kUnasked,    kUnasked,    kNoPlan}},
    {Ability::kNetwork,   {kNoNetwork,  kNoNetwork,  kCan,
                           {"have a real network"},               kUnasked,    kUnasked,    kUnasked,    kNoNetwork}},
    {Ability::kPayload,   {kNoNetwork,  kNoNetwork,  kCan,
                           {"report themselves how large their datagrams are"},   kCan,        kCan,        kAlone,      kNoNetwork}},
    {Ability::kInsecure,  {kNoNetwork,  kNoNetwork,  kCan,        kCan,        kOwnKey,     kCan,        kUnserved,   kNoNetwork}},
    {Ability::kSession,   {kNoSession,  kNoSession, kOwnCoordinator, kCan,        kOwnKey,     kCan,        kUnserved,   kNoSession}},
    {Ability::kServing,   {kUnasked,    kUnasked,    kUnasked,    kUnasked,    kUnasked,    kCan,        kAlone,      kUnasked}},
    {Ability::kState,     {kUnasked,    kUnasked,    kUnasked,    kUnasked,    kCan,        kCan,        kAlone,      kUnasked}},
    {Ability::kWeights,   {kCan,        kPlanned,    kCan,        kOwnStores,
                           {"have weights where their firmware keeps programs", "leave it out, or --nodes and --cluster"},
                                                                               kServesOnly, kCan,        kNoPlan}},
    {Ability::kSpill,     {kCan,        kPlanned,
                           {"do not spill yet"},     kOwnStores,
                           {"do not spill yet", "leave it out, or --nodes and --cluster"},
                                                                               kServesOnly, kCan,        kNoPlan}},
    {Ability::kStore,     {kCan,        kCan,
                           {"have no stores that last yet"},
                                                     kOwnStores,  kUnasked,    kUnasked,    kNoStore,    kNoPlan}},
    {Ability::kUnsealed,  {kCan,        kCan,        kCan,        kOwnStores,  kCan,        kCan,        kNoStore,    kNoPlan}},
    {Ability::kRuns,      {kCan,        kCan,        kCan,        kCan,        kCan,        kElsewhere,  kCan,        kCan}},
    {Ability::kTrace,     {kCan,
                           {"is run without its model's layers", "name the model to plan again"},
                                                     kCan,
                           {"do not send back what their layers compute", "run without --workers and --cluster"},
                           {"do not show their layers", "emulate one board, or `shoal run --nodes N`"},
                                                                               kServesOnly, kCan,        kCan}},
    {Ability::kTimes,     {kUntimed,    kUntimed,
                           {"have no clocks here", "leave it out, or use `shoal simulate --timeline`"},
                                                                  kCan,        kCan,        kServesOnly, kCan,        kUntimed}},
    {Ability::kCounts,    {kUnasked,    kUnasked,    kUnasked,    kUnasked,
                           {"count their instructions by stages", "leave it out, or --nodes and --cluster"},
                                                                               kServesOnly, kCan,        kUnasked}},
    {Ability::kEnergy,    {kCan,        kUnasked,
                           {"do not report energy yet"},
                                                     kUnasked,    kUnasked,    kUnasked,    kUnasked,    kUnasked}},
    {Ability::kThreads,   {kCan,        kCan,        kCan,        kOneCluster, kUnasked,    kUnasked,    kUnasked,    kCan}},
};
// clang-format on

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kTable); ++i) {
    if (static_cast<size_t>(kTable[i].ability) != i) return false;
  }
  for (size_t i = 0; i < std::size(kEngines); ++i) {
    if (static_cast<size_t>(kEngines[i].kind) != i) return false;
  }
  return std::size(kTable) == static_cast<size_t>(Ability::kThreads) + 1 &&
         std::size(kEngines) == static_cast<size_t>(EngineKind::kFloat) + 1;
}
static_assert(in_order());

}  // namespace

bool can(EngineKind kind, Ability ability) {
  return !kTable[static_cast<size_t>(ability)]
              .cells[static_cast<size_t>(kind)]
              .why;
}

void require(EngineKind kind, std::span<const Asked> asked) {
  const auto column = static_cast<size_t>(kind);
  for (const Asked& a : asked) {
    const Cell& cell = kTable[static_cast<size_t>(a.ability)].cells[column];
    if (!cell.why) continue;
    if (!cell.fix) {
      throw Error(Exit::kInternal, std::string(a.flag) + ": " +
                                       kEngines[column].name + " " + cell.why);
    }
    throw Error(
        Exit::kUsage,
        std::string(a.flag) + ": " + kEngines[column].name + " " + cell.why,
        cell.fix);
  }
}

}  // namespace shoal
