// Work in numbered, independent items, as its workers see it: threads of this
// process, or of other ranks (team.h). All of it is thread-safe.
//
//   while (const std::optional<int64_t> item = items.next()) {
//     items.done(*item, result_of(*item));
//   }
#pragma once

#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>

namespace shoal {

class Items {
 public:
  Items() = default;
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;
  virtual ~Items() = default;

  // Returns the next one, in ascending order; none: there are no more.
  virtual std::optional<int64_t> next() = 0;
  // Takes the result of an item.
  virtual void done(int64_t item, std::span<const uint8_t> result) = 0;
  // Nothing more is handed out.
  virtual void failed(int64_t item, std::exception_ptr);

  bool has_failed() const;
  // Throws what was wrong with the lowest item that failed. All those before
  // it have been done or have failed: they were handed out before.
  void check() const;

 private:
  mutable std::mutex failure_mutex_;
  int64_t item_ = 0;
  std::exception_ptr failure_;
};

}  // namespace shoal
