#include "boards/startup/startup.h"

namespace shoal {
namespace {

constexpr uint32_t kPaint = 0xC5C5C5C5;

// The bytes that an overflowing stack may step over at once.
constexpr uint32_t kLargestFrame = 4096;

// Bytes of prepare_memory()'s own that lie below its frame address.
constexpr uint32_t kOwnFrame = 128;

uint32_t distance(const uint8_t* from, const uint8_t* to) {
  return address_of(to) - address_of(from);
}

uint32_t stack_used(const uint8_t* bottom, const uint8_t* top) {
  const auto* word = reinterpret_cast<const uint32_t*>(bottom);
  const auto* end = reinterpret_cast<const uint32_t*>(top);
  while (word < end && *word == kPaint) ++word;
  return distance(reinterpret_cast<const uint8_t*>(word), top);
}

void fill(uint8_t* from, uint8_t* to, uint32_t value) {
  auto* word = reinterpret_cast<volatile uint32_t*>(from);
  auto* end = reinterpret_cast<volatile uint32_t*>(to);
  while (word < end) *word++ = value;
}

}  // namespace

void measure_memory(shoal_memory* m) {
  m->sram_bytes = distance(sram_begin, sram_end);
  m->fixed_bytes = distance(sram_begin, arena_begin);
  m->stack_bytes = distance(stack_bottom, stack_top);
  m->stack_used = stack_used(stack_bottom, stack_top);
  m->handler_stack_bytes = distance(handler_stack_bottom, handler_stack_top);
  m->handler_stack_used = stack_used(handler_stack_bottom, handler_stack_top);
  m->flash_bytes = distance(flash_begin, flash_end);
  m->flash_used = distance(flash_begin, flash_used_end);
}

bool is_below_stack(uint32_t address) {
  const uint32_t bottom = address_of(stack_bottom);
  return address < bottom && address + kLargestFrame >= bottom;
}

}  // namespace shoal

extern "C" __attribute__((used, noinline)) void prepare_memory() {
  using namespace shoal;
  const volatile uint8_t* from = data_load;
  for (uint8_t* to = data_begin; to < data_end; ++to, ++from) *to = *from;
  fill(bss_begin, bss_end, 0);
  fill(stack_bottom, stack_top, kPaint);
  // The memory above the stack pointer is in use.
  auto* here = static_cast<uint8_t*>(__builtin_frame_address(0));
  fill(handler_stack_bottom, here - kOwnFrame, kPaint);
}
