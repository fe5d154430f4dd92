// Headers that stand for those of the SDKs, as far as exported projects use
// them, and the sources of a project compiled against them.
#pragma once

#include <string>

#include "tests/command.h"

namespace shoal {

// Into the folder sdk.
void write_sdk_headers(const Workshop&);

// Every source of a project in `folder`, with the flags of its ecosystem for
// Debian's ARM compiler; `folders` are include paths from its root.
Told compile_sources(const Workshop&, const std::string& folder,
                     const std::string& flags, const std::string& folders);

}  // namespace shoal
