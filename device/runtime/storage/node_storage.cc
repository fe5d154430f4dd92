#include "device/runtime/storage/node_storage.h"

#include <new>
#include <type_traits>

namespace shoal {

NodeStorage::NodeStorage(NodeState& node, const shoal_storage* storage)
    : store_(node, storage) {
  node.source.has_storage = store_.reader.can_read();
  node.source.key = store_.key;
}

Status NodeStorage::read_program() {
  loading_ = true;
  return program_.start();
}

void NodeStorage::read_kept() {
  loading_ = true;
  program_.set_key(node().header());
  keep(0);
}

// The weights that stay of a stage of a mapped image.
void NodeStorage::keep(uint16_t stage) {
  node().stage_index = stage;
  node().ports.stage =
      view_stage(node().source.mapped + node().head.stages[stage].offset);
  keeping_ = true;
  weights_.begin(true);
}

Status NodeStorage::load() {
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

Status NodeStorage::keep_on() {
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

Status NodeStorage::read_record() {
  node().schedule.storage_works = true;
  return program_.start_record(node().stage_index);
}

void NodeStorage::begin_stage() {
  weights_.begin(false);
  spills_.begin_stage();
  const StageView& stage = node().ports.stage;
  bool works = node().header().spill_pages != 0;
  for (uint16_t i = 0; i < stage.header->weights; ++i) {
    const WeightRecord& w = stage.weights[i];
    works |= w.place != WeightPlace::kMapped && !stays(w);
  }
  node().schedule.storage_works = works;
  if (!works) waiting_ = false;
}

// The check of a chunk, or a page of rows, is work enough for one step.
Status NodeStorage::step() {
  const Status weights = weights_.step();
  return weights != Status::kWait ? weights : spills_.step();
}

void NodeStorage::stepped(Status status) {
  const bool waits = status == Status::kWait && busy();
  if (waits && !waiting_) ++store_.reader.counts.waits;
  waiting_ = waits;
}

}  // namespace shoal

shoal::StorageModule* shoal_storage_module(void* memory, shoal::NodeState& node,
                                           const shoal_storage* storage) {
  using shoal::NodeStorage;
  static_assert(sizeof(NodeStorage) <= shoal::kStorageModuleBytes);
  static_assert(std::is_trivially_destructible_v<NodeStorage>);
  return new (memory) NodeStorage(node, storage);
}
