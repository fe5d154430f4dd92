// The constants of the searches, with reasons: shares of budgets, margins of
// estimates, and numbers of trials. Only a plan that is built shows what a byte
// is worth, and what packing leaves between the buffers: so each search starts
// from an estimate of what fits and then takes less, in steps that are small
// where plans still differ much. Finer steps, wider margins and more trials
// cost planning time and have found nothing better for the models in
// measurements/. All of them are counted: no plan depends on a clock.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::tuning {

constexpr int64_t percent_of(int percent, int64_t bytes) {
  return bytes * percent / 100;
}

// Output channels whose weights of four bits are unpacked together where memory
// is left: kernels arrange their input once for all of them, which costs as
// much as two channels on an M4 and four on an M55.
inline constexpr int kInt4Channels = 24;
inline constexpr int64_t kMostInt4Room = 16 * 1024;

// Percentages of the budget, for stages with bands of more than one row.
// Packing wastes little of large stages, some of small ones; with 0 all bands
// have one row, which is the smallest plan that there is.
inline constexpr int kBands[] = {100, 95, 90, 85, 80, 75, 70, 60, 50, 30, 0};
// Percentages of the room that stages have left, for higher bands in all of
// them at once. The first that can be packed is taken: after it each stage is
// raised alone.
inline constexpr int kMoreBands[] = {100, 70, 40, 15};
// The same percentages in the stages of nets with tiles, one after the other,
// where all of the room could not be packed.
inline constexpr int kMoreOfEach[] = {90, 70, 50};

// How often the layers of a stage fire a frame, from whole tensors to short
// bands: steps that grow with what they change.
inline constexpr int kPasses[] = {1,  2,  3,  4,  5,  6,   7,   8,
                                  10, 12, 14, 16, 20, 24,  28,  32,
                                  40, 48, 56, 72, 96, 112, 144, 192};

// Percentages of the budget, for a plan that reads weights from storage. The
// rest is for sets that stay and larger slots, which may save more time than
// bands do.
inline constexpr int kBeforeFilling[] = {100, 85, 65};
// Percentages of the bytes of all sets that save time if they stay: those that
// save most a byte come first, and soon the rest is worth more as slots.
inline constexpr int kKeptSets[] = {100, 50, 25, 10};
// Percentages of the room that a linked stage has left, for its slots: larger
// slots are always better, so the largest that can be packed is looked for.
inline constexpr int kSlots[] = {100, 97, 94, 90, 85, 80, 70, 60, 50, 30, 15};

// Percentages of a linked plan's budget: for bands of one row, and for higher
// ones. Built rings have some rows more or less than the estimate, which knows
// those of a plan of one node.
struct Pair {
  int one_row, bands;
};
// The least time. As kBands, then tighter than the budget: the estimate may be
// below what is built.
inline constexpr Pair kFastest[] = {{100, 100}, {100, 95}, {100, 90}, {100, 85},
                                    {100, 80},  {100, 75}, {100, 70}, {100, 60},
                                    {100, 50},  {100, 30}, {100, 0},  {96, 0},
                                    {92, 0},    {88, 0},   {80, 0}};
// Where no more than this part of a budget is missing: a toll in milliseconds
// for each segment, and the share of the budget, as in kFastest.
inline constexpr int64_t kNearPart = 8;
inline constexpr int kTolls[] = {1, 10};
inline constexpr int kTolled[] = {100, 96, 92, 88, 84};
// The smallest arena, of the smallest budget that the estimate allows (`bands`:
// of that). Choices just above it may be built smaller.
inline constexpr Pair kSmallest[] = {{100, 70}, {102, 70}, {105, 70},
                                     {100, 0},  {110, 70}, {102, 100}};

