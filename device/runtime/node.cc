#include "device/runtime/node.h"

#include <cstring>
#include <new>
#include <type_traits>

#include "device/program/io_pieces.h"
#include "device/runtime/pair.h"
#include "device/shoal_pieces.h"

namespace shoal {

Node::Node(const shoal_config& config, void* arena, uint32_t arena_bytes)
    : state_(config, arena, arena_bytes)
#if defined(SHOAL_TWO_CORES)
      ,
      pair_(config.pair)
#endif
{
  if (modules.storage)
    storage_ = modules.storage(storage_memory_, state_, config.storage);
  if (modules.link) link_ = modules.link(link_memory_, state_);
}

Status Node::open() {
  const auto misaligned = [](const void* p) {
    return reinterpret_cast<uintptr_t>(p) % kAlign != 0;
  };
#if defined(SHOAL_TWO_CORES)
  // It may still be at what another node gave it.
  if (pair_ && !is_back(*pair_)) return state_.fail(Status::kSecondCore);
#endif
  const ImageSource& source = state_.source;
  const shoal_cipher* cipher = source.cipher;
  if (!state_.ports.arena || misaligned(state_.ports.arena) ||
      misaligned(source.mapped) || (!source.mapped && !source.has_storage) ||
      !cipher != !state_.store_key || !state_.banks_usable() ||
      (cipher &&
       (!cipher->seal || !cipher->open || cipher->tag_bytes != kTagBytes))) {
    return state_.fail(Status::kBadArgument);
  }
  return source.mapped ? open_mapped() : storage_->read_program();
}

Status Node::receive(uint64_t address, uint8_t* datagram, uint32_t bytes) {
  if (state_.failed()) return state_.fault.status;
  if (!linking()) return Status::kWait;
  return link_->receive(address, datagram, bytes);
}

void Node::flush() {
  if (linking()) link_->send(true);
}

uint64_t Node::next_timer_us() const {
  return linking() ? link_->next_timer_us() : ~uint64_t{0};
}

shoal_counters Node::counters() const {
  shoal_counters c{};
  if (link_) c.link = link_->counters();
  if (storage_) c.storage = storage_->counters();
  return c;
}

uint16_t Node::last_layer() const {
  if (last_.unit == kNone) return kNone;
  return state_.ports.stage.actors[last_.unit + last_.inner].layer;
}

shoal_work Node::last_work() const {
  if (last_.unit == kNone) return {state_.stage_index, kNone, 0, 0, 0, 0};
  return {state_.stage_index, static_cast<uint16_t>(last_.unit + last_.inner),
          last_.firing,       last_.iteration,
          last_.group,        last_.slice};
}

namespace {

static_assert(sizeof(shoal_node) == SHOAL_NODE_BYTES);
static_assert(sizeof(Node) <= SHOAL_NODE_BYTES);
static_assert(alignof(Node) <= alignof(shoal_node));
static_assert(std::is_trivially_destructible_v<Node>);

Node& node_of(shoal_node* node) {
  return *std::launder(reinterpret_cast<Node*>(node->opaque));
}
const Node& node_of(const shoal_node* node) {
  return *std::launder(reinterpret_cast<const Node*>(node->opaque));
}

shoal_io_info info_of(const Node& node, uint32_t index) {
  const IoEntry& io = node.io(index);
  return {io.rows, io.row_bytes, io.element_bytes};
}

}  // namespace

uint64_t loaded_generation(const shoal_node& node) {
  const Node& n = node_of(&node);
  return n.loaded() ? generation_of(n.header()) : 0;
}

bool enters_stage(const shoal_node& node) {
  return node_of(&node).enters_stage();
}

uint8_t* variable_of(shoal_node& node, uint32_t index, uint32_t& bytes) {
  Node& n = node_of(&node);
  return n.is_known() ? n.variable(index, bytes) : nullptr;
}

uint8_t silent_peer(const shoal_node& node, uint16_t& peer) {
  return node_of(&node).silent_peer(peer);
}

}  // namespace shoal

using shoal::node_of;

