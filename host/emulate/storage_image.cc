#include "host/emulate/storage_image.h"

#include <algorithm>
#include <cstring>

#include "device/program/tag.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/run/frame.h"
#include "host/run/session.h"

namespace shoal {

std::vector<uint8_t> frame_rows(const Graph& graph, const Net& net,
                                std::span<const uint8_t> input) {
  if (static_cast<int64_t>(input.size()) != input_bytes(graph)) {
    throw Error(Exit::kUsage, "the input has " + std::to_string(input.size()) +
                                  " bytes, the model wants " +
                                  std::to_string(input_bytes(graph)));
  }
  std::vector<uint8_t> rows;
  size_t at = 0;
  for (const NetIo& io : net.inputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(io.file_tensor)];
    const auto bytes =
        static_cast<size_t>(element_count(t.shape) * type_bytes(t.type));
    FrameReader reader(graph, io, input.subspan(at, bytes));
    at += bytes;
    const auto row_bytes = static_cast<size_t>(reader.row_bytes());
    for (int y = 0; y < reader.rows(); ++y) {
      rows.resize(rows.size() + row_bytes);
      reader.read(y, reinterpret_cast<int8_t*>(&rows[rows.size() - row_bytes]));
    }
  }
  return rows;
}

std::vector<uint8_t> storage_image(
    const std::string& board, std::span<const uint8_t> program,
    const std::vector<std::vector<uint8_t>>& frames, int64_t storage_bytes) {
  Directory d{};
  d.magic = kDirectoryMagic;
  d.version = kDirectoryVersion;
  std::memcpy(d.board, board.data(), std::min(board.size(), sizeof d.board));
  d.program = sizeof d;
  d.program_bytes = static_cast<uint32_t>(program.size());
  d.input = align_up(d.program + d.program_bytes);
  d.frames = static_cast<uint32_t>(frames.size());
  uint64_t end = d.input;
  for (const auto& frame : frames) end += frame.size();
  if (end > static_cast<uint64_t>(storage_bytes)) {
    throw Error(Exit::kDoesNotFit,
                "STORAGE does not fit: program and input need " +
                    format_bytes(static_cast<int64_t>(end)) + "; board " +
                    board + " has " + format_bytes(storage_bytes));
  }
  d.input_bytes = static_cast<uint32_t>(end - d.input);
  auto* const head = reinterpret_cast<uint8_t*>(&d);
  make_tag(TagKind::kDirectory, 0, 0, head, offsetof(Directory, tag), d.tag);

  std::vector<uint8_t> image(end);
  std::copy(head, head + sizeof d, image.begin());
  std::copy(program.begin(), program.end(), image.begin() + d.program);
  auto to = image.begin() + d.input;
  for (const auto& frame : frames) {
    to = std::copy(frame.begin(), frame.end(), to);
  }
  return image;
}

Directory directory_of(std::span<const uint8_t> image) {
  Directory d;
  if (image.size() < sizeof d) {
    throw Error(Exit::kCorrupt, "a storage image without a directory");
  }
  std::memcpy(&d, image.data(), sizeof d);
  return d;
}

}  // namespace shoal