// The factor by which more rows in rings may lengthen a linked plan's modelled
// time: they keep links going when datagrams are late, which the model does not
// see.
inline constexpr double kAboutAsFast = 1.005;
// So much more than its share of the MACs a node may compute of a segment:
// beyond it a shorter segment is faster on every board.
inline constexpr double kUneven = 1.4;
// This part of the bytes of weights is reserved: records with the chunks of a
// tape take as much.
inline constexpr int64_t kRecordPart = 16;
// Plans with fewer weights in flash, where programs exceed it: tables of what
// comes from storage instead take some of it again.
inline constexpr int kFlashRounds = 3;
// A search for less time may come upon a smaller arena as well: so much above
// the smallest known is worth trying, beside the smallest.
constexpr int64_t worth_trying(int64_t least) {
  return least + least / 32 + 128;
}

// --- Of a node alone.

// An arena that takes more of its budget is tight: more room, or a plan that
// needs less, might be of use.
inline constexpr double kTight = 0.8;
// Orders of items that packing tries: of all candidates, and of those for the
// smallest arena, where each byte counts.
inline constexpr int kQuickTries = 60, kPackTries = 600;
// From one room for records to the next one: this part more. Estimates of both
// are nearer than that.
inline constexpr int64_t kRecordStep = 3;
// Rooms for records that nets with tiles are searched with, since they are
// large, and that others are, which is all of them.
inline constexpr size_t kRoomsOfTiles = 4, kAllRooms = 100;
// Candidates whose arenas are filled, the fastest: filling one takes longer
// than to find it.
inline constexpr size_t kFilled = 5;
// Slots that storage is read into: beyond these all wait for the same storage.
inline constexpr uint32_t kMostSlots = 6;
// The smallest slots that are tried for linked nodes, in bytes.
inline constexpr int64_t kLeastSlot = 2048;
// Estimates assume slots of so much of the arena, and no larger ones: slots
// grow into what is left at last.
inline constexpr int64_t kSlotPart = 8, kMostSlot = 128 * 1024;
// A record names each chunk of its stage; in the arena, this many of a layer
// are worth the room of larger slots.
inline constexpr int64_t kFewChunks = 64;
// Weights that stay for their stage: the most bytes of one layer.
inline constexpr int64_t kSramLimits[] = {65536, 8192, 1024, 0};
// Tensors that may spill one by one, before all of a stage's do; and searches
// for all of them.
inline constexpr size_t kMostSpilledRings = 4;
inline constexpr int kMostSpillTries = 300;
// How often the least stages of the net's own order go into a budget. Where
// there is more room, smaller stages save no time.
inline constexpr int64_t kRoomyOrder = 3;

// --- Tiles of a node alone, or of several.

// More are barely smaller and much slower, and so is the search for them.
inline constexpr int kTiles[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18};
// Layers of all tiles, a loop counting once, and where weights are on a tape,
// whose plans take longer to build.
inline constexpr int kMostTileLayers = 240, kMostTapeLayers = 160;
// Columns are kept of this many tensors of a run: kept ones take room all
// along.
inline constexpr size_t kMostKeptTensors = 3;
// Where loops of a run differ, this many numbers of tiles are tried, from the
// fewest that fit on, since narrower ones leave room to loops that compute less
// twice.
inline constexpr int kMixedTiles = 3;
// A percentage of the net's MACs: for plans that compute more, others whose
// loops differ or in which columns are kept apart may be faster. Below it none
// was.
inline constexpr int kMuchTwice = 125;
// A built plan may be larger or smaller than the estimate: these percentages of
// the budget, and of the smallest estimate, are tried. Only slots are estimated
// too large.
inline constexpr int kTiled[] = {104, 100, 97, 94, 90, 86};
inline constexpr int kTiledSmallest[] = {100, 103, 107};
// The number of plans that fit from which the fastest is taken; and the number
// of plans of one choice where the steps are too wide and nothing fits.
inline constexpr int kTiledThatFit = 2, kTiledSteps = 4;

// --- Segments of several nodes.

