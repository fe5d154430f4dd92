// Nodes of clusters as projects: what carries their datagrams on which
// ecosystem, and what each of them has for a key.
#pragma once

#include <string>

#include "host/export/layouts.h"

namespace shoal {

// Returns the main program of an ecosystem for a board: "main_NAME.cpp", with
// "network_NAME.cpp" and "entropy_NAME.cpp" for nodes of clusters.
std::string platform_name(const std::string& ecosystem, const Board&,
                          const BoardFacts&);

// Throws Error(kUnsupported) naming the node: a board without a network, no
// entropy or no cipher for a key.
void check_member(const std::string& ecosystem, const Application&,
                  const BoardFacts&);

// Needs::transport and Needs::ciphers.
void set_member_needs(const std::string& ecosystem, const Application&,
                      const BoardFacts&, Needs&);

// The files of templates/node into the application's folder; returns its
// sources. shoal_program.h and the main program are not among them.
std::vector<std::string> add_member(const Exported&, const std::string& folder,
                                    Project&);
// Adds the key of sealed programs to the application's folder.
void add_slot_key(const Exported&, const std::string& folder, Project&);
// Adds the parts of the platform that build files name for a network or a key;
// empty for others: LIBRARIES_..., REQUIRES_..., PICO_DEFINITIONS, ZEPHYR_CONF,
// NETWORK_LIBRARIES.
void add_platform_values(const Exported&, TemplateValues&);
// Returns the text about its link for README.md.
std::string member_text(const Exported&);
// Values of templates/node/shoal_program.h.in.
void add_member_values(const Application&, TemplateValues&);

}  // namespace shoal
