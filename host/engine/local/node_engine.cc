#include "host/engine/local/node_engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/plan/cost/wear.h"

namespace shoal {
namespace {

// As the plan says, of which a store keeps what this needs.
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

SessionStream::SessionStream(const Graph& graph, const Net& net,
                             const NodeSource& source, uint32_t arena_bytes,
                             const FileStorage* storage, TraceCollector* trace)
    : batch_(net.frames),
      storage_(storage),
      trace_(trace),
      session_(graph, net, source, arena_bytes, trace ? trace->tap() : Tap{}),
      before_(storage ? storage->counters() : FileCounters{}) {}

// False: there are no more.
bool SessionStream::fill(const Engine::Next& next) {
  inputs_.clear();
  while (static_cast<int>(inputs_.size()) < batch_) {
    std::optional<Bytes> input = next();
    if (!input) return false;
    inputs_.push_back(std::move(*input));
  }
  return true;
}

void SessionStream::stream(const Engine::Next& next, const Engine::Take& take) {
  using Clock = std::chrono::steady_clock;
  Bytes together;
  for (bool more = true; more;) {
    more = fill(next);
    if (inputs_.empty()) break;
    if (trace_) trace_->reset();
    together.clear();
    for (size_t f = 0; f < static_cast<size_t>(batch_); ++f) {
      const Bytes& one = inputs_[std::min(f, inputs_.size() - 1)];
      together.insert(together.end(), one.begin(), one.end());
    }
    const Clock::time_point start = Clock::now();
    const Bytes outputs = session_.run(together);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    const auto bytes = static_cast<ptrdiff_t>(outputs.size()) / batch_;
    auto from = outputs.begin();
    for (size_t f = 0; f < inputs_.size(); ++f, from += bytes) {
      const Bytes output(from, from + bytes);
      Answer answer{output};
      if (trace_) {
        answer.values = [&, f] {
          return trace_->values(inputs_[f], static_cast<int>(f));
        };
      }
      take(answer);
    }
    frames_ += static_cast<int64_t>(inputs_.size());
    ++runs_;
  }
}

EngineReport SessionStream::report() const {
  EngineReport r;
  r.what = "one node";
  r.where = "on this computer";
  r.batch = batch_;
  r.frames = frames_;
  r.runs = runs_;
  r.seconds = seconds_;
  if (storage_)
    r.storage.emplace().done = counted(before_, storage_->counters());
  return r;
}

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
      stream_(prepared_->graph, prepared_->net, node_->source(),
              node_->arena_bytes(), node_->storage(),
              trace_ ? &*trace_ : nullptr) {}

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
  if (!r.storage) return r;
  const PlanNode& plan = prepared_->plan.nodes[0];
  r.storage->name = plan.storage;
  r.storage->sealed = node_->source().key != nullptr;
  if (plan.spill_pages > 0) {
    r.storage->life = life_text(plan, prepared_->net.frames);
  }
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

StoreEngine::StoreEngine(const std::string& folder, StoreAccess access,
                         const std::optional<StoreKey>& key)
    : access_(std::move(access)),
      store_(folder, access_.info, 0, key),
      stream_(access_.info.graph, access_.info.net, store_.source(),
              store_.node().arena_bytes, &store_.storage(), nullptr) {}

EngineReport StoreEngine::report() const {
  EngineReport r = stream_.report();
  const StoredNode& node = store_.node();
  r.nodes = {
      {"", node.board, node.arena_bytes, static_cast<size_t>(node.stages)}};
  r.storage->name = node.storage;
  r.storage->sealed = store_.source().key != nullptr;
  r.storage->life = stored_life(store_, access_.info.net.frames);
  return r;
}

}  // namespace shoal
