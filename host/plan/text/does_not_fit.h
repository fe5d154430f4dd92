// The message for a plan that does not fit: where, how many bytes, which
// budget, and the smallest change with which it would fit.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/error.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// Returns "layer NAME (3)".
std::string layer_text(const Layer&);

// Returns the misfit of a smallest plan that exceeds the budgets of some nodes:
// what the first of them lacks, and the changes for all of them. `else_fits`:
// another way to fit the budgets, if there is one.
Misfit arena_does_not_fit(const Net&, const PlanRequest&, const Plan& smallest,
                          const std::string& else_fits = "");
// Returns the misfit of weights that exceed what the board may execute in
// place, without storage for the rest.
Misfit no_storage(const Net&, const Board&);
// Returns the same for one node of several: its part of the weights, its room
// for them.
Misfit no_storage(const ClusterNode&, int64_t weight_bytes, int64_t room);
// Throws if a node's weights would come from storage.
void check_no_storage(const Plan&);
// The error of a node whose flash is too small for its program.
class ProgramDoesNotFit : public Error {
 public:
  ProgramDoesNotFit(const std::string& what, const std::string& fix)
      : Error(Exit::kDoesNotFit, what, fix) {}
};
// Throws ProgramDoesNotFit if the node's program has more bytes than its flash.
void check_flash(const Plan&, const PlanNode&, int64_t budget);
// Throws if `what` has more bytes than `where`, a place outside SRAM.
void check_storage(const std::string& what, int64_t bytes,
                   const std::string& where, int64_t most);

}  // namespace shoal
