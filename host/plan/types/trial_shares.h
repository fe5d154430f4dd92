// Shares that searches try one after the other, and why these. What a byte is
// worth, and what packing leaves between the buffers, is known only when a plan
// is built: so each search starts from an estimate of what fits and then takes
// less, in steps that are small where plans still differ much. Finer steps cost
// planning time and have found nothing better for the models in docs/.
#pragma once

#include <cstdint>

namespace shoal::shares {

constexpr int64_t percent_of(int percent, int64_t bytes) {
  return bytes * percent / 100;
}

// Of the budget, for stages with bands of more than one row. Packing wastes
// little of large stages, some of small ones; with 0 all bands have one row,
// which is the smallest plan that there is.
inline constexpr int kBands[] = {100, 95, 90, 85, 80, 75, 70, 60, 50, 30, 0};
// Of the room that stages have left, for higher bands in all of them at once.
// The first that can be packed is taken: after it each stage is raised alone.
inline constexpr int kMoreBands[] = {100, 70, 40, 15};

// Of the budget, for a plan that reads weights from storage. What it leaves is
// for sets that stay and larger slots, which may save more time than bands do.
inline constexpr int kBeforeFilling[] = {100, 85, 65};
// Of what all sets would take that save time if they stay: those that save most
// a byte come first, and soon the rest is worth more as slots.
inline constexpr int kKeptSets[] = {100, 50, 25, 10};
// Of the room that a linked stage has left, for its slots: larger slots are
// always better, so the largest that can be packed is looked for.
inline constexpr int kSlots[] = {100, 97, 94, 90, 85, 80, 70, 60, 50, 30, 15};

// Of a linked plan's budget: for bands of one row, and for higher ones. Built
// rings have some rows more or less than the estimate, which knows those of a
// plan of one node.
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

// What more rows in rings may cost of a linked plan's modelled time: they keep
// links going when datagrams are late, which the model does not see.
inline constexpr double kAboutAsFast = 1.005;
// So much more than its share of the MACs a node may compute of a segment:
// beyond it a shorter segment is faster on every board.
inline constexpr double kUneven = 1.4;
// Of the bytes of weights: records with the chunks of a tape take as much.
inline constexpr int64_t kRecordPart = 16;
// A search for less time may come upon a smaller arena as well: so much above
// the smallest known is worth trying, beside the smallest.
constexpr int64_t worth_trying(int64_t least) {
  return least + least / 32 + 128;
}

}  // namespace shoal::shares
