// The operator behind a detector's network, as a part of store.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"
#include "host/program/store/json_fields.h"

namespace shoal {

nlohmann::json detection_json(const DetectionOp&);
// Parses a detection that reads the outputs of this graph. Throws
// Error(kCorrupt).
DetectionOp parse_detection(const JsonFields&, const Graph&);

}  // namespace shoal
