// Writes the seed corpus of fuzz_truth: seed_truth DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"

namespace {

// Grey of 2 x 2 pixels.
constexpr uint8_t kPng[] = {
    2,  137, 80, 78,  71,  13, 10, 26, 10,  0,  0,  0,  13,  73,  72,
    68, 82,  0,  0,   0,   2,  0,  0,  0,   2,  8,  0,  0,   0,   0,
    87, 221, 82, 248, 0,   0,  0,  14, 73,  68, 65, 84, 120, 156, 99,
    96, 100, 98, 96,  254, 15, 0,  1,  24,  1,  6,  50, 69,  227, 95,
    0,  0,   0,  0,   73,  69, 78, 68, 174, 66, 96, 130};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_truth DIR\n");
    return 2;
  }
  const std::string folder = argv[1];
  try {
    shoal::write_file(
        folder + "/coco",
        std::string(1, '\0') +
            R"({"images":[{"id":1,"file_name":"a","width":9,"height":9},)"
            R"({"id":2,"file_name":"d/b"}],"categories":[{"id":3,"name":"c"}],)"
            R"("annotations":[{"image_id":1,"category_id":3,"bbox":[1,2,3,4],)"
            R"("iscrowd":0,"segmentation":[[1,2]]}]})");
    shoal::write_file(folder + "/yolo",
                      std::string("\1"
                                  "3 0.5 0.25 0.5 1\r\n0 1 1 0 0\n"));
    shoal::write_file(folder + "/png", {kPng, sizeof kPng});
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
