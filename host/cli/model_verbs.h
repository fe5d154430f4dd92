// The options of the verbs about how good a model is; app.cc has the others.
// Each runs its command when the verb is given, and sets `code` to what that
// returns.
#pragma once

#include "host/cli/flags.h"

namespace shoal {

void add_evaluate(CLI::App&, EvaluateFlags&, int& code);
void add_quantize(CLI::App&, QuantizeFlags&, int& code);  // quantize_verb.cc

}  // namespace shoal
