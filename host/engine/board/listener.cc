#include "host/engine/board/listener.h"

#include <cmath>
#include <cstring>

#include "device/runtime/firing.h"
#include "host/engine/board/refusal.h"

namespace shoal {
namespace {

template <class T>
T payload_as(const ConsoleMessage& message) {
  T value;
  if (message.payload.size() < sizeof value) {
    throw Error(Exit::kNode,
                "the board's console sent a message that is too short");
  }
  std::memcpy(&value, message.payload.data(), sizeof value);
  return value;
}

}  // namespace

Listener::Listener(const Board& board, double instruction_s,
                   FiringObserver observer)
    : board_(board),
      instruction_s_(instruction_s),
      observer_(observer),
      decoder_([this](const ConsoleMessage& f) { take(f); }) {}

void Listener::take(const ConsoleMessage& f) {
  switch (f.type) {
    case ConsoleType::kHello:
      return hello(payload_as<ConsoleHello>(f));
    case ConsoleType::kOutput:
      return output(f);
    case ConsoleType::kLayer:
      return layer(payload_as<ConsoleLayer>(f));
    case ConsoleType::kFiring:
      return firing(f);
    case ConsoleType::kEnd:
      return end(payload_as<ConsoleEnd>(f));
    case ConsoleType::kRefused:
      failure_ = refusal_error(board_, payload_as<ConsoleRefused>(f));
      return;
    case ConsoleType::kFault:
      failure_ = exception_error(board_, payload_as<ConsoleFault>(f));
      return;
    case ConsoleType::kText:
      result_.said.emplace_back(f.payload.begin(), f.payload.end());
      return;
    case ConsoleType::kMemory:
    case ConsoleType::kWork:
    case ConsoleType::kStage:
      break;  // only of nodes on a network
  }
  throw Error(Exit::kNode,
              "the board's console sent a message of an unknown type");
}

void Listener::hello(const ConsoleHello& h) {
  const std::string id(h.board, strnlen(h.board, sizeof h.board));
  if (id != board_.name || h.ticks_per_second == 0) {
    throw Error(Exit::kNode, "the firmware was built for board '" + id + "'");
  }
  ticks_per_instruction_ = h.ticks_per_second * instruction_s_;
  ns_per_tick_ = 1e9 / h.ticks_per_second;
}

int64_t Listener::instructions(uint64_t ticks) const {
  return std::llround(static_cast<double>(ticks) / ticks_per_instruction_);
}

void Listener::output(const ConsoleMessage& f) {
  const auto head = payload_as<ConsoleOutput>(f);
  if (head.frame > result_.outputs.size() || head.output > 0xFFFF) {
    throw Error(Exit::kNode, "the board's console sent an output out of turn");
  }
  if (head.frame == result_.outputs.size()) result_.outputs.emplace_back();
  auto& outputs = result_.outputs[head.frame];
  if (outputs.size() <= head.output) outputs.resize(head.output + 1);
  auto& rows = outputs[head.output];
  rows.insert(rows.end(), f.payload.begin() + sizeof head, f.payload.end());
}

void Listener::layer(const ConsoleLayer& l) {
  const int index = l.layer == 0xFFFF ? -1 : l.layer;
  result_.layers[index].steps += l.steps;
  ticks_[index] += l.ticks;
  if (l.frame == 0) {
    result_.first_frame.push_back(
        {index, std::llround(l.ticks * ns_per_tick_)});
  }
}

// The rows lie packed behind the head.
void Listener::firing(const ConsoleMessage& f) {
  const auto head = payload_as<ConsoleFiring>(f);
  if (head.y0 > head.y1 || head.x0 > head.x1 || head.c0 > head.c1 ||
      (head.element_bytes != 1 && head.element_bytes != sizeof(int16_t) &&
       head.element_bytes != sizeof(int32_t))) {
    throw Error(Exit::kNode,
                "the board's console reported a firing that cannot be right");
  }
  Firing firing{};
  firing.stage = head.stage;
  firing.actor = head.actor;
  firing.element_bytes = static_cast<uint8_t>(head.element_bytes);
  firing.y0 = head.y0, firing.y1 = head.y1;
  firing.x0 = head.x0, firing.x1 = head.x1;
  firing.c0 = head.c0, firing.c1 = head.c1;
  firing.pixel_bytes =
      static_cast<uint32_t>(head.c1 - head.c0) * head.element_bytes;
  const uint64_t rows = head.y1 - head.y0;
  const uint64_t row_bytes = uint64_t{head.x1 - head.x0} * firing.pixel_bytes;
  firing.row_bytes = static_cast<uint32_t>(row_bytes);
  if (row_bytes > kMaxConsolePayload ||
      f.payload.size() != sizeof head + rows * row_bytes) {
    throw Error(Exit::kNode,
                "the board's console reported a firing of a wrong size");
  }
  firing.memory = f.payload.data() + sizeof head;
  firing.first_row = 0u - head.y0;
  firing.slots = 0xFFFFFFFF;  // all rows
  if (observer_.call) observer_.call(observer_.user, &firing);
}

void Listener::end(const ConsoleEnd& e) {
  const auto wide = [](uint32_t low, uint32_t high) {
    return uint64_t{high} << 32 | low;
  };
  result_.end = e;
  static_assert(sizeof result_.memory == sizeof e.memory);
  std::memcpy(&result_.memory, e.memory, sizeof e.memory);
  result_.load_instructions =
      instructions(wide(e.load_ticks_low, e.load_ticks_high));
  result_.frame_instructions =
      instructions(wide(e.frame_ticks_low, e.frame_ticks_high));
  for (auto& [index, count] : result_.layers) {
    count.instructions = instructions(ticks_[index]);
  }
  done_ = true;
}

}  // namespace shoal
