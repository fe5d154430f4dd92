// Reads from the JSON that `shoal plan` writes what the report draws of a plan.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace shoal {

// Returns an object for the page's program: layers with the boxes that each
// node computes, what lies where in each node's arena and when, traffic and
// figures. `name` is what the page and errors call the plan. Throws
// Error(kCorrupt) if `plan` is not a plan, names the place that is wrong, and
// says to write it again.
nlohmann::ordered_json plan_view(const nlohmann::json& plan,
                                 const std::string& name);

}  // namespace shoal
