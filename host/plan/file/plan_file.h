// A plan as JSON, every field of it, so that it can be run again without a
// search. What is read back is not trusted: it has the right form, and the
// checker (host/check) has to judge it before anything runs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/plan/types/plan.h"

namespace shoal {

// Returns the plan with the key of its network: {"format", "net", "plan"}.
nlohmann::json stored_plan(const Net&, const Plan&);

// Reads it back. `where` names the place in messages. Throws Error(kUsage) if
// it is a plan of another network or format, Error(kCorrupt) for a field that
// is missing, unknown or of the wrong kind.
Plan read_stored_plan(const nlohmann::json&, const Net&,
                      const std::string& where);

}  // namespace shoal