// With more nodes fewer plans are built in full, and fewer yet: one costs as
// much as all of a small cluster.
inline constexpr int kSeveral = 8, kManyNodes = 16;
// Plans of a search for the smallest arena; of many nodes.
inline constexpr int kMostBuilds = 5, kFewBuilds = 2;
// Plans that are built to learn what segments hold: within a budget, which must
// be met, and for the smallest arena, where others are built besides.
inline constexpr int kLearningRounds = 12, kSmallLearningRounds = 6;
// Bytes between budgets that tell nothing new: built rings differ by more.
inline constexpr int64_t kEstimateStep = 64;
// Simulations of a segment that take rows away.
inline constexpr int kTightenTries = 40;
// Rows more than needed for rings that links touch, the first that fits, before
// which as many as links have under way are tried; of many nodes the middle one
// alone.
inline constexpr int kSlack[] = {8, 4, 2, 1};
inline constexpr int kSlackOfMany = 4;
// The same stage by stage, behind as many as links have under way; and how
// often stages that do not fit get less.
inline constexpr int kStageSlack[] = {8, 4, 2, 1, 0};
inline constexpr int kStageSlackRounds = 8;
// Where a budget leaves no room for such rows everywhere: smaller budgets for
// bands, which leave more. They are absolute sizes, each this part of the one
// before, so that budgets that differ little share them.
inline constexpr double kRung = 0.84;
inline constexpr int kRungs = 3;
// A node alone takes all of them: that costs next to nothing.
inline constexpr int kLoneRungs = 10;
// A factor of the fastest plan's time: plans that begin slower did not become
// the fastest by such budgets. MobileNetV2's plan that begins at 112 gained up
// to 13 %.
inline constexpr double kRungsMayGain = 1.2;

// --- Cuts by estimate.

// Pairs of boxes that all transitions of one estimate may look at, and so
// options that a layer has: fewer the more nodes there are.
inline constexpr double kMostPairs = 2e8;
inline constexpr size_t kMostOptions = 32, kFewestOptions = 8;
// A plan that is estimated to be worse than the best by this factor is not
// built: estimates of the same crew are nearer than that, and so are those of
// fewer nodes.
inline constexpr double kHopeless = 1.6;
// Where so much of flash counts, in percent: half of the weights stay in SRAM,
// or all but those that are read least.
inline constexpr int kHalfOfFlash = 50, kLittleFlash = 30;
// The part of all weights that is kept in SRAM; and the part of a budget that
// all else takes at most: where the arena needs the room, plans that begin with
// cheaper flash end worse.
inline constexpr double kMuchKept = 0.1, kRoomy = 0.5;

// --- Plans of one crew.

// Plans that are built, by what one costs: shares of layers. MobileNetV2 has
// all of them over 8 nodes, and a third over 64.
inline constexpr int64_t kShares = 28'000;
inline constexpr int kMostPlans = 34, kFewestPlans = 10;
// One part in kLaterPart of them, at least, are improvements; splices may have
// kSplicedParts such parts besides.
inline constexpr int kLaterPart = 3, kSplicedParts = 2;
// The percentage of them that splices may have when nothing else helps any
// more.
inline constexpr int kLastSplices = 25;
// Arenas that are this many times larger than another crew's do not become as
// small by having columns.
inline constexpr double kColumns = 2.2;
// Where an arena is estimated this many times as large as the smallest that is
// known, no plan is built: those of MobileNetV2 had at least 0.95 of it, of
// small nets, layer by layer on nodes of their own, 0.79, of TinyEngine's
// largest net in columns on four 0.7.
inline constexpr double kTooLarge = 1.5;
// The same for budgets, where a plan that misses them by an eighth may fit with
// longer segments.
inline constexpr double kFarTooLarge = 1.25;
// Latencies that an end of a segment may take, of plans that cost little.
inline constexpr int kOtherWaits[] = {1, 3, 5, 10, 20};
// Channels of a group, where groups save memory: for the smallest arena, and
// where a budget leaves little, which larger groups take less time for.
inline constexpr int kSmallGroups[] = {32, 16, 8};
inline constexpr int kFastGroups[] = {64, 32};
// With a price of bytes: groups are chosen segment by segment, so that each
// begin costs more.
inline constexpr size_t kPricedStarts = 3;
// With this many nodes most of the time goes to datagrams and waiting.
inline constexpr size_t kLargeCluster = 24;
// Plans from estimates that count less flash than there may be: what they are
// better by must be more than what a rehearsal may be wrong by.
inline constexpr double kClearly = 0.01;
// The same for plans over more nodes than these, whose rehearsals are more
// often off by some per cent.
inline constexpr size_t kSureCrew = 8;
// A grid with more rows must take this part of the time of one with fewer:
// rings of narrow columns take less memory, so that more rows must be clearly
// faster.
inline constexpr double kMoreGridRows = 0.99;

