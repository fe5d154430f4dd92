// What would make a refused request possible: each number is one that a plan
// was found with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/request.h"

namespace shoal {

// The same network for a picture of so many percent of its rows and columns;
// none: it has no such thing. `text` becomes "96 x 96".
using SmallerNet =
    std::function<std::optional<Net>(int percent, std::string& text)>;

// A line of each kind that helps, what it is and what a plan then takes:
// another strategy, bytes per node, an input that comes again, more nodes,
// bytes that spill, storage for weights, a smaller input. Where a plan is by
// another strategy than the request's, the line says --strategy. "Or less": the
// request's own search finds a plan that is at least as fast. Ends with the
// thread's PlanDeadline; without one the lines are the same on any computer.
std::vector<std::string> find_fixes(const Net&, const PlanRequest&,
                                    const SmallerNet&);

}  // namespace shoal
