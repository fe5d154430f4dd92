#include "host/program/emit/emit.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "device/keys/hmac.h"
#include "device/keys/store_key.h"
#include "device/link/cipher.h"
#include "device/program/sha256.h"
#include "device/program/tag.h"
#include "device/program/vault.h"
#include "host/base/error.h"
#include "host/program/emit/byte_writer.h"
#include "host/program/emit/pieces.h"

namespace shoal {
namespace {

// The plan's identity: what every node is told to do, without its weights.
class PlanId {
 public:
  void add(const PlanNode& node, const ImagePieces& pieces) {
    all_.put(node.arena_bytes);
    all_.put_all(pieces.peers);
    if (pieces.banks) all_.put(*pieces.banks);
    all_.put_all(pieces.variables);
    all_.put_all(pieces.initial);
    for (const StageTables& stage : pieces.stages) {
      all_.put_all(record_image(stage, pieces.chunks));
    }
  }
  std::array<uint8_t, kTagBytes> finish() {
    std::array<uint8_t, kTagBytes> id;
    const std::vector<uint8_t> bytes = all_.take();
    make_tag(TagKind::kHead, 0, 0, bytes.data(),
             static_cast<uint32_t>(bytes.size()), id.data());
    return id;
  }

 private:
  ByteWriter all_;
};

// Puts tags behind bytes, as the node's storage has them.
class Sealer {
 public:
  // No key: plain tags.
  Sealer(const Header& h, const uint8_t* node_key)
      : generation_(h.generation), keyed_(h.flags & kStoreSealed) {
    if (keyed_) {
      derive_store_key(node_key, h.store_id, generation_of(h), h.node, key_);
    }
  }

  // `bytes`: room for the tag at the end.
  void chunk(uint32_t address, std::span<uint8_t> bytes) const {
    const auto length = static_cast<uint32_t>(bytes.size()) - kTagBytes;
    if (!keyed_) {
      plain(TagKind::kChunk, address, bytes);
    } else if (!seal_chunk(chacha20_poly1305(), key_, address, bytes.data(),
                           length)) {
      throw Error(Exit::kInternal, "a chunk cannot be sealed");
    }
  }
  void record(TagKind kind, uint32_t address, std::span<uint8_t> bytes) const {
    const auto length = static_cast<uint32_t>(bytes.size()) - kTagBytes;
    if (!keyed_) {
      plain(kind, address, bytes);
    } else if (!seal_record(chacha20_poly1305(), key_, kind, address,
                            bytes.data(), length)) {
      throw Error(Exit::kInternal, "a record cannot be sealed");
    }
  }
  void plain(TagKind kind, uint32_t address, std::span<uint8_t> bytes) const {
    const auto length = static_cast<uint32_t>(bytes.size()) - kTagBytes;
    make_tag(kind, address, generation_, bytes.data(), length,
             bytes.data() + length);
  }

 private:
  const uint32_t generation_;
  const bool keyed_;
  uint8_t key_[kStoreKeyBytes] = {};
};

}  // namespace

Emitter::Emitter(const Net& net, const Plan& plan, uint64_t generation)
    : plan_(plan), generation_(generation) {
  std::vector<StreamEdge> edges;
  if (plan.linked) edges = stream_edges(plan);
  PlanId id;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    pieces_.push_back(make_pieces(net, plan, edges, static_cast<int>(n)));
    id.add(plan.nodes[n], pieces_.back());
  }
  plan_id_ = id.finish();
}

Emitter::~Emitter() = default;

Header Emitter::header(int node, bool keyed, uint64_t generation) const {
  Header h = make_header(plan_, node, pieces_.at(node));
  h.generation = static_cast<uint32_t>(generation);
  h.generation_high = static_cast<uint32_t>(generation >> 32);
  std::copy(plan_id_.begin(), plan_id_.end(), h.plan_id);
  // Nothing of a program that is mapped whole is read from storage.
  const bool reads = (h.flags & kImageUnmapped) || h.spill_pages > 0 ||
                     h.image_bytes > h.program_bytes;
  if (keyed && reads) h.flags |= kStoreSealed;
  return h;
}

std::vector<uint8_t> Emitter::program(int node, const uint8_t* key) const {
  return program(node, key, generation_);
}

