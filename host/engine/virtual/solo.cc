#include "host/engine/virtual/solo.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "device/link/cipher.h"
#include "device/program/image.h"
#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/engine/fault.h"
#include "host/engine/local/frame_flow.h"
#include "host/engine/virtual/since.h"
#include "host/engine/virtual/store_image.h"
#include "host/plan/cost/time.h"
#include "host/program/store/spill_place.h"

namespace shoal {
namespace {

const Header& header_of(const std::vector<uint8_t>& image) {
  return *reinterpret_cast<const Header*>(image.data());
}

double seconds(Nanos time) { return static_cast<double>(time) * 1e-9; }

}  // namespace

FrameLoad SoloFrame::load() const {
  FrameLoad l;
  l.macs = work.macs;
  l.active_s = seconds - wait_s;
  l.seconds = seconds;
  l.read_bytes = storage.read_bytes;
  l.written_bytes = storage.written_bytes;
  return l;
}

SoloNode::SoloNode(const Prepared& prepared, const Board& board,
                   const SoloOptions& options)
    : prepared_(prepared),
      board_(board),
      options_(options),
      profile_(find_storage(board, prepared.plan.nodes.at(0).storage)),
      image_(store_image(prepared.net, prepared.plan, 0, options.key)),
      spill_area_(spill_place(prepared.plan.nodes[0], profile_,
                              header_of(image_).image_bytes)),
      cost_(image_, board),
      storage_(store(), profile_, [this] { return now_; }),
      arena_(prepared.plan.nodes.at(0).arena_bytes) {
  storage_.inject(options.fault);
  const Header& header = header_of(image_);
  shoal_config config{};
  if (header.flags & kImageUnmapped) {
    config.image_bytes = storage_.bytes();
  } else {
    mapped_.assign(image_.begin(), image_.begin() + header.program_bytes);
    config.image = mapped_.data();
    config.image_bytes = header.program_bytes;
    config.storage_bytes = storage_.bytes();
  }
  config.storage = &storage_.storage();
  config.store_key = options.key;
  config.store_cipher = options.key ? &chacha20_poly1305() : nullptr;
  if (spill_area_) config.spill_area = &*spill_area_;
  system_entropy(salt_);
  config.start_salt = salt_.data();
  config.tap = options.tap.call;
  config.tap_user = options.tap.user;
  begin(loading_);
  check(shoal_open(&node_, &config, arena_.data(), arena_.bytes()));
  while (shoal_outputs(&node_) == 0) {
    if (step() == SHOAL_WAIT) wait();
  }
  end(loading_);
}

std::vector<uint8_t> SoloNode::store() const {
  std::vector<uint8_t> all = image_;
  if (!spill_area_) return all;
  const Header& header = header_of(image_);
  all.resize(size_t{spill_area_->offset} + spill_area_->bytes);
  const std::vector<uint8_t> ledger =
      first_ledger(*spill_area_, header, header.node, options_.key);
  std::copy(ledger.begin(), ledger.end(), all.begin() + spill_area_->offset);
  return all;
}

uint32_t SoloNode::most_erases() const {
  const std::vector<uint32_t>& wear = storage_.wear();
  return spill_area_ ? *std::max_element(wear.begin(), wear.end()) : 0;
}

int SoloNode::step() {
  const int status = shoal_step(&node_);
  check(status);
  charge_checks();
  if (status == SHOAL_OK) charge();
  return status;
}

// What came was checked before anything else; the next read was on its way.
void SoloNode::charge_checks() {
  const uint64_t checked = shoal_read_counters(&node_).storage.checked_bytes;
  const bool sealed = header_of(image_).flags & kStoreSealed;
  const double time = static_cast<double>(checked - checked_bytes_) *
                      board_.chunk_cycles_per_byte(sealed) / board_.clock_hz;
  checked_bytes_ = checked;
  frame_->check_s += time;
  now_ += std::llround(time * 1e9);
}

void SoloNode::charge() {
  const shoal_work w = shoal_last_work(&node_);
  if (w.actor == kNone) return;
  const SliceCost c = cost_.slice(w);
  frame_->work += c;
  now_ += c.nanos();
}

// Nothing to do before the request under way has ended.
void SoloNode::wait() {
  if (!storage_.busy()) {
    throw Error(Exit::kInternal, "the node is stuck");
  }
  if (storage_.ready() <= now_) return;
  frame_->wait_s += seconds(storage_.ready() - now_);
  ++frame_->waits;
  now_ = storage_.ready();
}

void SoloNode::begin(SoloFrame& frame) {
  frame = {};
  frame_ = &frame;
  begun_ = now_;
  before_ = storage_.counters();
}

void SoloNode::end(SoloFrame& frame) {
  frame.seconds = seconds(now_ - begun_);
  frame.storage = since(storage_.counters(), before_);
}

std::vector<uint8_t> SoloNode::run(std::span<const uint8_t> input) {
  FrameFlow flow(prepared_.graph, prepared_.net, input);
  const uint32_t frames = shoal_frames(&node_);
  begin(last_);
  // Rows that no output needs may still be on their way after the last output.
  while (!flow.done() || shoal_frames(&node_) == frames) {
    bool moved = flow.push(&node_);
    const int status = step();
    moved |= flow.take(&node_);
    if (status == SHOAL_WAIT && !moved) wait();
  }
  end(last_);
  if (!arena_.intact()) {
    throw Error(Exit::kInternal, "the node wrote outside its arena");
  }
  return flow.output();
}

void SoloNode::reset_variables() {
  while (shoal_reset_variables(&node_) == SHOAL_WAIT) {
    if (step() == SHOAL_WAIT) wait();
  }
}

void SoloNode::check(int status) const {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  std::vector<std::string> layers;
  for (const Layer& l : prepared_.net.layers) layers.push_back(l.name);
  throw fault_error(fault_of(shoal_last_fault(&node_), status), layers);
}

double unlimited_seconds(const Net& net, const Board& board) {
  int64_t ps = 0;
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    const Layer& layer = net.layers[l];
    const LayerTime t =
        layer_time(net, l, {layer.out.box.rows(), layer.kernel_h}, board);
    ps += t.compute_ps + t.firing_ps;
  }
  return static_cast<double>(ps) / kPicoseconds;
}

}  // namespace shoal
