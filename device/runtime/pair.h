// Both cores of a board (device/shoal_cores.h): jobs for the second one, and
// slices that both make.
#pragma once

#include "device/base/status.h"
#include "device/runtime/fire.h"
#include "device/shoal_cores.h"

namespace shoal {

// Lies in the first core's memory until it is done.
struct CoreJob {
  void (*run)(const CoreJob&);
};

// Asks the second core for a job, which a null pointer ends. Only if
// is_idle().
void ask(shoal_pair&, const CoreJob*);
// Waits until it is done. kWait: it was not begun in time, and never will be.
// kSecondCore: it was begun, and is not done in time. A core that can be
// stopped was, and has started again.
Status await(shoal_pair&);
// Sets the time for a half. `gap_us`: the longest time for which the node that
// opens is away from its link, as the plan has it; 0: it has no link.
void limit_half(shoal_pair&, uint32_t gap_us);
bool is_idle(const shoal_pair&);
// Returns whether the first core computes alone, because the other one writes
// nothing: it was stopped, or will find the job withdrawn that it has not
// begun.
bool is_alone(const shoal_pair&);
// Returns whether a node may use the arena: the core is idle, or writes
// nothing. One that does is stopped and started again, if the port can do that
// by now.
bool is_back(shoal_pair&);

// Fires a slice, in halves where that is worth a meeting.
Status fire_on_both(shoal_pair&, void (*fire)(const Slice&), const Slice&);
Status fire_on_both(shoal_pair&, void (*fire)(const PlainSlice&),
                    const PlainSlice&);

}  // namespace shoal
