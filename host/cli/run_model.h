// `shoal run` for other verbs that run a model and have more to tell.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "host/cli/commands.h"
#include "host/engine/engine.h"

namespace shoal {

// Called when all has run, before anything is printed for machines: adds to
// `json`, or, if it is null, prints for people behind the rest.
using RunMore = std::function<void(const EngineReport&, nlohmann::json* json)>;

int run_model(const RunFlags&, const RunMore& more);

}  // namespace shoal
