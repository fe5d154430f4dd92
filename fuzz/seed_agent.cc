// Writes the seed corpus of fuzz_agent into the directory given.
#include <fstream>
#include <iostream>
#include <string>

#include "device/agent/testing/hostile_talk.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_agent DIR\n";
    return 2;
  }
  shoal::test::Random random(1);
  for (int number = 0; number < 24; ++number) {
    const shoal::test::Bytes talk = shoal::test::random_talk(random);
    std::ofstream out(std::string(argv[1]) + "/talk" + std::to_string(number),
                      std::ios::binary);
    out.write(reinterpret_cast<const char*>(talk.data()),
              static_cast<std::streamsize>(talk.size()));
    if (!out) return 1;
  }
}
