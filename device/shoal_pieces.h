/* In a small arena a program may take a picture's columns piece by piece. Then
 * several of its inputs, one after the other, are of one input of the model:
 * each takes all of its rows again from the top, of each row the `row_bytes`
 * bytes (shoal_io_info) behind the first `skip_bytes`. The last piece ends with
 * the row. */
#ifndef SHOAL_DEVICE_SHOAL_PIECES_H_
#define SHOAL_DEVICE_SHOAL_PIECES_H_

#include "device/shoal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shoal_piece {
  uint32_t source; /* input of the model */
  uint32_t skip_bytes;
} shoal_piece;
shoal_piece shoal_input_piece(const shoal_node* node, uint32_t input);

#ifdef __cplusplus
}
#endif

#endif
