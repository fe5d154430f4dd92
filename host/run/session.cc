#include "host/run/session.h"

#include "device/base/status.h"
#include "host/base/error.h"
#include "host/run/frame.h"

namespace shoal {
namespace {

int64_t tensor_bytes(const Graph& graph, int tensor) {
  const Tensor& t = graph.tensors[static_cast<size_t>(tensor)];
  return element_count(t.shape) * type_bytes(t.type);
}

// An input on its way into the node: rows are made one at a time.
struct Source {
  explicit Source(const FrameReader& r)
      : reader(r), row(static_cast<size_t>(r.row_bytes())) {}
  FrameReader reader;
  int next = 0;
  std::vector<int8_t> row;
  bool pending = false;  // `row` holds row `next`
};
struct Sink {
  explicit Sink(const FrameWriter& w)
      : writer(w), row(static_cast<size_t>(w.row_bytes())) {}
  FrameWriter writer;
  int next = 0;
  std::vector<int8_t> row;
};

bool push(shoal_node* node, uint32_t input, Source& s) {
  bool moved = false;
  while (s.next < s.reader.rows()) {
    if (!s.pending) s.reader.read(s.next, s.row.data());
    s.pending = true;
    if (shoal_push_rows(node, input, s.row.data(), 1) == 0) break;
    s.pending = false;
    ++s.next;
    moved = true;
  }
  return moved;
}

bool take(shoal_node* node, uint32_t output, Sink& s) {
  bool moved = false;
  while (s.next < s.writer.rows() &&
         shoal_take_rows(node, output, s.row.data(), 1) == 1) {
    s.writer.write(s.next++, s.row.data());
    moved = true;
  }
  return moved;
}

}  // namespace

int64_t input_bytes(const Graph& graph) {
  int64_t sum = 0;
  for (const int t : graph.inputs) sum += tensor_bytes(graph, t);
  return sum;
}

Session::Session(const Graph& graph, const Net& net,
                 std::span<const uint8_t> image, uint32_t arena_bytes, Tap tap)
    : graph_(graph), net_(net), arena_(arena_bytes) {
  shoal_config config{};
  config.image = image.data();
  config.image_bytes = static_cast<uint32_t>(image.size());
  config.tap = tap.call;
  config.tap_user = tap.user;
  check(shoal_open(&node_, &config, arena_.data(), arena_bytes), "open");
}

Session::Session(const Graph& graph, const Net& net, StoredImage& stored,
                 uint32_t arena_bytes, Tap tap)
    : graph_(graph), net_(net), stored_(&stored), arena_(arena_bytes) {
  shoal_config config{};
  config.image_bytes = stored.bytes();
  config.storage = &stored.storage();
  config.tap = tap.call;
  config.tap_user = tap.user;
  check(shoal_open(&node_, &config, arena_.data(), arena_bytes), "open");
  load();
}

void Session::load() {
  while (shoal_outputs(&node_) == 0) {
    const bool reading = stored_->busy();
    check(shoal_step(&node_), "load");
    if (!reading) throw Error(Exit::kInternal, "the node is stuck");
  }
}

void Session::check(int status, const char* doing) const {
  if (status == SHOAL_OK || status == SHOAL_WAIT) return;
  const shoal_fault why = shoal_why(&node_);
  throw Error(Exit::kCorrupt, std::string("the program failed to ") + doing +
                                  ": status " + std::to_string(status) +
                                  ", stage " + std::to_string(why.stage) +
                                  ", table " + std::to_string(why.table) +
                                  ", entry " + std::to_string(why.index) +
                                  ", check " + std::to_string(why.check));
}

std::vector<uint8_t> Session::run(std::span<const uint8_t> input) {
  if (static_cast<int64_t>(input.size()) != input_bytes(graph_)) {
    throw Error(Exit::kUsage, "the input has " + std::to_string(input.size()) +
                                  " bytes, the model wants " +
                                  std::to_string(input_bytes(graph_)));
  }
  std::vector<Source> sources;
  size_t at = 0;
  for (const NetIo& io : net_.inputs) {
    const auto bytes =
        static_cast<size_t>(tensor_bytes(graph_, io.file_tensor));
    sources.emplace_back(FrameReader(graph_, io, input.subspan(at, bytes)));
    at += bytes;
  }
  size_t total = 0;
  for (const int t : graph_.outputs) {
    total += static_cast<size_t>(tensor_bytes(graph_, t));
  }
  std::vector<uint8_t> output(total);
  std::vector<Sink> sinks;
  at = 0;
  for (const NetIo& io : net_.outputs) {
    const auto bytes =
        static_cast<size_t>(tensor_bytes(graph_, io.file_tensor));
    sinks.emplace_back(
        FrameWriter(graph_, io, std::span(output).subspan(at, bytes)));
    at += bytes;
  }
  for (;;) {
    bool moved = false;
    for (size_t i = 0; i < sources.size(); ++i) {
      moved |= push(&node_, static_cast<uint32_t>(i), sources[i]);
    }
    int status = shoal_step(&node_);
    for (; status == SHOAL_OK; status = shoal_step(&node_)) moved = true;
    check(status, "run");
    bool done = true;
    for (size_t i = 0; i < sinks.size(); ++i) {
      moved |= take(&node_, static_cast<uint32_t>(i), sinks[i]);
      done &= sinks[i].next == sinks[i].writer.rows();
    }
    for (const Source& s : sources) done &= s.next == s.reader.rows();
    if (done) {
      // What nobody takes (unused results) may still be on its way.
      do {
        status = shoal_step(&node_);
      } while (status == SHOAL_OK ||
               (stored_ && stored_->busy() && status == SHOAL_WAIT));
      check(status, "run");
      if (!arena_.intact()) {
        throw Error(Exit::kInternal, "the node wrote outside its arena");
      }
      return output;
    }
    if (!moved && stored_ && stored_->busy()) continue;
    if (!moved) throw Error(Exit::kInternal, "the node is stuck");
  }
}

}  // namespace shoal
