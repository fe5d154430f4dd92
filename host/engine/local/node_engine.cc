#include "host/engine/local/node_engine.h"

#include <utility>

#include "host/plan/cost/wear.h"

namespace shoal {
namespace {

// Makes it from the plan, of which a store keeps what this needs.
std::string stored_life(const OpenStore& store, int together) {
  const StoredNode& node = store.node();
  const NodeSource source = store.source();
  if (source.spill_area == nullptr) return {};
  PlanNode plan;
  plan.board = node.board;
  plan.storage = node.storage;
  plan.spill_page_bytes = source.spill_area->erase_bytes;
  plan.spill_pages = static_cast<int>(node.storage_written_bytes /
                                      source.spill_area->erase_bytes);
  plan.tape_bytes = store.directory().image_bytes;
  return life_text(plan, together);
}

}  // namespace

NodeEngine::NodeEngine(std::shared_ptr<const Prepared> prepared,
                       std::shared_ptr<const LocalNode> node,
                       const StoreOptions& options, bool traced)
    : prepared_(std::move(prepared)),
      options_(options),
      node_(std::move(node)),
      trace_(traced ? std::optional<TraceCollector>(
                          std::in_place, prepared_->graph, prepared_->net,
                          prepared_->plan)
                    : std::nullopt),
      runner_(prepared_->graph, prepared_->net, node_->source(),
              node_->arena_bytes(),
              trace_ ? trace_->observer() : FiringObserver{}),
      loaded_(node_->storage() ? node_->storage()->counters() : FileCounters{}),
      stream_(
          prepared_->net.frames,
          [this](const Bytes& inputs) { return runner_.run(inputs); },
          trace_ ? &*trace_ : nullptr) {}

void NodeEngine::stream(const Next& next, const Take& take) {
  if (keeps_variables()) {
    runner_.reset_variables();
    if (trace_) trace_->reset_variables();
  }
  stream_.stream(next, take);
}

std::unique_ptr<Engine> node_engine(std::shared_ptr<const Prepared> prepared,
                                    StoreSettings settings, bool traced) {
  const StoreOptions options = settings.options;
  auto node = std::make_shared<LocalNode>(*prepared, std::move(settings));
  return std::make_unique<NodeEngine>(std::move(prepared), std::move(node),
                                      options, traced);
}

EngineReport NodeEngine::report() const {
  EngineReport r = stream_.report();
  r.nodes = engine_nodes(prepared_->plan);
  r.prepared = prepared_;
  if (!node_->storage()) return r;
  const PlanNode& plan = prepared_->plan.nodes[0];
  r.storage = {
      plan.storage, node_->source().key != nullptr,
      plan.spill_pages > 0 ? life_text(plan, prepared_->net.frames) : "",
      counted(loaded_, node_->storage()->counters())};
  return r;
}

std::unique_ptr<Engine> NodeEngine::another() const {
  const bool stored = node_->storage() != nullptr;
  const std::shared_ptr<const LocalNode> node =
      stored
          ? std::make_shared<LocalNode>(*prepared_, StoreSettings{"", options_})
          : node_;
  return std::make_unique<NodeEngine>(prepared_, node, options_,
                                      trace_.has_value());
}

StoreEngine::StoreEngine(const std::string& folder,
                         std::shared_ptr<const StoreAccess> access,
                         const std::optional<SharedKey>& key)
    : folder_(folder),
      access_(std::move(access)),
      key_(key),
      store_(folder, access_->info, 0, key),
      runner_(access_->info.graph, access_->info.net, store_.source(),
              store_.node().arena_bytes),
      loaded_(store_.storage().counters()),
      stream_(access_->info.net.frames,
              [this](const Bytes& inputs) { return runner_.run(inputs); }) {}

EngineReport StoreEngine::report() const {
  EngineReport r = stream_.report();
  const StoredNode& node = store_.node();
  r.nodes = {
      {"", node.board, node.arena_bytes, static_cast<size_t>(node.stages)}};
  r.storage = {node.storage, store_.source().key != nullptr,
               stored_life(store_, access_->info.net.frames),
               counted(loaded_, store_.storage().counters())};
  return r;
}

std::unique_ptr<Engine> StoreEngine::another() const {
  if (store_.source().spill_area) return nullptr;
  return std::make_unique<StoreEngine>(folder_, access_, key_);
}

}  // namespace shoal
