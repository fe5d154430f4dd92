// Tests make one thing wrong with a file here, and name the error that says so.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "host/base/error.h"

namespace shoal {

// `break_it` changes a right file, of which an importer then says `what`.
template <class... Made>
struct BrokenModel {
  const char* name;
  std::function<void(Made&...)> break_it;
  const char* what;
  Exit code = Exit::kCorrupt;
};
template <class... Made>
void PrintTo(const BrokenModel<Made...>& c, std::ostream* out) {
  *out << c.name;
}

// Expects the case's error of `import`, `before` being what stands in front of
// its words.
template <class... Made>
void expect_broken(const BrokenModel<Made...>& c,
                   const std::function<void()>& import,
                   const std::string& before = "") {
  try {
    import();
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), before + c.what);
    EXPECT_EQ(error.code(), c.code);
  }
}

}  // namespace shoal
