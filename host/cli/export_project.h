// The steps of `shoal export` that are alike for a board alone and for nodes of
// a cluster.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/commands.h"
#include "host/export/layouts.h"

namespace shoal {

// Name, model and options of what has a program already; throws for one that
// the ecosystem's constants do not hold.
void describe(const ExportFlags&, const Ecosystem&, const std::string& name,
              Application&);
// The project, and what export.json says of it besides its files.
struct LaidOut {
  std::string folder;
  Application application;
  Project project;
  nlohmann::ordered_json description;
};
LaidOut lay_out(const ExportFlags&, const Ecosystem&, const std::string& folder,
                Application, Needs);
void write(const std::vector<LaidOut>&);

int export_cluster_command(const ExportFlags&);

}  // namespace shoal
