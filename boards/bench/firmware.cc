// The measuring firmware: takes the place of boards/firmware, on the same
// boards.
#include "boards/firmware/firmware.h"

#include "boards/bench/ciphers.h"
#include "boards/bench/handshake.h"
#include "boards/bench/measure.h"
#include "boards/bench/messages.h"
#include "boards/firmware/console_writer.h"

namespace shoal {
namespace {

constexpr uint32_t kTrialTurns = 1000000;

// Two instructions a turn.
void turn(uint32_t turns) {
#if defined(__riscv)
  __asm__ volatile(
      "1: addi %0, %0, -1\n"
      "bnez %0, 1b\n"
      : "+r"(turns));
#else
  __asm__ volatile(
      "1: subs %0, %0, #1\n"
      "bne 1b\n"
      : "+r"(turns)::"cc");
#endif
}

void copy_name(char (&to)[16], const char* from) {
  for (unsigned i = 0; i < sizeof to && *from; ++i) to[i] = *from++;
}

BenchCountMessage count_frame(const BenchRows& r) {
  return {r.rows, r.calls, static_cast<uint32_t>(r.ticks),
          static_cast<uint32_t>(r.ticks >> 32)};
}

uint64_t elapsed(const shoal_port& port, uint32_t turns) {
  const uint64_t begin = port.read_ticks(port.user);
  if (turns) turn(turns);
  return port.read_ticks(port.user) - begin;
}

void send_begin(const shoal_port& port, ConsoleWriter& console,
                uint64_t empty) {
  ConsoleHello hello{};
  copy_name(hello.board, port.board);
  hello.ticks_per_second = port.ticks_per_second;
  console.send(ConsoleType::kHello, hello);
  BenchBeginMessage b{};
  copy_name(b.kernels, best_kernels().name);
  b.layers = kBenchLayerCount;
  b.trial_instructions = 2 * kTrialTurns;
  b.trial_ticks = static_cast<uint32_t>(elapsed(port, kTrialTurns) - empty);
  console.send(kBenchBegin, b);
}

// Comes before all kernels, so that the stack used so far is the handshake's.
void send_handshake(const shoal_port& port, ConsoleWriter& console,
                    const BenchClock& clock) {
  const BenchHandshakeResult h = measure_handshake(x25519_everest(), clock);
  shoal_memory memory;
  port.measure_memory(port.user, &memory);
  console.send(kBenchHandshake,
               BenchHandshakeMessage{static_cast<uint32_t>(h.ticks),
                                     static_cast<uint32_t>(h.ticks >> 32),
                                     memory.stack_used, h.checksum});
}

}  // namespace

int run_firmware(const shoal_port& port) {
  ConsoleWriter console(port);
  const BenchClock clock{port.read_ticks, port.user, elapsed(port, 0)};
  send_begin(port, console, clock.empty);
  if (port.arena_bytes < kBenchMemory) return kExitRefused;
  send_handshake(port, console, clock);
  for (uint32_t i = 0; i < kBenchLayerCount; ++i) {
    const BenchResult r = measure_layer(kBenchLayers[i], best_kernels(), clock,
                                        static_cast<uint8_t*>(port.arena));
    console.send(
        kBenchLayer,
        BenchLayerMessage{i, count_frame(r.interior), count_frame(r.border),
                          count_frame(r.band), r.checksum});
  }
  for (uint32_t i = 0; i < kBenchCipherCount; ++i) {
    const BenchCipherResult r = measure_cipher(
        kBenchCiphers[i], clock, static_cast<uint8_t*>(port.arena));
    console.send(
        kBenchCipher,
        BenchCipherMessage{i, static_cast<uint32_t>(r.ticks),
                           static_cast<uint32_t>(r.ticks >> 32), r.checksum});
  }
  console.send(kBenchEnd, BenchEndMessage{kBenchLayerCount});
  return kExitDone;
}

void send_fault(const shoal_port& port, const ConsoleFault& fault) {
  ConsoleWriter(port).send(ConsoleType::kFault, fault);
}

}  // namespace shoal
