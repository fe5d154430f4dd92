// A storage that a node on this computer reads: shoal_storage, and what the
// driver of the node needs to sleep while nothing else can be done.
#pragma once

#include <cstdint>
#include <string>

#include "device/shoal.h"

namespace shoal {

class HostStorage {
 public:
  HostStorage() = default;
  HostStorage(const HostStorage&) = delete;
  HostStorage& operator=(const HostStorage&) = delete;
  virtual ~HostStorage() = default;

  // `user` points to this, so it must outlive the node.
  virtual const shoal_storage& storage() const = 0;
  // The bytes that can be read; offset 0 is the image's first byte.
  virtual uint32_t bytes() const = 0;
  // Returns whether an operation was started whose end no poll has seen.
  virtual bool busy() const = 0;
  // Returns why it serves nothing more; empty: it does.
  virtual std::string failure() const { return {}; }
  // Returns when polling is of use again.
  virtual void wait() = 0;
};

}  // namespace shoal
