// The constants of the searches, with reasons: shares of budgets, margins of
// estimates, and numbers of trials. Only a built plan shows what a byte is
// worth and what packing leaves between buffers. So each search starts from an
// estimate of what fits, and then takes less in steps that are small where
// plans still differ much. Finer steps, wider margins and more trials cost
// planning time, and found nothing better for the models in measurements/. All
// limits are counts: no plan depends on a clock.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::tuning {

constexpr int64_t percent_of(int percent, int64_t bytes) {
  return bytes * percent / 100;
}

// The output channels whose weights of four bits are unpacked together if there
// is memory: kernels arrange their input once for all of them, which costs as
// much as two channels on an M4 and four on an M55.
inline constexpr int kInt4Channels = 24;
inline constexpr int64_t kMostInt4Room = 16 * 1024;

// Percentages of the budget, for stages with bands of more than one row; and of
// the room that a linked stage has left, for its slots. Packing wastes little
// in large stages and more in small ones. With 0 all bands have one row, which
// gives the smallest plan.
inline constexpr int kBands[] = {100, 95, 90, 85, 80, 75, 70, 60, 50, 30, 0};
// Percentages of the room that stages have left, for higher bands in all of
// them at once: the first that can be packed is taken, and then each stage is
// raised alone. And of the bytes of all sets that save time if they stay: those
// that save most per byte come first, so the rest is soon worth more as slots.
inline constexpr int kLess[] = {100, 70, 40, 15};
// Percentages of that room in the stages of nets with tiles, one stage after
// the other, if not all of the room could be packed.
inline constexpr int kMoreOfEach[] = {90, 70, 50};

// How often the layers of a stage fire in a frame, from whole tensors to low
// bands. Steps grow because each firing more changes less.
inline constexpr int kPasses[] = {1,  2,  3,  4,  5,  6,   7,   8,
                                  10, 12, 14, 16, 20, 24,  28,  32,
                                  40, 48, 56, 72, 96, 112, 144, 192};

// Percentages of the budget for a plan that reads weights from storage. The
// rest is for sets that stay and for larger slots, which may save more time
// than bands do.
inline constexpr int kBeforeFilling[] = {100, 85, 65};

// Percentages of a linked plan's budget: for bands of one row, and for higher
// bands. Built rings may have a few rows more or fewer than the estimate, which
// has those of a plan of one node.
struct Pair {
  int one_row, bands;
};
// For the smallest arena: percentages of the smallest budget that the estimate
// allows, and for bands, of those. Choices just above it may be built smaller.
inline constexpr Pair kSmallest[] = {{100, 70}, {102, 70}, {105, 70},
                                     {100, 0},  {110, 70}, {102, 100}};

// How many times its share of a segment's MACs a node may compute; beyond that,
// a shorter segment is faster on most boards. (With 1.4, pretrainedResnet on
// three nodes with 16 KB of SRAM and of flash takes 28 % longer, and four of 40
// requests with much memory up to 3.7 % less. Without a limit, two of 76 take 2
// and 2.8 % longer.)
inline constexpr double kUneven = 1.6;
// Rounds of plans each of which says what the next one must leave out: weights
// in flash that programs exceed, since tables for weights from storage take
// some of it again; bytes of tiles, if nothing fits; and runs of pipelines,
// whose estimates plans improve.
inline constexpr int kRounds = 3;
// A search for less time may find a smaller arena, too: budgets up to this much
// above the smallest known are worth a try.
constexpr int64_t worth_trying(int64_t least) {
  return least + least / 32 + 128;
}

// --- Numbers of nodes.

// With more than kSeveral nodes fewer plans are built, because one costs as
// much as all plans of a small cluster. A pipeline has at most as many crews,
// and a crew as many nodes: with more crews each does little besides receiving
// and sending, and in larger crews neighbours compute too many columns twice.
// With more than kManyNodes nodes only powers of two of them are crews of equal
// nodes, only `spatial` is tried besides `auto`, advice uses only the beginning
// of `auto`, fewer numbers of spare rows are tried, and one order of firing is
// simulated: everything else takes long and gains nothing, since most of the
// time goes to datagrams and waiting.
inline constexpr int kSeveral = 8, kManyNodes = 16;

// --- A node alone.

