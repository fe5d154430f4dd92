// The values of a net's variables between two frames. A sequence can go on from
// them on other nodes, by another plan.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

class VariableValues {
 public:
  // The initial values.
  explicit VariableValues(const Net&);

  // Returns the bytes of a node's box, row by row.
  std::vector<uint8_t> box(const PlanVariable&) const;
  // Takes bytes of it, from `offset` on.
  void put(const PlanVariable&, uint32_t offset, std::span<const uint8_t>);
  int64_t bytes() const;
  // Returns all of them, one behind the other; set_all() takes that, and
  // returns whether there are as many.
  std::vector<uint8_t> all() const;
  bool set_all(std::span<const uint8_t>);
  // Returns whether they are the variables of this net.
  bool belong_to(const Net&) const;

 private:
  struct Value {
    Box whole;
    std::vector<uint8_t> bytes;
  };
  std::vector<Value> values_;
};

}  // namespace shoal
