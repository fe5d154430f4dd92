// The links of projects on each platform: UDP, a serial line, a line that
// several nodes share, ESP-NOW.
#pragma once

#include <string>
#include <vector>

#include "host/export/layouts.h"

namespace shoal {

// Throws Error(kUnsupported) for a board without this link. `who` begins the
// message, `fix` is another link.
void check_link(const std::string& ecosystem, const Application&,
                const BoardFacts&, const std::string& who,
                const std::string& fix);

// Returns Needs::transport.
std::string link_transport(const std::string& ecosystem, const Application&,
                           const BoardFacts&);

// Adds the files of the link to the application's folder; returns its sources.
std::vector<std::string> add_link(const Exported&, const std::string& folder,
                                  Project&);
// Adds the parts of the platform that build files name for a network or a key;
// empty for others: LIBRARIES_..., REQUIRES_..., PICO_DEFINITIONS, ZEPHYR_CONF,
// NETWORK_LIBRARIES.
void add_platform_values(const Exported&, TemplateValues&);
// Returns "10.0.0.7:4242".
std::string listen_text(uint64_t address);
// Adds LISTEN, the lines of shoal_program.h about the link.
void add_link_values(const Application&, TemplateValues&);
// Returns the text about the link for README.md. `key`: KEY_README.
std::string link_text(const Exported&, const std::string& key);

}  // namespace shoal
