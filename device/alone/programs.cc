#include "device/alone/programs.h"

#include <cstring>

#include "device/program/image.h"
#include "device/runtime/modules.h"
#include "device/runtime/node.h"

namespace shoal {
namespace {

using alone::Code;
using alone::Said;

uint64_t kinds_of(const Fire* fires) {
  uint64_t bits = 0;
  for (int kind = 0; kind < kActorKindCount; ++kind) {
    if (fires[kind]) bits |= uint64_t{1} << kind;
  }
  return bits;
}

bool has_int4() { return modules.int4[0] || modules.int4[1]; }

// Returns the OpCode of the lowest bit; 0: there is none.
uint32_t first_kind(uint64_t bits) {
  for (uint32_t kind = 0; kind < kActorKindCount; ++kind) {
    if (bits >> kind & 1) return kind + 1;
  }
  return bits != 0 ? kActorKindCount + 1 : 0;
}

uint32_t variable_bytes_of(shoal_node& node) {
  uint32_t sum = 0, bytes = 0;
  for (uint32_t v = 0; v < shoal_variables(&node); ++v, sum += bytes) {
    variable_of(node, v, bytes);
  }
  return sum;
}

Said failed(shoal_status status) {
  return {Code::kFailed, static_cast<uint32_t>(static_cast<int32_t>(status)),
          0};
}

SentHead head_at(const uint8_t* at) {
  SentHead h;
  std::memcpy(&h, at, sizeof h);
  return h;
}

}  // namespace

Said AlonePrograms::open(const AloneProgramsConfig& config) {
  c_ = config;
  sent_ = kNone;
  ProgramSlotsConfig s{c_.storage, c_.bytes, c_.write_bytes, c_.erase_bytes};
  s.replaces = c_.replaces;
  mapped_ = {c_.at, c_.mapped, accepts, wait, this};
  s.mapped = &mapped_;
  usable_ = slots_.open(s) == Status::kOk;
  if (!usable_) return {Code::kFlashFails};
  uint8_t hash[alone::kHashBytes];
  const uint32_t bytes = slots_.program(hash);
  if (bytes == 0) return {};
  const Said said = open_program(slots_.mapped(), bytes);
  if (said.is_good()) install(slots_.mapped());
  return said;
}

const AloneNetwork& AlonePrograms::exported(uint32_t network) const {
  return network == sent_ ? exported_ : c_.table[network];
}

// Programs stay in flash when another project is flashed: its networks are
// others.
bool AlonePrograms::has_exported(const SentHead& h) const {
  return h.network < c_.networks->count() &&
         std::memcmp(exported(h.network).program, h.replaces,
                     sizeof h.replaces) == 0;
}

alone::ProgramRoom AlonePrograms::room(uint32_t network) const {
  alone::ProgramRoom r{};
  r.network = static_cast<uint8_t>(network);
  if (has_int4()) r.flags |= alone::ProgramRoom::kInt4;
  if (c_.pair) r.flags |= alone::ProgramRoom::kTwoCores;
  if (is_sent(network)) r.flags |= alone::ProgramRoom::kIsSent;
  std::memcpy(r.replaces, exported(network).program, sizeof r.replaces);
  if (usable_) r.flash_bytes = slots_.capacity();
  r.arena_bytes = c_.arena_bytes;
  r.variable_bytes = c_.kept_bytes[network];
  r.ends = c_.most_ends;
  r.arithmetic = kArithmetic;
  r.kinds = kinds_of(modules.fires);
  r.wide = kinds_of(modules.wide);
  if (c_.seal) r.count = slots_.count() + 1;
  return r;
}

Said AlonePrograms::expect(const uint8_t* hash, uint32_t bytes,
                           uint32_t count) {
  if (!usable_) return {Code::kFlashFails};
  if (count == 0) return {c_.seal ? Code::kNotSealed : Code::kGood};
  if (!c_.seal) return {Code::kNoKey};
  const uint32_t next = slots_.count() + 1;
  if (count != next) return {Code::kOldSeal, count, next};
  c_.seal->begin(hash, bytes, count);
  return {};
}

Said AlonePrograms::unseal(uint32_t block, uint8_t* data, uint32_t bytes) {
  if (c_.seal->open(block, data, bytes)) return {};
  return {block == 0 ? Code::kWrongSeal : Code::kDamagedProgram};
}

Said AlonePrograms::check(const SentHead& h, uint32_t bytes) const {
  if (!usable_) return {Code::kFlashFails};
  if (h.magic != kSentMagic || h.version != kSentVersion ||
      h.crc != crc_of(h) || bytes_of(h) != bytes ||
      h.name[sizeof h.name - 1] != 0) {
    return {Code::kNoProgram};
  }
  if (std::strncmp(h.board, c_.board, sizeof h.board) != 0) {
    return {Code::kOtherBoard};
  }
  if (!has_exported(h)) return {Code::kOtherExport};
  if (h.arithmetic != kArithmetic) return failed(SHOAL_BAD_ARITHMETIC);
  if (bytes > slots_.capacity()) {
    return {Code::kNoFlash, bytes, slots_.capacity()};
  }
  if (h.arena_bytes > c_.arena_bytes) {
    return {Code::kNoArena, h.arena_bytes, c_.arena_bytes};
  }
  if (h.variable_bytes > c_.kept_bytes[h.network]) {
    return {Code::kNoVariables, h.variable_bytes, c_.kept_bytes[h.network]};
  }
  const uint32_t ends = uint32_t{h.inputs} + h.outputs;
  if (ends > c_.most_ends) return {Code::kTooManyEnds, ends, c_.most_ends};
  if (const uint32_t op = first_kind(h.kinds & ~kinds_of(modules.fires))) {
    return {Code::kNoOperator, op, 0};
  }
  if (const uint32_t op = first_kind(h.wide & ~kinds_of(modules.wide))) {
    return {Code::kNoOperator, op, 1};
  }
  if ((h.flags & kSentInt4) && !has_int4()) return {Code::kNoOperator, 0, 2};
  return {};
}

// The program at this place of the memory, into the node that is not in use.
// The arena is nobody's then.
Said AlonePrograms::open_program(const uint8_t* at, uint32_t bytes) {
  opened_ = false;
  if (!at) return {Code::kFlashFails};
  const SentHead h = head_at(at);
  if (const Said said = check(h, bytes); !said.is_good()) return said;
  c_.networks->release_arena();
  shoal_node* const node = &c_.nodes[1 - node_];
  shoal_config config{};
  config.image = at + sizeof(SentHead);
  config.image_bytes = h.image_bytes;
  config.pair = c_.pair;
  shoal_status status = shoal_open(node, &config, c_.arena, c_.arena_bytes);
  while (status >= SHOAL_OK && shoal_outputs(node) == 0) {
    status = shoal_step(node);
  }
  if (status < SHOAL_OK) return failed(status);
  // Room was checked by what the head says.
  if (shoal_inputs(node) != h.inputs || shoal_outputs(node) != h.outputs ||
      variable_bytes_of(*node) != h.variable_bytes) {
    return {Code::kNoProgram};
  }
  opened_ = true;
  return {};
}

// The network is that of the export again.
void AlonePrograms::uninstall() {
  if (sent_ == kNone) return;
  c_.table[sent_] = exported_;
  c_.networks->forget_variables(sent_);
  sent_ = kNone;
}

// The program of the other node is the network.
void AlonePrograms::install(const uint8_t* at) {
  uninstall();
  node_ = 1 - node_;
  opened_ = false;
  const auto* const h = reinterpret_cast<const SentHead*>(at);
  sent_ = h->network;
  AloneNetwork& to = c_.table[sent_];
  exported_ = to;
  to.name = h->name;
  to.node = &c_.nodes[node_];
  std::memcpy(to.program, h->program, sizeof to.program);
  const uint8_t* text = at + sizeof(SentHead) + h->image_bytes;
  to.texts[alone::kDescription] = text;
  to.text_bytes[alone::kDescription] = h->description_bytes;
  to.texts[alone::kLabels] = text + h->description_bytes;
  to.text_bytes[alone::kLabels] = h->label_bytes;
  c_.networks->forget_variables(sent_);
}

Said AlonePrograms::begin(const uint8_t* head, uint32_t bytes,
                          const uint8_t* hash, uint32_t& from) {
  bytes_ = bytes;
  opened_ = false;
  const Said said = check(head_at(head), bytes);
  if (!said.is_good()) return said;
  const Status status = slots_.begin(bytes, hash, from);
  return status == Status::kOk ? Said{} : Said{Code::kFlashFails};
}

Said AlonePrograms::write(uint32_t offset, const uint8_t* from,
                          uint32_t bytes) {
  const Status status = slots_.write(offset, from, bytes);
  return status == Status::kOk ? Said{} : Said{Code::kFlashFails};
}

bool AlonePrograms::accepts(void* self, uint32_t at) {
  auto& p = *static_cast<AlonePrograms*>(self);
  p.why_ = p.open_program(p.c_.mapped + at, p.bytes_);
  return p.why_.is_good();
}

void AlonePrograms::wait(void* self) {
  const auto& p = *static_cast<const AlonePrograms*>(self);
  if (p.waits_) p.waits_(p.waiter_);
}

Said AlonePrograms::end(void (*waits)(void* user), void* user) {
  waits_ = waits;
  waiter_ = user;
  const Status status = slots_.end();
  waits_ = nullptr;
  if (status == Status::kBadHash) return {Code::kDamagedProgram};
  if (status == Status::kBadRecord) return why_;
  if (status != Status::kOk) return {Code::kFlashFails};
  // It was there already. One that was damaged since comes whole the next time.
  if (!opened_) {
    const Said said = open_program(slots_.mapped(), bytes_);
    if (!said.is_good()) {
      uninstall();
      slots_.discard();
      return said;
    }
  }
  install(slots_.mapped());
  return {};
}

}  // namespace shoal
