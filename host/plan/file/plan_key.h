// Checksums of everything that a plan depends on.
#pragma once

#include <string>

#include "host/lower/net.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the SHA-256, in hex digits, of the network without the values of its
// weights: networks with equal keys can exchange plans.
std::string net_key(const Net&);

// Returns the same of the network and the request, with the facts of the
// boards. If keys are equal, the same program finds the same plan.
std::string request_key(const Net&, const PlanRequest&);

}  // namespace shoal
