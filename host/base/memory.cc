#include "host/base/memory.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "host/base/size.h"

namespace shoal {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr char kFix[] =
    "allow it more memory (`ulimit -v`, or a machine that has more), or give "
    "it less to do: a smaller model or input, fewer nodes";

// Returns the number behind `name` in the beginning of a file of the kernel;
// kMost if there is no such file or number. Allocates nothing: there may be no
// memory.
int64_t number_in(const char* path, const char* name) {
  char text[4096];
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return kMost;
  const ssize_t bytes = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (bytes <= 0) return kMost;
  text[bytes] = 0;
  const char* const at = std::strstr(text, name);
  if (!at) return kMost;
  char* end = nullptr;
  const char* const digits = at + std::strlen(name);
  const int64_t number = std::strtoll(digits, &end, 10);
  return end == digits ? kMost : number;
}

int64_t address_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur > static_cast<rlim_t>(kMost)) {
    return kMost;
  }
  return static_cast<int64_t>(limit.rlim_cur);
}

// Returns the bytes that are left of the address space.
int64_t address_space() {
  const int64_t all = address_limit();
  const int64_t pages =
      all == kMost ? kMost : number_in("/proc/self/statm", "");
  if (pages == kMost) return all;
  return std::max<int64_t>(all - pages * sysconf(_SC_PAGESIZE), 0);
}

int64_t machine_memory() {
  constexpr char kFile[] = "/proc/meminfo";
  const int64_t memory = number_in(kFile, "MemAvailable:");
  const int64_t swap = number_in(kFile, "SwapFree:");
  if (memory == kMost || swap == kMost) return kMost;
  return saturated_product(memory + swap, 1024);
}

// "max" is no number.
int64_t group_memory() { return number_in("/sys/fs/cgroup/memory.max", ""); }

// Says how much was in use, since most of it is free again when the error is
// told: the limit of the address space if it has one, else the peak in memory.
std::string use_text() {
  const int64_t limit = address_limit();
  if (limit != kMost) {
    return ", more than an address space of " + format_bytes(limit) +
           " has left";
  }
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0) return "";
  return ", beside the " + format_bytes(int64_t{used.ru_maxrss} * 1024) +
         " that shoal has had";
}

std::string wanted_text(int64_t bytes, const std::string& what) {
  return (bytes == kMost ? "more bytes than can be counted"
                         : format_bytes(bytes)) +
         " wanted" + (what.empty() ? "" : " for " + what);
}

}  // namespace

int64_t available_memory() {
  return std::min({address_space(), machine_memory(), group_memory()});
}

void require_memory(int64_t bytes, const std::string& what) {
  // Reading what is available takes longer than allocating little.
  constexpr int64_t kLittle = 16 << 20;
  if (bytes <= kLittle) return;
  const int64_t available = available_memory();
  if (bytes <= available) return;
  throw Error(Exit::kInternal,
              "memory is short: " + wanted_text(bytes, what) + ", " +
                  format_bytes(available) + " are available",
              kFix);
}

int64_t saturated_product(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : product;
}

int64_t saturated_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}

Error out_of_memory(const std::bad_alloc& e, const std::string& what) {
  const auto* const known = dynamic_cast<const OutOfMemory*>(&e);
  const std::string use = what.empty() ? "" : " for " + what;
  if (!known) {
    return {Exit::kInternal, "memory is short" + use + use_text(), kFix};
  }
  const auto bytes = static_cast<int64_t>(
      std::min<uint64_t>(known->bytes(), static_cast<uint64_t>(kMost)));
  return {Exit::kInternal,
          "memory is short: " + wanted_text(bytes, what) + use_text(), kFix};
}

}  // namespace shoal
