// Which classes grey pictures (P5, of the network's size, no comment) show, by
// one node, one frame after another:
//   shoal build models/fashion_mobilenet_v2.tflite --no-encrypt --store DIR
//   classify_frames DIR/node0.program picture.pgm...
#include <algorithm>
#include <cstdio>
#include <vector>

#include "device/shoal.hpp"

alignas(16) static uint8_t image[2 << 20], arena[1 << 18];
static shoal::device::Node node;

static int wrong(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 3) return wrong("usage: classify_frames PROGRAM PICTURE...");
  std::FILE* program = std::fopen(argv[1], "rb");
  if (!program) return wrong(argv[1]);
  const size_t bytes = std::fread(image, 1, sizeof image, program);
  std::fclose(program);
  if (auto s = node.open_mapped({image, bytes}, arena); !s)
    return wrong(s.text());
  const shoal_io_info in = node.input(0), out = node.output(0);
  std::vector<int8_t> picture(size_t{in.rows} * in.row_bytes);
  std::vector<int8_t> scores(size_t{out.rows} * out.row_bytes);
  for (int i = 2; i < argc; ++i) {
    std::FILE* pgm = std::fopen(argv[i], "rb");
    unsigned wide = 0, high = 0, max = 0;
    if (!pgm || std::fscanf(pgm, "P5 %u %u %u%*c", &wide, &high, &max) != 3 ||
        max != 255 || wide != in.row_bytes || high != in.rows ||
        std::fread(picture.data(), 1, picture.size(), pgm) != picture.size()) {
      return wrong("not a grey picture of the network's size");
    }
    std::fclose(pgm);
    for (int8_t& pixel : picture) pixel = static_cast<int8_t>(pixel ^ 0x80);
    if (auto s = node.run(picture, scores); !s) return wrong(s.text());
    const auto best = std::max_element(scores.begin(), scores.end());
    std::printf("class %d, score %d\n", int(best - scores.begin()), *best);
  }
}
