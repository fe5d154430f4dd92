#include "host/cli/memory_short.h"

#include <alloca.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

// The bytes that could not be had last; 0: nothing was refused.
std::atomic<size_t> refused_bytes = 0;

// Allocates nothing.
[[noreturn]] void end_short() {
  char text[200];
  const int length =
      prints_errors_as_json()
          ? std::snprintf(
                text, sizeof text,
                R"({"error":{"code":%d,"kind":"internal","message":"memory is )"
                R"(short: %zu bytes wanted","help":"allow it more memory )"
                "(`ulimit -v`)\"}}\n",
                static_cast<int>(Exit::kInternal), refused_bytes.load())
          : std::snprintf(
                text, sizeof text,
                "shoal: memory is short: %zu bytes wanted\n  allow it more "
                "memory (`ulimit -v`)\n",
                refused_bytes.load());
  const ssize_t written =
      ::write(STDERR_FILENO, text, static_cast<size_t>(length));
  static_cast<void>(written);
  _exit(static_cast<int>(Exit::kInternal));
}

[[noreturn]] void on_terminate() {
  if (refused_bytes != 0) {
    const std::exception_ptr thrown = std::current_exception();
    // There may be no memory for what is thrown; then nothing is.
    if (!thrown) end_short();
    try {
      std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
      end_short();
    } catch (...) {
      // The abort below shows it.
    }
  }
  std::abort();
}

constexpr size_t kStack = 1 << 20;

// A stack that cannot grow ends the process by a signal: this tells before.
void require_room_for_stack() {
  void* const room = mmap(nullptr, kStack, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw_out_of_memory(kStack);
  munmap(room, kStack);
}

// The kernel extends the mapping down to the byte; what lies between is not
// in memory before it is used.
[[gnu::noinline]] void extend_stack() {
  auto* const lowest = static_cast<volatile char*>(alloca(kStack));
  *lowest = 0;
}

}  // namespace

void throw_out_of_memory(size_t bytes) {
  refused_bytes = bytes;
  std::set_terminate(on_terminate);
  throw OutOfMemory(bytes);
}

void prepare_for_short_memory() {
  require_room_for_stack();
  extend_stack();
}

}  // namespace shoal
