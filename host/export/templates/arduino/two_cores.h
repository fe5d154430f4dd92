#if defined(ARDUINO_ARCH_RP2040) || defined(ARDUINO_ARCH_ESP32)
#ifndef SHOAL_TWO_CORES
#define SHOAL_TWO_CORES
#endif
#endif
