#include "host/engine/coordinator/complaints.h"

#include <algorithm>

namespace shoal {

Blame blame_for(const std::vector<Complaint>& complaints) {
  const auto about = [&](size_t node) {
    return std::ranges::count(complaints, node, &Complaint::about);
  };
  const Complaint& most = *std::ranges::max_element(
      complaints, {}, [&](const Complaint& c) { return about(c.about); });
  const bool complains =
      std::ranges::count(complaints, most.about, &Complaint::from) > 0;
  const bool sure =
      about(most.about) > 1 || most.from == Complaint::kFromCoordinator;
  if ((sure && !complains) || most.from == Complaint::kFromCoordinator) {
    return {most.about, {}};
  }
  const bool other_way =
      about(most.from) == about(most.about) && most.from > most.about;
  if (other_way) return {most.from, most.about};
  return {most.about, most.from};
}

}  // namespace shoal
