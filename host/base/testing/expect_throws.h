// Tests say here which Error a call has to throw.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/base/error.h"

namespace shoal {

// Expects this code, and `part` in the error's text.
template <class Call>
void expect_throws(const Call& call, Exit code, const std::string& part = "") {
  try {
    call();
    ADD_FAILURE() << "no error: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << error.what();
  }
}

}  // namespace shoal