// --- Tiles that several nodes share.

// This many tilings of each run are estimated first, then the others of the
// best run, and those of a second run behind it: how small a run's rings become
// shows early.
inline constexpr int kFirstTiles = 4, kOtherTiles[] = {2, 3, 6, 8, 12};
inline constexpr int kSecondTiles[] = {2, 4};
// A built plan may take kTilesMayTake times the smallest of these first
// estimates, since others are lower; where a plan costs much, kTilesTake is
// likely.
inline constexpr double kTilesMayTake = 0.8, kTilesTake = 1.08;
// Plans that are built of them, since packing takes more than estimates know.
inline constexpr size_t kTilesBuilt = 5;

// --- Crews of fewer nodes.

// Nodes whose rating is that much lower are another class, so that a crew
// without them may be faster. This many classes are told apart.
inline constexpr double kClass = 1.3;
inline constexpr size_t kMostClasses = 4;
// With a brief begin so much worse than the best plan a crew is not planned
// further, and with plans so far from the best not improved: what follows gains
// less than that.
inline constexpr double kBriefly = 1.3, kFarOff = 1.2;
// The same for plans so far of equal nodes: of thirteen nets on six and eight
// of three boards none that cost more than kCheap and was 8 % from the best
// became it.
inline constexpr double kFarOffEqual = 1.1;
// Where a plan costs as much, by shares of layers, these count for the estimate
// and for the brief begin of equal nodes.
inline constexpr size_t kCostly = 240;
inline constexpr double kHopelessCostly = 1.25, kBrieflyCostly = 1.03;
// A factor of the brief begin of all nodes: a crew that begins so near it is
// planned, and for larger nets one that begins better. With TinyEngine's and
// MCUNet's nets on up to eight nodes, crews of six and seven that began 11 %
// worse became the best.
inline constexpr double kBegun = 1.115;
inline constexpr size_t kBegunCostly = 600;
// The same for the smallest arena: fifteen nodes began so with MobileNetV2, and
// became the smallest of 64.
inline constexpr double kBrieflySmall = 1.6;
// Where it costs so little, all of a crew's plans are tried.
inline constexpr size_t kCheap = 120;
// Up to this number every number of equal nodes may be a crew; above it twice
// as many, and so on. Where nothing fits at first, kEachTight is the limit.
inline constexpr size_t kEachCrew = 16;
inline constexpr size_t kEachTight = 6;
// For nodes without a share: clocks and links (rate and latency) that are
// tried, in clusters of no more nodes.
inline constexpr double kFasterClocks[] = {1.25, 1.5, 2, 3, 4, 6, 8, 12, 16};
inline constexpr double kFasterLinks[] = {2, 4, 16, 64, 256};
inline constexpr size_t kMostAsked = 16;

// --- Many plans of one request.

