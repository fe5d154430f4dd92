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

// Gives a network its name, model and labels.
void describe(const std::string& model, const std::string& name,
              ExportedNetwork&);
// Returns the project's contents; throws for networks that the board or the
// ecosystem's constants do not hold.
Application application_of(const ExportFlags&, const Ecosystem&,
                           const std::string& name, const Board&,
                           std::vector<ExportedNetwork>);
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
