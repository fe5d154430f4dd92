/**
 * @file
 * Inputs that a program takes in pieces. In a small arena a program may take a
 * picture's columns piece by piece. Several of its inputs then belong to one
 * input of the model: each takes all rows again from the top, and of each row
 * the shoal_io_info::row_bytes bytes behind the first skip_bytes. The last
 * piece ends with the row.
 */
#ifndef SHOAL_DEVICE_SHOAL_PIECES_H_
#define SHOAL_DEVICE_SHOAL_PIECES_H_

#include "device/shoal.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The part of an input of the model that an input of the program takes. */
typedef struct shoal_piece {
  uint32_t source;     /**< number of the model's input */
  uint32_t skip_bytes; /**< bytes of each row before the piece */
} shoal_piece;

/** Returns the piece that an input takes.
 * @param node  an open node
 * @param input number of the input, below shoal_inputs()
 * @return the piece; zeros if there is no such input. Of an input that is taken
 *         whole, skip_bytes is 0. */
shoal_piece shoal_input_piece(const shoal_node* node, uint32_t input);

#ifdef __cplusplus
}
#endif

#endif
