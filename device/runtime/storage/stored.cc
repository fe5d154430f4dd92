#include "device/runtime/storage/stored.h"

#include <new>
#include <type_traits>

namespace shoal {

Stored::Stored(NodeState& node, const shoal_storage* storage)
    : store_(node, storage) {
  node.source.has_storage = store_.reader.can_read();
  node.source.key = store_.key;
}

Status Stored::read_program() {
  loading_ = true;
  return program_.start();
}

void Stored::read_kept() {
  loading_ = true;
  program_.set_key(node().header());
  keep(0);
}

// The weights that stay of a stage of a mapped image.
void Stored::keep(uint16_t stage) {
  node().stage_index = stage;
  node().ports.stage =
      view_stage(node().source.mapped + node().head.stages[stage].offset);
  keeping_ = true;
  weights_.begin(true);
}

Status Stored::load() {
  if (keeping_) return keep_on();
  const Status status = program_.step();
  if (status != Status::kOk) return status;
  const StageView& stage = node().ports.stage;
  node().begin_kept_rows(stage);
  node().numbers = numbers_after(stage, node().numbers);
  keeping_ = true;
  weights_.begin(true);
  return keep_on();
}

Status Stored::keep_on() {
  for (;;) {
    const Status status = weights_.step();
    if (status != Status::kWait || !weights_.idle()) return status;
    const auto next = static_cast<uint16_t>(node().stage_index + 1);
    if (next == node().header().stages) {
      loading_ = false;
      return Status::kOk;
    }
    if (!node().source.mapped) {
      keeping_ = false;
      return program_.start_record(next);
    }
    keep(next);
  }
}

Status Stored::read_record() {
  return program_.start_record(node().stage_index);
}

void Stored::begin_stage() {
  weights_.begin(false);
  spills_.begin_stage();
}

// The check of a chunk, or a page of rows, is work enough for one step.
Status Stored::step() {
  const Status weights = weights_.step();
  return weights != Status::kWait ? weights : spills_.step();
}

void Stored::stepped(Status status) {
  const bool waits = status == Status::kWait && busy();
  if (waits && !waiting_) ++store_.reader.counts.waits;
  waiting_ = waits;
}

}  // namespace shoal

shoal::StoragePart* shoal_storage_part(void* memory, shoal::NodeState& node,
                                       const shoal_storage* storage) {
  using shoal::Stored;
  static_assert(sizeof(Stored) <= shoal::kStoragePartBytes);
  static_assert(std::is_trivially_destructible_v<Stored>);
  return new (memory) Stored(node, storage);
}
