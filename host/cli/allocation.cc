// operator new of the executable. That of mimalloc, which shoal links where it
// is there, ends the process by abort() when there is no memory: it was
// compiled as C, so it can neither throw nor see a new_handler. This one takes
// the memory from malloc(), which is mimalloc's as well, and throws what the
// standard promises, with the number of bytes.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "host/cli/memory_short.h"

namespace {

void* allocated(size_t bytes) {
  if (void* const p = std::malloc(bytes ? bytes : 1)) return p;
  shoal::throw_out_of_memory(bytes);
}

void* aligned(size_t bytes, std::align_val_t alignment) noexcept {
  const size_t least = sizeof(void*), wanted = static_cast<size_t>(alignment);
  void* p = nullptr;
  const int failed =
      posix_memalign(&p, wanted < least ? least : wanted, bytes ? bytes : 1);
  return failed ? nullptr : p;
}

void* allocated(size_t bytes, std::align_val_t alignment) {
  if (void* const p = aligned(bytes, alignment)) return p;
  shoal::throw_out_of_memory(bytes);
}

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads): each has its delete below
void* operator new(size_t n) { return allocated(n); }
void* operator new[](size_t n) { return allocated(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept {
  return std::malloc(n ? n : 1);
}
void* operator new[](size_t n, const std::nothrow_t&) noexcept {
  return std::malloc(n ? n : 1);
}
void* operator new(size_t n, std::align_val_t a) { return allocated(n, a); }
void* operator new[](size_t n, std::align_val_t a) { return allocated(n, a); }
void* operator new(size_t n, std::align_val_t a,
                   const std::nothrow_t&) noexcept {
  return aligned(n, a);
}
void* operator new[](size_t n, std::align_val_t a,
                     const std::nothrow_t&) noexcept {
  return aligned(n, a);
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t,
                     const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::align_val_t,
                       const std::nothrow_t&) noexcept {
  std::free(p);
}
// NOLINTEND(misc-new-delete-overloads)
