// Writes the seed corpus of fuzz_node into the directory given.
#include <fstream>
#include <iostream>
#include <string>

#include "device/runtime/testing/hostile_session.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_node DIR\n";
    return 2;
  }
  shoal::test::Random random(1);
  for (int number = 0; number < 24; ++number) {
    const shoal::test::Bytes session = shoal::test::random_session(random);
    std::ofstream out(
        std::string(argv[1]) + "/session" + std::to_string(number),
        std::ios::binary);
    out.write(reinterpret_cast<const char*>(session.data()),
              static_cast<std::streamsize>(session.size()));
    if (!out) return 1;
  }
}