// Over more nodes only `spatial` is tried beside `auto`, one order of firing is
// simulated and the beginning of `auto` answers for it: others take long there.
inline constexpr size_t kFewNodes = 16;
// Budgets between arenas that are nearer than that tell nothing new.
inline constexpr double kNearArena = 1.1;
// The lowest and the highest price of a byte of traffic, in seconds: from about
// half to twenty times what a link of 100 Mbit/s takes for it. Each price is
// twice the one before, or four times where all are wanted.
inline constexpr double kFirstByte = 50e-9, kLastByte = 1600e-9;
inline constexpr double kByteStep = 2, kWideByteStep = 4;
// Budgets between one that keeps a limit of latency and one that does not, as
// long as they differ by more.
inline constexpr int kNearerBudgets = 6;
inline constexpr double kNearBudget = 1.03;

// --- What is refused.

// Where the least arena that a refusal asks for is kMayReach times a budget, or
// the nearest plan takes kMayKeep times a limit, no other search helps: they
// differ by a few per cent. Those of small nets (kCheap) may be anything.
inline constexpr double kMayReach = 2, kMayKeep = 1.25;

// --- More effort.

// From this effort on the request is planned with less memory and slower links,
// too, some ten plans more, each of which takes as long as the first.
inline constexpr int kLadderEffort = 8;
// Plans that cost little (kCheap) have this effort anyway.
inline constexpr int kCheapEffort = 3;
// The next move has its turn after the first changes that a move proposes for a
// plan, which are likeliest to help.
inline constexpr size_t kFirstChanges = 3;

// --- Pipelines.

// Runs that are built over kRunNodes nodes; over more nodes fewer are, but at
// least kFewestRuns.
inline constexpr size_t kMostRuns = 40, kRunNodes = 8, kFewestRuns = 8;
// Two parts in three of them come from estimates; the rest is for borders that
// move, by a few layers at most.
inline constexpr size_t kEstimatedRuns = 2, kRunParts = 3;
inline constexpr int kMostMoved = 4;
// Plans tell more of runs each time. With more crews than these each has little
// to do beside what it takes and sends.
inline constexpr int kRunRounds = 3;
inline constexpr size_t kMostCrews = 8;
// The least factor of the estimate that a plan may make of it.
inline constexpr double kLeastFactor = 0.3;
// The least part of a layer between two crews: a smaller one is not worth its
// datagrams.
inline constexpr double kLeastShared = 0.05;
// Steps to the least that all crews may have to do: 2^-20 of it is less than
// any row.
inline constexpr int kEvenings = 20;
// How often work is evened out: MobileNetV2's over eight nodes took two steps.
inline constexpr int kEvenRounds = 4;
// Columns of nodes with one neighbour in a crew, times those of others: enough
// for one of 14 columns to go to another node.
inline constexpr double kOuterColumns = 1.03;
// For the smallest arena: budgets of pipelines, from one to the next, and the
// least that there is.
inline constexpr double kCrewRung = 0.98;
inline constexpr double kLeastRung = 256;
// Nodes of pipelines that are searched for twice, with larger rings too: over
// 64 that took 11 s of CPU and gave nothing.
inline constexpr size_t kMostRoomy = 16;
// Columns that neighbours in a crew both compute make larger ones useless.
inline constexpr size_t kMostOfCrew = 8;

// --- What would help a request that is refused.

// The whole search takes so much less time than what it begins with; it is
// asked over no more nodes.
inline constexpr double kWithinReach = 1.15;
inline constexpr int kMostThorough = 16;
// Bisections of a node's bytes: they end at 1/64 of the range.
inline constexpr int kBisections = 6;
// Work of each kind of line (see QuickPlans), some two seconds; and of those
// which ask for several numbers of nodes, or sizes of the input.
inline constexpr int64_t kFixWork = 3000, kFixNodesWork = 6000;
// Smaller inputs, in percent of each side, bisected.
inline constexpr int kSmallerInputs[] = {88, 75, 63, 50, 38, 25, 13};

}  // namespace shoal::tuning
