#include "host/board/said_board.h"

#include <algorithm>

namespace shoal {

const Board* said_board(const std::string& said) {
  const std::vector<std::string> ids = board_ids();
  return std::ranges::count(ids, said) ? &find_board(said) : nullptr;
}

}  // namespace shoal
