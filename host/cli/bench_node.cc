#include "host/study/bench_node/bench_node.h"

#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/engine/board/emulator.h"

namespace shoal {

int bench_node_command(const BenchNodeFlags& flags) {
  BenchNodeOptions options;
  options.board = &find_board(flags.board);
  options.core = flags.core;
  options.firmware = firmware_folder();
  const QuotedKernels quoted = parse_quoted(quoted_file());
  const BenchTable table = bench_node(options, quoted);
  if (flags.json) {
    say_json_text(bench_json(table, quoted));
  } else {
    say_text(format_bench(table, quoted));
  }
  return 0;
}

}  // namespace shoal
