// A text cut at every byte and with every bit flipped, for readers of files.
#pragma once

#include <string>

namespace shoal {

// How many of the spoiled texts are refused: `message` reads one and returns
// what was wrong with it, empty if nothing.
template <class Message>
int count_refused(const std::string& good, const Message& message) {
  int refused = 0;
  for (size_t n = 0; n < good.size(); ++n) {
    refused += !message(good.substr(0, n)).empty();
  }
  for (size_t i = 0; i < 8 * good.size(); ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    refused += !message(bad).empty();
  }
  return refused;
}

}  // namespace shoal
