// `shoal run` for other verbs that run a model and have more to tell.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "host/charts/document.h"
#include "host/cli/commands.h"
#include "host/engine/engine.h"

namespace shoal {

// Called when all has run, before anything is printed for machines: adds to
// `json`, or, if it is null, prints for people behind the rest. Adds to the
// page of --html, which is written if it is wanted.
using RunMore = std::function<void(const EngineReport&, nlohmann::json* json,
                                   Document& page)>;

int run_model(const RunFlags&, const RunMore& more);

}  // namespace shoal
