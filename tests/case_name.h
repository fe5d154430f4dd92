// Names of the cases of parametrized tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace shoal {

// Returns the text without dashes, which GoogleTest does not take.
inline std::string case_name(std::string text) {
  std::erase(text, '-');
  return text;
}

// Names a case by its parameter, the identifier of a board.
inline constexpr auto kNameOfBoard = [](const auto& info) {
  return case_name(info.param);
};

}  // namespace shoal
