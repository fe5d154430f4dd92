#include "host/run/session.h"

#include "device/base/status.h"
#include "host/base/error.h"
#include "host/run/frame_flow.h"

namespace shoal {
Session::Session(const Graph& graph, const Net& net,
                 std::span<const uint8_t> image, uint32_t arena_bytes, Tap tap)
    : graph_(graph), net_(net), arena_(arena_bytes) {
  shoal_config config{};
  config.image = image.data();
  config.image_bytes = static_cast<uint32_t>(image.size());
  config.tap = tap.call;
  config.tap_user = tap.user;
  check(shoal_open(&node_, &config, arena_.data(), arena_bytes), "open");
}

Session::Session(const Graph& graph, const Net& net, StoredImage& stored,
                 uint32_t arena_bytes, Tap tap)
    : graph_(graph), net_(net), stored_(&stored), arena_(arena_bytes) {
  shoal_config config{};
  config.image_bytes = stored.bytes();
  config.storage = &stored.storage();
  config.tap = tap.call;
  config.tap_user = tap.user;
  check(shoal_open(&node_, &config, arena_.data(), arena_bytes), "open");
  load();
}

void Session::load() {
  while (shoal_outputs(&node_) == 0) {
    const bool reading = stored_->busy();
    check(shoal_step(&node_), "load");
    if (!reading) throw Error(Exit::kInternal, "the node is stuck");
  }
}

void Session::check(int status, const char* doing) const {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  const shoal_fault why = shoal_why(&node_);
  throw Error(Exit::kCorrupt, std::string("the program failed to ") + doing +
                                  ": status " + std::to_string(status) +
                                  ", stage " + std::to_string(why.stage) +
                                  ", table " + std::to_string(why.table) +
                                  ", entry " + std::to_string(why.index) +
                                  ", check " + std::to_string(why.check));
}

std::vector<uint8_t> Session::run(std::span<const uint8_t> input) {
  FrameFlow flow(graph_, net_, input);
  for (;;) {
    bool moved = flow.push(&node_);
    int status = shoal_step(&node_);
    for (; status == SHOAL_OK; status = shoal_step(&node_)) moved = true;
    check(status, "run");
    moved |= flow.take(&node_);
    if (flow.done()) {
      // What nobody takes (unused results) may still be on its way.
      do {
        status = shoal_step(&node_);
      } while (status == SHOAL_OK ||
               (stored_ && stored_->busy() && status == SHOAL_WAIT));
      check(status, "run");
      if (!arena_.intact()) {
        throw Error(Exit::kInternal, "the node wrote outside its arena");
      }
      return flow.output();
    }
    if (!moved && stored_ && stored_->busy()) continue;
    if (!moved) throw Error(Exit::kInternal, "the node is stuck");
  }
}

}  // namespace shoal
