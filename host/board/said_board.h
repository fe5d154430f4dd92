// Boards by what nodes say of themselves.
#pragma once

#include <string>

#include "host/board/board.h"

namespace shoal {

// Returns the board that a node says it is; null: none of those that there are.
// A node names no files of this computer.
const Board* said_board(const std::string& said);

}  // namespace shoal