std::vector<uint8_t> Emitter::program(int node, const uint8_t* key,
                                      uint64_t generation) const {
  const ImagePieces& p = pieces_.at(node);
  const Header h = header(node, key != nullptr, generation);
  ByteWriter head;
  head.put(h);
  head.put_all(p.entries);
  head.put_all(p.ios);
  head.put_all(p.peers);
  if (p.banks) head.put(*p.banks);
  if (p.banks || !p.variables.empty()) {
    head.put(VariableHeader{static_cast<uint16_t>(p.variables.size()), 0,
                            static_cast<uint32_t>(p.initial.size())});
  }
  head.put_all(p.variables);
  head.put_all(p.initial);
  std::vector<uint8_t> image = head.take();
  image.resize(p.program_bytes);
  const auto part = [&](uint32_t offset, uint32_t bytes) {
    return std::span(image).subspan(offset, bytes);
  };
  const Sealer sealer(h, key);
  const bool unmapped = h.flags & kImageUnmapped;
  const auto record = [&](TagKind kind, uint32_t at, std::span<uint8_t> bytes) {
    if (unmapped) {
      sealer.record(kind, at, bytes);
    } else {
      sealer.plain(kind, at, bytes);
    }
  };
  for (uint32_t c = 0; c < p.pool.size(); ++c) {
    if (p.pool.on_tape(c)) continue;
    const std::vector<uint8_t> bytes = p.pool.content(c);
    std::copy(bytes.begin(), bytes.end(), image.begin() + p.chunks[c]);
    sealer.plain(TagKind::kChunk, p.chunks[c],
                 part(p.chunks[c], p.pool.bytes(c) + kTagBytes));
  }
  for (size_t s = 0; s < p.stages.size(); ++s) {
    const uint32_t at = p.entries[s].offset;
    const std::vector<uint8_t> bytes = record_image(p.stages[s], p.chunks);
    std::copy(bytes.begin(), bytes.end(), image.begin() + at);
    record(TagKind::kStage, at, part(at, p.entries[s].bytes));
  }
  make_image_hash(image.data(), p.program_bytes, p.head_bytes,
                  image.data() + offsetof(Header, hash));
  record(TagKind::kHead, 0, part(0, p.head_bytes));
  return image;
}

void Emitter::tape(int node, const uint8_t* key, const Put& put) const {
  tape(node, key, generation_, put);
}

void Emitter::tape(int node, const uint8_t* key, uint64_t generation,
                   const Put& put) const {
  const ImagePieces& p = pieces_.at(node);
  const Sealer sealer(header(node, key != nullptr, generation), key);
  for (const uint32_t c : p.tape) {
    std::vector<uint8_t> bytes = p.pool.content(c);
    bytes.resize(bytes.size() + kTagBytes);
    sealer.chunk(p.chunks[c], bytes);
    put(p.chunks[c], bytes);
  }
}

uint32_t Emitter::image_bytes(int node) const {
  return pieces_.at(node).image_bytes;
}

uint32_t Emitter::program_bytes(int node) const {
  return pieces_.at(node).program_bytes;
}

std::vector<uint8_t> Emitter::image(int node) const {
  return image(node, nullptr, generation_);
}

std::vector<uint8_t> Emitter::image(int node, const uint8_t* key,
                                    uint64_t generation) const {
  std::vector<uint8_t> image = program(node, key, generation);
  image.resize(image_bytes(node));
  const Put put = [&](uint32_t at, std::span<const uint8_t> bytes) {
    std::copy(bytes.begin(), bytes.end(), image.begin() + at);
  };
  tape(node, key, generation, put);
  return image;
}

std::vector<uint8_t> Emitter::sealed_image(int node, const uint8_t* key) const {
  constexpr std::string_view kLabel = "shoal generation";
  const std::vector<uint8_t> plain = image(node);
  uint8_t said[kLabel.size() + 32], mac[kHmacBytes];
  std::ranges::copy(kLabel, said);
  Sha256 sha;
  sha.add(plain.data(), static_cast<uint32_t>(plain.size()));
  if (!sha.finish(said + kLabel.size())) {
    throw Error(Exit::kInternal, "an image has no hash");
  }
  hmac_sha256(key, kStoreKeyBytes, said, sizeof said, mac);
  uint64_t generation = 0;
  std::memcpy(&generation, mac, sizeof generation);
  return image(node, key, generation);
}

std::vector<uint8_t> emit(const Net& net, const Plan& plan, int node) {
  return Emitter(net, plan).image(node);
}

}  // namespace shoal
