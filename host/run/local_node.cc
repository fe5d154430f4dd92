#include "host/run/local_node.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "host/base/error.h"
#include "host/emit/emit.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string temporary_folder() {
  std::string name =
      (fs::temp_directory_path() / "shoal_store_XXXXXX").string();
  if (!mkdtemp(name.data())) {
    throw Error(Exit::kInternal, name + ": no folder can be made there",
                "--store DIR names one");
  }
  return name;
}

}  // namespace

LocalNode::LocalNode(const Prepared& p, const StoreSettings& settings)
    : arena_bytes_(p.plan.nodes.at(0).arena_bytes) {
  if (settings.folder.empty() && !reads_storage(p.plan.nodes[0])) {
    image_ = emit(p.net, p.plan, 0);
    return;
  }
  if (settings.folder.empty()) temporary_ = temporary_folder();
  try {
    write(p, settings);
  } catch (...) {
    remove_temporary();
    throw;
  }
}

LocalNode::~LocalNode() {
  store_.reset();
  remove_temporary();
}

// What was written is opened as a store of anybody's would be.
void LocalNode::write(const Prepared& p, const StoreSettings& settings) {
  const std::string& folder = temporary_.empty() ? settings.folder : temporary_;
  write_store(folder, p.graph, p.net, p.plan, settings.options);
  info_ = read_store_info(folder, settings.options.key);
  store_.emplace(folder, *info_, 0, settings.options.key);
}

void LocalNode::remove_temporary() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

NodeSource LocalNode::source() const {
  if (store_) return store_->source();
  NodeSource source;
  source.mapped = image_;
  return source;
}

}  // namespace shoal