// Orders of items that packing tries: for all candidates, and for those of the
// smallest arena, where each byte counts. (With 60 for both, nets whose
// branches the file interleaves take up to 2.4 % more.)
inline constexpr int kQuickTries = 60, kPackTries = 600;
// From one room for records to the next, it grows by one part in this many.
// Estimates are more exact than that. (With 1, kws takes 1.2 % more on a board
// without mapped flash.)
inline constexpr int64_t kRecordStep = 3;
// The first ones of a list by estimates, for what takes longer than to find
// them: candidates whose arenas are filled, rooms for records of nets with
// tiles, and plans of tiles that several nodes share.
inline constexpr size_t kBuilt = 5;
// Slots for reads from storage: more would wait for the same storage.
inline constexpr uint32_t kMostSlots = 6;
// The bytes of the first chunk that estimates of linked nodes wait for.
inline constexpr int64_t kLeastSlot = 2048;
// Estimates assume slots of one part in this many of the arena; later, slots
// grow into the room that is left.
inline constexpr int64_t kSlotPart = 8;
// A record names each chunk of its stage. If it is in the arena, up to this
// many chunks of a layer are worth the room that larger slots would take, which
// other stages do not hold. (Without it, MobileNetV2 cut by `spatial` over
// eight boards without mapped flash takes 51,464 B instead of 41,952.)
inline constexpr int64_t kFewChunks = 64;
// Weights that stay for their stage: the most bytes of one layer.
inline constexpr int64_t kSramLimits[] = {65536, 8192, 1024, 0};
// Tensors that may spill one by one, before all tensors of a stage do; and
// searches for all of them. (With more of them, ResNet-18 in 64 KB takes 1 %
// longer, because the searches end before the best ones.)
inline constexpr size_t kMostSpilledRings = 4;
inline constexpr int kMostSpillTries = 300;
// A budget is roomy if the largest stage of the net's own order fits it this
// many times; then smaller stages save no time. (With 1, a random net takes 5 %
// longer within twice its smallest arena than within that.)
inline constexpr int64_t kRoomyOrder = 3;

// --- Tiles of a node alone, or of several.

// More tiles are barely smaller and much slower, also to search for.
inline constexpr int kTiles[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18};
// The most layers of all tiles, where a loop counts once.
inline constexpr int kMostTileLayers = 240;
// Columns of at most this many tensors of a run are kept: they take room during
// the whole run. (With more, mcunet in 40 KB has the same plan, and planning
// holds 178 MB instead of 133.)
inline constexpr size_t kMostKeptTensors = 3;
// Percentages of the budget that are tried, because a built plan may be larger
// or smaller than its estimate. Only slots are estimated too large.
inline constexpr int kTiled[] = {104, 100, 97, 94, 90, 86};
// From this many plans that fit the fastest is taken.
inline constexpr int kTiledThatFit = 2;
// Changes of its tiles and channel groups that are tried, times the effort.
// (MobileNetV2 on one node of 64 KB: 868 ms without, 829 ms after 155.)
inline constexpr int kTileChanges = 8;

// --- Segments of several nodes.

// Plans that are built to learn what segments hold. (With 6, MobileNetV2 on
// eight nodes takes 6 % longer within 20 KB.)
inline constexpr int kLearningRounds = 12;
// Rows beyond the needed ones, for rings that links touch: the first number
// that fits is taken. As many rows as links have under way are tried first.
// With many nodes, only the second one is tried. Stages try them one by one,
// and at last no rows.
inline constexpr int kSlack[] = {8, 4, 2, 1};
// If a budget has no room for such rows everywhere: smaller budgets for bands,
// which leave more room. They are absolute sizes, each this part of the one
// before, so that budgets that differ little share them.
inline constexpr double kRung = 0.84;
inline constexpr int kRungs = 3;

// --- Cuts by estimate.

// The most pairs of boxes in all transitions of one estimate. So a layer has
// fewer options the more nodes there are.
inline constexpr double kMostPairs = 2e8;
inline constexpr size_t kMostOptions = 32, kFewestOptions = 8;
// A plan whose estimate exceeds the best by this factor is not built: estimates
// of times and of arenas, for one crew or for fewer nodes, are nearer than
// that. Crews whose smallest arena begins larger by less may become the
// smallest (MobileNetV2, fifteen of 64 nodes). Nor do columns help an arena
// that exceeds another crew's by it.
inline constexpr double kHopeless = 1.6;
// A grid with more rows must be faster by this part, because narrow columns
// have smaller rings. (Without it, the smallest arenas of MobileNetV2 cut by
// `spatial` over sixteen nodes have 38,224 B instead of 25,168.)
inline constexpr double kClearly = 0.01;
// The percentage of flash reads that count where weights stay in SRAM.
inline constexpr int kHalfOfFlash = 50;

// --- Plans of one crew.

