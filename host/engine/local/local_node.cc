#include "host/engine/local/local_node.h"

#include <utility>

#include "host/program/emit/emit.h"

namespace shoal {

LocalNode::LocalNode(const Prepared& p, StoreSettings settings)
    : arena_bytes_(p.plan.nodes.at(0).arena_bytes) {
  if (settings.folder.empty() && !reads_storage(p.plan.nodes[0])) {
    image_ = emit(p.net, p.plan, 0);
    return;
  }
  if (settings.folder.empty()) temporary_.emplace();
  write(p, std::move(settings));
}

// The written store is opened as any other store would be.
void LocalNode::write(const Prepared& p, StoreSettings settings) {
  const std::string folder =
      temporary_ ? temporary_->path().string() : settings.folder;
  const Lifetime lifetime = temporary_ ? Lifetime::kTemporary : Lifetime::kKept;
  if (settings.owner) {
    owner_.emplace(std::move(*settings.owner));
  } else {
    owner_.emplace(own_store(folder, {}));
  }
  write_store(*owner_, folder, p.graph, p.net, p.plan, settings.options,
              lifetime);
  info_ = read_store_info(folder, settings.options.key);
  store_.emplace(folder, *info_, 0, settings.options.key, lifetime);
  // An open file needs no name: so a killed process leaves nothing behind.
  temporary_.reset();
}

NodeSource LocalNode::source() const {
  NodeSource source;
  if (store_) {
    source = store_->source();
  } else {
    source.mapped = image_;
  }
  source.made_in_this_run = true;
  return source;
}

}  // namespace shoal
