#include "host/plan/types/objective.h"

#include <iterator>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kObjectives); ++i) {
    if (static_cast<size_t>(kObjectives[i].objective) != i) return false;
  }
  return std::size(kObjectives) == static_cast<size_t>(Objective::kTraffic) + 1;
}
static_assert(in_order());

}  // namespace

const char* objective_name(Objective objective) {
  return kObjectives[static_cast<size_t>(objective)].name;
}

Objective objective_of(const std::string& name) {
  std::string known;
  for (const ObjectiveName& o : kObjectives) {
    if (name == o.name) return o.objective;
    known += (known.empty() ? "" : ", ") + std::string(o.name);
  }
  throw Error(Exit::kUsage, "--objective: '" + name + "' is unknown",
              "one of: " + known);
}

}  // namespace shoal