// Plans that each move of a crew may build: this number divided by the shares
// of layers, by which the cost of a plan grows.
inline constexpr int64_t kShares = 24'000;
inline constexpr int kMostPlans = 30, kFewestPlans = 8;
// Latencies that an end of a segment may cost, for plans that cost little.
inline constexpr int kOtherWaits[] = {1, 3, 5, 10, 20};
// Channels of a group if groups save memory. For the smallest arena all except
// the first are tried; if a budget leaves little room, the first two, because
// larger groups are faster.
inline constexpr int kGroups[] = {64, 32, 16, 8};
// Starts with a price of bytes: each costs more, because groups are chosen
// segment by segment.
inline constexpr size_t kPricedStarts = 3;

// --- Tiles that several nodes share.

// Each run is estimated with the first of these numbers of tiles, the best one
// also with the others, and then with a second run behind it in any of them:
// the size of a run's rings shows early.
inline constexpr int kSharedTiles[] = {4, 2, 3, 6, 8, 12};

// --- Crews of fewer nodes.

// More search changes a plan by less than this factor. So it does not go on
// from a start, a crew or an arena that is worse than the best one, or than
// what it may take, by it; nor for a limit that the nearest plan misses by it.
// An arena is tight if its budget is less than this many times as large.
// Nodes whose rating is lower by it are another class: a crew without them may
// be faster. This many classes are told apart.
inline constexpr double kFarOff = 1.2;
inline constexpr size_t kMostClasses = 4;
// Rows of an output beyond which a layer counts as several shares of a plan.
inline constexpr int kLongRows = 512;
// If a crew has at most this many shares, all of its plans are tried.
inline constexpr size_t kCheap = 120;
// With more shares of layers than this, columns are tried only where groups
// save memory, and another order of the layers only gets the cuts that are best
// in the net's own. (With kCheap, MobileNetV1 0.25 on eight RP2040 within 8 KB
// takes 14 % longer, and two random nets need up to 2 % more memory on four and
// five nodes than on three.)
inline constexpr size_t kCostly = 240;
// For nodes without a share: factors of their clocks and links (rate and
// latency) that are tried.
inline constexpr double kFasterClocks[] = {1.25, 1.5, 2, 3, 4, 6, 8, 12, 16};
inline constexpr double kFasterLinks[] = {2, 4, 16, 64, 256};

// --- Many plans of one request.

// Budgets between arenas whose ratio is smaller tell nothing new: there
// bisections end.
inline constexpr double kNear = 1.03;
// Prices of a byte of traffic, in seconds: from about half to twenty times the
// time of a byte on a link of 100 Mbit/s. If all are tried, each second one.
inline constexpr double kBytePrices[] = {50e-9,  100e-9, 200e-9,
                                         400e-9, 800e-9, 1600e-9};

// --- What is refused.

// If the least arena that a refusal asks for is this many times a budget, no
// other search helps: searches differ by a few per cent. For small nets
// (kCheap) they may differ by any factor.
inline constexpr double kMayReach = 2;

// --- More effort.

// From this effort on, the request is also planned with less memory and slower
// links: some ten plans more, each of which takes as long as the first.
inline constexpr int kLadderEffort = 8;
// Plans that cost little (kCheap) have at least this effort. (With 3, kws on
// four RP2350 within 12 KB takes 16 % longer; 36 requests take 0.93 times the
// CPU time, and their plans 0.4 % more time on average.)
inline constexpr int kCheapEffort = 6;

// --- Pipelines.

// Runs that are built over kSeveral nodes. With more nodes there are fewer, but
// at least kFewestPlans.
inline constexpr size_t kMostRuns = 40;
// One part in this many of these runs is for borders that move; estimates find
// the others. (With 2, str_ww on sixteen nodes takes 6 % longer; without it,
// MobileNetV1 0.25 on sixteen Teensys gives 8 % fewer frames.)
inline constexpr size_t kMovedPart = 3;
// The most layers by which a border moves.
inline constexpr int kMostMoved = 4;
// The smallest part of a layer that a crew takes of another one's: a smaller
// part is not worth its datagrams.
inline constexpr double kLeastShared = 0.05;

// --- What would help a request that is refused.

// The work of each kind of line (see QuickPlans), and of those that try several
// numbers of nodes or sizes of the input.
inline constexpr int64_t kFixWork = 3000, kFixNodesWork = 6000;
// Smaller inputs, in percent of each side; searched by bisection.
inline constexpr int kSmallerInputs[] = {88, 75, 63, 50, 38, 25, 13};

}  // namespace shoal::tuning