shoal_status shoal_open(shoal_node* node, const shoal_config* config,
                        void* arena, uint32_t arena_bytes) {
  auto* made = new (node->opaque) shoal::Node(*config, arena, arena_bytes);
  return static_cast<shoal_status>(made->open());
}

shoal_status shoal_step(shoal_node* node) {
  return static_cast<shoal_status>(node_of(node).step());
}

shoal_status shoal_receive(shoal_node* node, uint64_t address, void* datagram,
                           uint32_t bytes) {
  return static_cast<shoal_status>(
      node_of(node).receive(address, static_cast<uint8_t*>(datagram), bytes));
}

shoal_status shoal_repeat_frame(shoal_node* node) {
  return static_cast<shoal_status>(node_of(node).begin_again(false));
}

shoal_status shoal_reset_variables(shoal_node* node) {
  return static_cast<shoal_status>(node_of(node).begin_again(true));
}

shoal_status shoal_restart(shoal_node* node) {
  return static_cast<shoal_status>(node_of(node).restart());
}

void shoal_flush(shoal_node* node) { node_of(node).flush(); }

uint64_t shoal_next_timer_us(const shoal_node* node) {
  return node_of(node).next_timer_us();
}

shoal_counters shoal_read_counters(const shoal_node* node) {
  return node_of(node).counters();
}

uint32_t shoal_push_rows(shoal_node* node, uint32_t input, const void* data,
                         uint32_t rows) {
  return node_of(node).push(input, static_cast<const uint8_t*>(data), rows);
}

uint32_t shoal_take_rows(shoal_node* node, uint32_t output, void* data,
                         uint32_t rows) {
  return node_of(node).take(output, static_cast<uint8_t*>(data), rows);
}

shoal_row shoal_input_row(const shoal_node* node, uint32_t input) {
  return node_of(node).input_row(input);
}

shoal_row shoal_output_row(const shoal_node* node, uint32_t output) {
  return node_of(node).output_row(output);
}

uint16_t shoal_last_layer(const shoal_node* node) {
  return node_of(node).last_layer();
}

shoal_work shoal_last_work(const shoal_node* node) {
  return node_of(node).last_work();
}

uint32_t shoal_arena_bytes(const shoal_node* node) {
  const shoal::Node& n = node_of(node);
  return n.loaded() ? n.header().arena_bytes : 0;
}

uint32_t shoal_bank_bytes(const shoal_node* node, uint32_t bank) {
  const shoal::Node& n = node_of(node);
  return n.loaded() ? n.bank_bytes(bank) : 0;
}

uint32_t shoal_inputs(const shoal_node* node) {
  const shoal::Node& n = node_of(node);
  return n.is_known() ? n.header().inputs : 0;
}

uint32_t shoal_outputs(const shoal_node* node) {
  const shoal::Node& n = node_of(node);
  return n.is_known() ? n.header().outputs : 0;
}

uint32_t shoal_variables(const shoal_node* node) {
  const shoal::Node& n = node_of(node);
  return n.is_known() ? n.variable_count() : 0;
}

shoal_io_info shoal_input_info(const shoal_node* node, uint32_t input) {
  if (input >= shoal_inputs(node)) return {};
  return shoal::info_of(node_of(node), input);
}

shoal_io_info shoal_output_info(const shoal_node* node, uint32_t output) {
  if (output >= shoal_outputs(node)) return {};
  const shoal::Node& n = node_of(node);
  return shoal::info_of(n, n.header().inputs + output);
}

shoal_piece shoal_input_piece(const shoal_node* node, uint32_t input) {
  if (input >= shoal_inputs(node)) return {};
  const shoal::Node& n = node_of(node);
  uint32_t source = 0;
  for (uint32_t i = 1; i <= input; ++i) source += !comes_again(n.io(i));
  return {source, skipped_bytes(n.io(input))};
}

uint32_t shoal_frames(const shoal_node* node) { return node_of(node).frames(); }

shoal_fault shoal_last_fault(const shoal_node* node) {
  const shoal::Fault& f = node_of(node).fault();
  return {static_cast<shoal_status>(f.status),
          static_cast<uint8_t>(f.table),
          f.stage,
          f.index,
          f.check,
          f.layer};
}
