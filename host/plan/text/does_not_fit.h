// The message about a plan that does not fit: where, how many bytes, whose
// budget, and the smallest change with which it would.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/error.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/request.h"

namespace shoal {

// "layer NAME (3)".
std::string layer_text(const Layer&);

// The smallest plan is beyond the budgets of some nodes: of the first what is
// missing, and of all what would have to change. `else_fits`: how it would fit
// in the budgets, if there is a way.
Misfit arena_does_not_fit(const Net&, const PlanRequest&, const Plan& smallest,
                          const std::string& else_fits = "");
// Weights exceed what the board may execute in place, and it has no storage.
Misfit no_storage(const Net&, const Board&);
// The same of a node of several: its part of the weights, its room for them.
Misfit no_storage(const ClusterNode&, int64_t weight_bytes, int64_t room);
// Throws if a node's weights would come from storage.
void check_no_storage(const Plan&);
// A node's flash is too small for its program.
class ProgramDoesNotFit : public Error {
 public:
  ProgramDoesNotFit(const std::string& what, const std::string& fix)
      : Error(Exit::kDoesNotFit, what, fix) {}
};
// Throws ProgramDoesNotFit if the node's program has more bytes than its flash.
void check_flash(const Plan&, const PlanNode&, int64_t budget);
// Throws if `what` has more bytes than `where`, which lies outside SRAM.
void check_storage(const std::string& what, int64_t bytes,
                   const std::string& where, int64_t most);

}  // namespace shoal
