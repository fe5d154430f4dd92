#include "host/bench_node/bench_node.h"

#include <cstdio>

#include "host/cli/common.h"
#include "host/emulate/emulate.h"

namespace shoal {

int bench_node_command(const BenchNodeFlags& flags) {
  BenchNodeOptions options;
  options.board = &find_board(flags.board);
  options.build = own_build_folder();
  const Peer peer = parse_peer(peer_file());
  const BenchTable table = bench_node(options, peer);
  const std::string text =
      flags.json ? bench_json(table, peer) : format_bench(table, peer);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace shoal
