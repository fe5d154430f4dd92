// The vector table. Interrupts of devices are not used: everything polls.
#include <cstdint>

#include "boards/startup/startup.h"

extern "C" {
void reset_handler();
void fault_handler();
void systick_handler();

using Handler = void (*)();
struct Vectors {
  uint8_t* stack;
  Handler handlers[15];
};
extern const Vectors vectors;
__attribute__((section(".vectors"), used)) const Vectors vectors = {
    handler_stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, nullptr, nullptr, nullptr, nullptr, fault_handler,
     fault_handler, nullptr, fault_handler, systick_handler}};
}
