// Checksums of all that a plan depends on.
#pragma once

#include <string>

#include "host/lower/net.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns the SHA-256, in hex digits, of the network without the values of its
// weights: plans of networks with equal keys can be exchanged.
std::string net_key(const Net&);

// Returns the same of the network and the request, boards' facts included;
// equal keys have the same plan, if the same program searches for it.
std::string request_key(const Net&, const PlanRequest&);

}  // namespace shoal
