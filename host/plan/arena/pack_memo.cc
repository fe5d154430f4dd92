#include "host/plan/arena/pack_memo.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "host/plan/tokens/stage_key.h"

namespace shoal {

Packing PackMemo::pack(const std::vector<PackItem>& items, PackLimits limits,
                       const std::vector<int64_t>& saved) {
  const int64_t bound = packing_bound(items, saved);
  // Limits that have the same effect give the same packing.
  if (bound >= limits.most) limits.tries = limits.last_tries = 0;
  limits.most = INT64_MAX;
  const bool tries = limits.tries + limits.last_tries > 0;
  limits.enough = tries ? std::max(bound, limits.enough) : 0;
  StageKey parts;
  parts.add(std::ssize(items));
  for (const PackItem& i : items) {
    parts.add(i.bytes), parts.add(i.first_stage);
    parts.add(i.last_stage - i.first_stage);
    const bool plain = i.over < 0 && i.lead == 0 && i.apart.empty();
    parts.add(plain);
    if (plain) continue;
    parts.add(i.over), parts.add(i.lead), parts.add(std::ssize(i.apart));
    for (const int other : i.apart) parts.add(other);
  }
  parts.add(bound), parts.add(limits.enough);
  parts.add(limits.tries), parts.add(limits.last_tries);
  std::string key = parts.take();
  if (const Packing* known = packings_.find(key)) return *known;
  Packing packing = shoal::pack(items, limits, saved);
  const size_t bytes = packing.offsets.size() * sizeof(int64_t);
  return packings_.add(std::move(key), std::move(packing), bytes);
}

}  // namespace shoal
