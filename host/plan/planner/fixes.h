// Finds changes that would make a refused request possible. Each number in them
// is one with which a plan was found.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the same network for a picture of `percent` of its rows and columns,
// and sets `text` to its size ("96 x 96"); none if there is no such network.
using SmallerNet =
    std::function<std::optional<Net>(int percent, std::string& text)>;

// Returns a line for each kind of change that helps, with the change and what a
// plan then takes: another strategy, more bytes per node, --replay, more nodes,
// bytes that spill, storage for weights, a smaller input. A line has --strategy
// if its plan is by another strategy than the request's. "Or less" means that
// the request's own search finds a plan that is at least as fast. The search
// ends with the thread's PlanDeadline; without one the lines are the same on
// any computer.
std::vector<std::string> find_fixes(const Net&, const PlanRequest&,
                                    const SmallerNet&);

}  // namespace shoal
