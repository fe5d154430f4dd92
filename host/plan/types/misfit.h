// The reason that there is no plan, as a value: searches try hundreds of plans
// that do not fit, and compare what they lack.
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
  std::string fix = {};  // the smallest change that would help, as in an Error
  // Bytes of the largest arena of the smallest plan; none for other kinds of
  // misfits.
  std::optional<int64_t> arena_bytes = {};
  // The nearest plan's time or traffic divided by its limit; none: no limit is
  // missed.
  std::optional<double> times_limit = {};

  bool operator==(const Misfit&) const = default;

  // Ends the request.
  [[noreturn]] void raise() const { throw Error(code, what, fix); }
};

// A value, or the reason that there is none.
template <typename T>
class OrMisfit {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a function returns either.
  OrMisfit(T value) : either_(std::move(value)) {}
  OrMisfit(Misfit why) : either_(std::move(why)) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return either_.index() == 0; }
  // Returns the value, which must be there.
  T& operator*() & { return std::get<0>(either_); }
  const T& operator*() const& { return std::get<0>(either_); }
  T&& operator*() && { return std::get<0>(std::move(either_)); }
  T* operator->() { return &std::get<0>(either_); }
  const T* operator->() const { return &std::get<0>(either_); }
  // Returns the reason; there must be no value.
  const Misfit& misfit() const { return std::get<1>(either_); }
  // Returns the value, or throws the misfit as an Error.
  T value() && {
    if (!*this) misfit().raise();
    return std::get<0>(std::move(either_));
  }

 private:
  std::variant<T, Misfit> either_;
};

// Returns the misfit that asks for the smaller arena; the first one if both ask
// for the same or neither asks for any. Either may be none.
inline std::optional<Misfit> lesser(std::optional<Misfit> a,
                                    std::optional<Misfit> b) {
  if (!a || !b) return a ? a : b;
  const auto bytes = [](const Misfit& m) {
    return m.arena_bytes.value_or(INT64_MAX);
  };
  return bytes(*b) < bytes(*a) ? b : a;
}

}  // namespace shoal
