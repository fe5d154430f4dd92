// `shoal send --profile`: what each layer took on a board, beside the model's
// times.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "host/engine/alone/alone_engine.h"

namespace shoal {

// Both give a frame, the average of those that were measured.
nlohmann::json profile_json(const AloneEngine&);
void say_profile(const AloneEngine&);

}  // namespace shoal
