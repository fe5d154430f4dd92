// Why there is no plan, as a value: searches try hundreds of plans that do not
// fit, and compare what they lack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "host/base/error.h"

namespace shoal {

struct Misfit {
  Exit code = Exit::kDoesNotFit;
  std::string what;      // names the thing, the value and the budget
  std::string fix = {};  // the smallest change that would help, as of an Error
  // Bytes of the largest arena of the smallest plan; none: the misfit is of
  // another kind.
  std::optional<int64_t> arena_bytes = {};
  // How many times a limit of time or traffic the nearest plan takes; none: no
  // limit is missed.
  std::optional<double> times_limit = {};

  bool operator==(const Misfit&) const = default;

  // Ends a request.
  [[noreturn]] void raise() const { throw Error(code, what, fix); }
};

// A value, or why there is none.
template <typename T>
class OrMisfit {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a function returns either.
  OrMisfit(T value) : either_(std::move(value)) {}
  OrMisfit(Misfit why) : either_(std::move(why)) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return either_.index() == 0; }
  // The value, which must be there.
  T& operator*() & { return std::get<0>(either_); }
  const T& operator*() const& { return std::get<0>(either_); }
  T&& operator*() && { return std::get<0>(std::move(either_)); }
  T* operator->() { return &std::get<0>(either_); }
  const T* operator->() const { return &std::get<0>(either_); }
  // Why there is no value, which must not be there.
  const Misfit& misfit() const { return std::get<1>(either_); }
  // Returns the value, or throws the misfit as an Error.
  T value() && {
    if (!*this) misfit().raise();
    return std::get<0>(std::move(either_));
  }

 private:
  std::variant<T, Misfit> either_;
};

// Returns the misfit that asks for the smaller arena; the first if both ask for
// the same, or if neither asks for any. Either may be none.
inline std::optional<Misfit> lesser(std::optional<Misfit> a,
                                    std::optional<Misfit> b) {
  if (!a || !b) return a ? a : b;
  const auto bytes = [](const Misfit& m) {
    return m.arena_bytes.value_or(INT64_MAX);
  };
  return bytes(*b) < bytes(*a) ? b : a;
}

}  // namespace shoal
