// The options of the verbs that are about nodes alone; app.cc has the others.
// Each runs its command when the verb is given, and sets `code` to what that
// returns.
#pragma once

#include "host/cli/flags.h"

namespace shoal {

void add_simulate(CLI::App&, SimulateFlags&, int& code);
void add_send(CLI::App&, SendFlags&, int& code);
void add_worker(CLI::App&, WorkerFlags&, int& code);
void add_discover(CLI::App&, DiscoverFlags&, int& code);
void add_probe(CLI::App&, ProbeFlags&, int& code);
void add_deploy(CLI::App&, DeployFlags&, int& code);
void add_keygen(CLI::App&, KeygenFlags&, int& code);
void add_study(CLI::App&, StudyFlags&, int& code);

}  // namespace shoal
