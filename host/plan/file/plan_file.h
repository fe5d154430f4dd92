// A plan as JSON, with all its fields, so that it can run again without a
// search. A plan that is read is not trusted: its form is right, but the
// checker (host/check) has to judge it before anything runs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/plan/types/plan.h"

namespace shoal {

// Returns the plan with the key of its network: {"format", "net", "plan"}.
nlohmann::json stored_plan(const Net&, const Plan&);

// Reads it back. `where` names the place in messages. Throws Error(kUsage) for
// a plan of another network or format, Error(kCorrupt) for a field that is
// missing, unknown or of the wrong kind.
Plan read_stored_plan(const nlohmann::json&, const Net&,
                      const std::string& where);

}  // namespace shoal
