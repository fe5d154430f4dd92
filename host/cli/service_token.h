// The token of a service: never an argument, which others on the computer see.
#pragma once

#include <string>

namespace shoal {

// Returns the first line of the file, or, without one, what the variable of the
// environment says; empty if there is neither.
std::string secret_of(const std::string& file, const char* variable);

// Returns the first line of the file, or, without one, what SHOAL_TOKEN says;
// empty if there is neither. Throws Error(kUsage) for a token that HTTP cannot
// carry.
std::string service_token(const std::string& file);

}  // namespace shoal
