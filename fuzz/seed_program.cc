// Writes the seed corpus of fuzz_program into the directory given: programs of
// all versions.
#include <fstream>
#include <iostream>
#include <set>
#include <string>

#include "device/runtime/testing/int4_twin.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/sample_programs.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seed_program DIR\n";
    return 2;
  }
  constexpr uint32_t kRoom = 256;  // of weights of four bits, unpacked
  std::vector<shoal::test::ProgramBuilder> programs;
  for (const shoal::test::Sample& s : shoal::test::sample_programs()) {
    programs.push_back(s.program);
    programs.push_back(in_banks(s.program, true));
    programs.push_back(in_int4(s.program, kRoom));
  }
  for (shoal::test::LinkedSample& s : shoal::test::linked_samples()) {
    link_programs(s.programs);
    programs.push_back(s.programs.nodes.back());
  }
  std::set<shoal::test::Bytes> images;  // some have nothing to put elsewhere
  int number = 0;
  for (shoal::test::ProgramBuilder& p : programs) {
    shoal::test::Bytes image = p.build();
    image.insert(image.begin(), p.mapped ? 3 : 2);
    if (!images.insert(image).second) continue;
    std::ofstream out(
        std::string(argv[1]) + "/program" + std::to_string(number++),
        std::ios::binary);
    out.write(reinterpret_cast<const char*>(image.data()),
              static_cast<std::streamsize>(image.size()));
    if (!out) return 1;
  }
}
