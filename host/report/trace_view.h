// Reads what the report draws of a frame from a trace that `shoal simulate
// --timeline` writes (a Chrome trace).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace shoal {

// Returns whether the file is a trace, not a plan.
bool is_trace(const nlohmann::json&);

// Returns an object for the page's program: for each endpoint what it did and
// when, in nanoseconds, and the critical path. `name` is what errors call the
// trace, `model` the model of the plan beside it. Throws Error(kCorrupt) for
// what is not a trace, Error(kUsage) if it is of another version or model.
nlohmann::ordered_json trace_view(const nlohmann::json& trace,
                                  const std::string& name,
                                  const std::string& model);

}  // namespace shoal
