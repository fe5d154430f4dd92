#include "host/engine/virtual/store_image.h"

#include <algorithm>
#include <random>

#include "host/program/emit/emit.h"

namespace shoal {

std::vector<uint8_t> store_image(const Net& net, const Plan& plan, int node,
                                 const uint8_t* key) {
  const Emitter emitter(net, plan);
  std::vector<uint8_t> image = emitter.program(node, key);
  image.resize(emitter.image_bytes(node));
  emitter.tape(node, key, [&](uint32_t at, std::span<const uint8_t> chunk) {
    std::copy(chunk.begin(), chunk.end(), image.begin() + at);
  });
  return image;
}

void seal_stores(Prepared& p, uint64_t seed, SimOptions& options,
                 const std::optional<SharedKey>& first) {
  std::mt19937_64 random(seed);
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    SharedKey key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    if (n == 0 && first) key = *first;
    options.store_keys.push_back(key);
    if (!p.plan.nodes[n].sealed) continue;
    p.images[n] = store_image(p.net, p.plan, static_cast<int>(n), key.data());
  }
}

}  // namespace shoal
