// Nodes of clusters as projects, and what each ecosystem has for a key.
#pragma once

#include <string>

#include "host/export/layouts.h"

namespace shoal {

// Throws Error(kUnsupported) naming the node: a board without a network, no
// entropy or no cipher for a key.
void check_member(const std::string& ecosystem, const Application&,
                  const BoardFacts&);

// Needs::is_member, Needs::ciphers and Needs::bearssl.
void set_member_needs(const std::string& ecosystem, const Application&,
                      const BoardFacts&, Needs&);

// The node and its key into the application's folder; returns its sources.
// shoal_program.h, the link and the main program are not among them.
std::vector<std::string> add_member(const Exported&, const std::string& folder,
                                    Project&);
// Adds the key of sealed programs to the application's folder.
void add_slot_key(const Exported&, const std::string& folder, Project&);
// Returns the text about its link for README.md.
std::string member_text(const Exported&);
// Values of templates/node/shoal_program.h.in.
void add_member_values(const Application&, TemplateValues&);

}  // namespace shoal
