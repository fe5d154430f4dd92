#include "host/base/ranks/items.h"

namespace shoal {

void Items::failed(int64_t item, std::exception_ptr failure) {
  const std::lock_guard lock(failure_mutex_);
  if (failure_ && item_ <= item) return;
  item_ = item;
  failure_ = std::move(failure);
}

bool Items::has_failed() const {
  const std::lock_guard lock(failure_mutex_);
  return failure_ != nullptr;
}

void Items::check() const {
  const std::lock_guard lock(failure_mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace shoal
