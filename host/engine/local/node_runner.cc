#include "host/engine/local/node_runner.h"

#include <algorithm>

#include "device/link/cipher.h"
#include "device/shoal_pieces.h"
#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/engine/common/frame_flow.h"
#include "host/engine/fault.h"

namespace shoal {
namespace {

NodeSource mapped_image(std::span<const uint8_t> image) {
  NodeSource source;
  source.mapped = image;
  return source;
}

shoal_config config_of(const NodeSource& source,
                       const FiringObserver& observer) {
  shoal_config config{};
  config.image = source.mapped.data();
  config.image_bytes = static_cast<uint32_t>(source.mapped.size());
  if (source.storage) {
    config.storage = &source.storage->storage();
    config.storage_bytes = source.storage->bytes();
    if (!config.image) config.image_bytes = config.storage_bytes;
  }
  config.store_id = source.store_id;
  config.store_key = source.key;
  config.store_cipher = source.key ? &chacha20_poly1305() : nullptr;
  config.spill_area = source.spill_area;
  config.pair = source.pair;
  config.tap = observer.call;
  config.tap_user = observer.user;
  return config;
}

}  // namespace

NodeRunner::NodeRunner(const Graph& graph, const Net& net,
                       const NodeSource& source, uint32_t arena_bytes,
                       FiringObserver observer)
    : graph_(graph), net_(net), source_(source), arena_(arena_bytes) {
  shoal_config config = config_of(source, observer);
  system_entropy(salt_);
  config.start_salt = salt_.data();
  check(shoal_open(&node_, &config, arena_.data(), arena_bytes));
  load();
  check_ends();
}

NodeRunner::NodeRunner(const Graph& graph, const Net& net,
                       std::span<const uint8_t> image, uint32_t arena_bytes,
                       FiringObserver observer)
    : NodeRunner(graph, net, mapped_image(image), arena_bytes, observer) {}

bool NodeRunner::wait_for_storage() {
  if (!source_.storage || !source_.storage->busy()) return false;
  source_.storage->wait();
  return true;
}

void NodeRunner::load() {
  while (shoal_outputs(&node_) == 0) {
    const bool reading = wait_for_storage();
    const int status = shoal_step(&node_);
    check(status);
    const bool asked = source_.storage && source_.storage->busy();
    if (status == SHOAL_WAIT && !reading && !asked) {
      throw Error(Exit::kInternal, "the node is stuck");
    }
  }
}

void NodeRunner::begin_again(shoal_status (*how)(shoal_node*)) {
  for (int status = how(&node_); status == SHOAL_WAIT; status = how(&node_)) {
    wait_for_storage();
    check(shoal_step(&node_));
  }
}

// A description that is not the program's would bring rows of other sizes.
void NodeRunner::check_ends() const {
  const auto output = [](const shoal_node*, uint32_t o) {
    return shoal_piece{o, 0};
  };
  const auto same = [&](const std::vector<NetIo>& ends, uint32_t count,
                        shoal_io_info (*info)(const shoal_node*, uint32_t),
                        shoal_piece (*piece)(const shoal_node*, uint32_t)) {
    std::vector<uint64_t> row_bytes(ends.size());  // of all pieces
    for (uint32_t i = 0; i < count; ++i) {
      const shoal_io_info there = info(&node_, i);
      const auto [source, skip] = piece(&node_, i);
      if (source >= ends.size()) return false;
      const Box& box = ends[source].place.view.box;
      if (there.rows != static_cast<uint32_t>(box.rows())) return false;
      row_bytes[source] =
          std::max(row_bytes[source], uint64_t{skip} + there.row_bytes);
    }
    for (size_t i = 0; i < ends.size(); ++i) {
      const Box& box = ends[i].place.view.box;
      if (row_bytes[i] !=
          static_cast<uint64_t>(box.columns()) *
              static_cast<uint64_t>(box.channels()) *
              static_cast<uint64_t>(node_bytes(graph_, ends[i]))) {
        return false;
      }
    }
    return true;
  };
  if (same(net_.inputs, shoal_inputs(&node_), shoal_input_info,
           shoal_input_piece) &&
      same(net_.outputs, shoal_outputs(&node_), shoal_output_info, output)) {
    return;
  }
  throw Error(Exit::kCorrupt, "the program has other inputs or outputs");
}

void NodeRunner::check(int status) const {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  if (source_.storage && !source_.storage->failure().empty()) {
    throw Error(Exit::kInternal, source_.storage->failure());
  }
  throw fault_error(
      fault_of(shoal_last_fault(&node_), status), source_.layers,
      source_.made_in_this_run ? Maker::kThisRun : Maker::kUnknown);
}

NodeRunner::~NodeRunner() {
  wait_for_storage();  // what is being read is for this arena
}

std::vector<uint8_t> NodeRunner::run(std::span<const uint8_t> input) {
  FrameFlow flow(graph_, net_, input);
  const uint32_t frames = shoal_frames(&node_);
  // Unused results may come after the last row.
  while (!flow.done() || shoal_frames(&node_) == frames) {
    bool moved = flow.push(&node_);
    int status = shoal_step(&node_);
    while (status == SHOAL_OK && shoal_frames(&node_) == frames) {
      moved = true;
      status = shoal_step(&node_);
    }
    moved |= status == SHOAL_OK;
    check(status);
    moved |= flow.take(&node_);
    if (!moved && !wait_for_storage()) {
      throw Error(Exit::kInternal, "the node is stuck");
    }
  }
  if (!arena_.intact()) {
    throw Error(Exit::kInternal, "the node wrote outside its arena");
  }
  return flow.output();
}

}  // namespace shoal
