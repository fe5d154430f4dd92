// Writes a plan down: one program image per node.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/plan/types/plan.h"

namespace shoal {

struct Header;
struct ImagePieces;

// Part by part, for images that should not lie in memory whole. Weights stay in
// the net; their chunks are made one at a time.
class Emitter {
 public:
  // Both must outlive the emitter. `generation` is bound into the keys,
  // its low half into every tag.
  explicit Emitter(const Net&, const Plan&, uint64_t generation = 0);
  ~Emitter();
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  // Returns a node's program part, tags and hash in place. With the node's key
  // (32 bytes) what is read from storage is sealed.
  std::vector<uint8_t> program(int node, const uint8_t* key = nullptr) const;
  // Its tape part, from front to back: `put` gets the chunks with their tags
  // and their offsets in the image.
  using Put = std::function<void(uint32_t offset, std::span<const uint8_t>)>;
  void tape(int node, const uint8_t* key, const Put& put) const;

  // Returns both parts, not sealed.
  std::vector<uint8_t> image(int node) const;
  // Returns both parts, sealed for a node that keeps what it is sent. Nothing
  // is drawn: the generation follows from the key and all of the plain image,
  // so that the same program is the same bytes, which are not sent twice, and
  // another one shares no key with it.
  std::vector<uint8_t> sealed_image(int node, const uint8_t* key) const;
  uint32_t image_bytes(int node) const;
  uint32_t program_bytes(int node) const;

 private:
  Header header(int node, bool keyed, uint64_t generation) const;
  std::vector<uint8_t> program(int node, const uint8_t* key,
                               uint64_t generation) const;
  void tape(int node, const uint8_t* key, uint64_t generation,
            const Put& put) const;
  std::vector<uint8_t> image(int node, const uint8_t* key,
                             uint64_t generation) const;

  const Plan& plan_;
  const uint64_t generation_;
  std::vector<ImagePieces> pieces_;  // by node
  std::array<uint8_t, 16> plan_id_{};
};

// Returns the image of one node of the plan, not sealed.
std::vector<uint8_t> emit(const Net&, const Plan&, int node);

}  // namespace shoal
