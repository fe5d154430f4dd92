#include "host/engine/board/board_engine.h"

#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/trace_collector.h"

namespace shoal {

BoardEngine::BoardEngine(std::shared_ptr<const Prepared> prepared,
                         EmulateOptions options, bool traced)
    : prepared_(std::move(prepared)),
      options_(std::move(options)),
      traced_(traced) {}

// The board's word may be anything.
void BoardEngine::require_sense(size_t frames) const {
  const Emulated& e = result_;
  const shoal_memory& m = e.memory;
  const bool known_layers =
      e.layers.empty() ||
      e.layers.rbegin()->first < static_cast<int>(prepared_->net.layers.size());
  if (e.outputs.size() != frames || !known_layers ||
      e.end.arena_bytes > e.end.arena_available ||
      m.stack_bytes > m.fixed_bytes ||
      m.handler_stack_bytes > m.fixed_bytes - m.stack_bytes) {
    throw Error(Exit::kNode, options_.board->name +
                                 ": it reports counters that cannot be right");
  }
  const uint32_t planned = prepared_->plan.nodes[0].arena_bytes;
  if (e.end.arena_bytes != planned || e.end.arena_touched > planned) {
    throw Error(Exit::kInternal,
                "the board touched " + format_bytes(e.end.arena_touched) +
                    " of arena, the plan has " + format_bytes(planned));
  }
}

void BoardEngine::stream(const Next& next, const Take& take) {
  const Prepared& p = *prepared_;
  std::vector<Bytes> rows;
  Bytes last;
  while (const std::optional<Bytes> input = next()) {
    rows.push_back(frame_rows(p.graph, p.net, *input));
    last = *input;
  }
  if (rows.empty()) return;
  std::optional<TraceCollector> trace;
  if (traced_) trace.emplace(p.graph, p.net, p.plan);
  EmulateOptions options = options_;
  if (trace) options.observer = trace->observer();
  result_ =
      emulate(options, storage_image(options.board->name, p.images[0], rows,
                                     options.board->emulator->storage_bytes));
  require_sense(rows.size());
  frames_ += static_cast<int64_t>(rows.size());
  for (size_t f = 0; f < rows.size(); ++f) {
    const Bytes output = file_outputs(p.graph, p.net, result_.outputs[f]);
    Answer answer{output};
    if (trace && f + 1 == rows.size()) {
      answer.values = [&] { return trace->values(last); };
    }
    take(answer);
  }
}

EngineReport BoardEngine::report() const {
  EngineReport r;
  r.what = "board " + options_.board->name;
  r.where = "emulated";
  r.nodes = engine_nodes(prepared_->plan);
  r.prepared = prepared_;
  r.frames = r.runs = frames_;
  return r;
}

}  // namespace shoal
