// When memory runs out: an error that says how much was wanted and for what.
// What is large and known before is asked for with require_memory(), so that a
// size that cannot be had is refused before anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>

#include "host/base/error.h"

namespace shoal {

// The executable's operator new throws this.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(size_t bytes) : bytes_(bytes) {}
  const char* what() const noexcept override { return "out of memory"; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_;
};

// Returns the bytes that the process may still allocate: the least of what its
// limit of address space leaves, of the machine's free memory and swap, and of
// what its control group's limit leaves.
int64_t available_memory();

// Throws Error(kInternal) naming `bytes` and `what` unless that many are
// available. Bytes of INT64_MAX stand for more than can be counted.
void require_memory(int64_t bytes, const std::string& what);

// Return a * b and a + b, or INT64_MAX for more. Neither may be negative.
int64_t saturated_product(int64_t a, int64_t b);
int64_t saturated_sum(int64_t a, int64_t b);

// `what` is what the memory was for; empty if that is not known.
Error out_of_memory(const std::bad_alloc&, const std::string& what);

// Returns the result of work() and throws what it throws. Where memory is
// short, it throws Error(kInternal) that names `what`, unless the work said
// more.
template <class Work>
auto with_memory_for(const std::string& what, Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc& e) {
    throw out_of_memory(e, what);
  } catch (const std::length_error&) {
    // A standard container throws it for more elements than addresses.
    throw out_of_memory(OutOfMemory(SIZE_MAX), what);
  }
}

}  // namespace shoal
