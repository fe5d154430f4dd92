/* Which class a grey picture (P5, no comment) shows. The program comes from
 *   shoal build models/fashion_mobilenet_v2.tflite --no-encrypt --store DIR */
#include <stdio.h>
#include <stdlib.h>

#include "device/shoal.h"

static _Alignas(16) uint8_t image[2 << 20], arena[1 << 18], picture[1 << 16];
static int8_t scores[1000];
static shoal_node node;

static void check(int good, const char* otherwise) {
  if (!good) exit((fprintf(stderr, "%s\n", otherwise), 1));
}

int main(int argc, char** argv) {
  FILE* program = argc == 3 ? fopen(argv[1], "rb") : NULL;
  FILE* pgm = argc == 3 ? fopen(argv[2], "rb") : NULL;
  check(program && pgm, "usage: classify DIR/node0.program PICTURE.pgm");
  const size_t bytes = fread(image, 1, sizeof image, program);
  const shoal_config config = {.image = image, .image_bytes = (uint32_t)bytes};
  shoal_status status = shoal_open(&node, &config, arena, sizeof arena);
  check(status >= 0, shoal_status_text(status));
  const shoal_io_info in = shoal_input_info(&node, 0);
  unsigned w, h, max, best = 0, n = shoal_output_info(&node, 0).row_bytes;
  check(fscanf(pgm, "P5 %u %u %u%*c", &w, &h, &max) == 3 && max == 255 &&
            w == in.row_bytes && h == in.rows && n <= sizeof scores &&
            w * h <= sizeof picture && fread(picture, w * h, 1, pgm),
        "not a grey picture of the network's size");
  for (uint32_t i = 0; i < sizeof picture; ++i) picture[i] ^= 0x80; /* int8 */
  for (uint32_t sent = 0; status >= 0 && !shoal_take_rows(&node, 0, scores, 1);
       status = shoal_step(&node)) {
    sent += shoal_push_rows(&node, 0, picture + sent * in.row_bytes,
                            in.rows - sent);
  }
  check(status >= 0, shoal_status_text(status));
  for (unsigned i = 1; i < n; ++i) best = scores[i] > scores[best] ? i : best;
  printf("class %u, score %d\n", best, scores[best]);
}
