// A project as a .zip: the same bytes for the same files.
#pragma once

#include <string>

#include "host/export/project.h"

namespace shoal {

std::string zip_of(const Project&);

}  // namespace shoal
