// For the test of spec/image.md: a program image as the table of bytes that the
// document shows, and back.
//
//   0000  53 48 4f 4c 03 00 00 00   header: magic, version, node
#pragma once

#include <cctype>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "device/program/record.h"
#include "device/runtime/testing/run_program.h"

namespace shoal::test {

class SpecTable {
 public:
  explicit SpecTable(const Bytes& image) : image_(image) {}

  std::string text() {
    const HeadView head = view_head(image_.data());
    const Header& h = *head.header;
    part(16, "magic, version, node, arithmetic, generation");
    part(16, "image, head and arena bytes, nodes, stages");
    part(8, "inputs, outputs, peers, flags");
    part(16, "cursors: offset, count; states: offset, count");
    part(12, "record: offset, bytes; head: offset");
    part(16, "program bytes; kept weights: offset, bytes; poll gap");
    part(16, "plan id");
    part(4, "link's tables");
    part(8, "targets: all, of a stage; streams of a stage; reserved");
    part(16, "spills: state, pages, page bytes; reserved");
    part(16, "store id");
    part(32, "hash");
    rows(h.stages, sizeof(StageEntry), "stage entry");
    rows(uint32_t{h.inputs} + h.outputs, sizeof(IoEntry), "io entry");
    rows(h.peers, sizeof(PeerEntry), "peer entry");
    rows(head.banks() != nullptr, sizeof(BankTable), "banks");
    rows(head.kept() != nullptr, sizeof(VariableHeader), "variables");
    rows(head.variable_count(), sizeof(VariableEntry), "variable entry");
    until(h.head_bytes - kTagBytes, "padding");
    part(kTagBytes, "tag of the head");
    for (uint32_t s = 0; s < h.stages; ++s) record(head.stages[s], s);
    for (const ChunkRecord& c : chunks_) {
      until(c.offset, "padding");
      part(c.bytes, "chunk");
      part(kTagBytes, "tag of the chunk");
    }
    until(h.image_bytes, "padding");
    return out_;
  }

 private:
  void record(const StageEntry& e, uint32_t number) {
    until(e.offset, "padding");
    const StageView s = view_stage(image_.data() + e.offset);
    const StageHeader& h = *s.header;
    part(sizeof h, "stage " + std::to_string(number) + ": header");
    rows(h.buffers, sizeof(BufferRecord), "buffer");
    rows(h.ports, sizeof(PortRecord), "port");
    rows(h.actors, sizeof(ActorRecord), "actor");
    rows(h.loops, sizeof(LoopRecord), "loop");
    rows(h.weights, sizeof(WeightRecord), "weights");
    rows(h.chunks, sizeof(ChunkRecord), "chunk");
    if (h.params) part(4u * h.params, "parameters");
    if (h.maps) part(align_up(2u * h.maps, 4), "maps");
    rows(h.order, sizeof(OrderRun), "order run");
    rows(h.streams, sizeof(StreamRecord), "stream");
    rows(h.targets, sizeof(TargetRecord), "target");
    rows(h.spills, sizeof(SpillRecord), "spill");
    until(e.offset + e.bytes - kTagBytes, "padding");
    part(kTagBytes, "tag of the record");
    chunks_.insert(chunks_.end(), s.chunks, s.chunks + h.chunks);
  }

  void rows(uint32_t count, size_t size, const std::string& name) {
    for (uint32_t i = 0; i < count; ++i) {
      part(static_cast<uint32_t>(size), name + " " + std::to_string(i));
    }
  }
  void until(uint32_t end, const std::string& name) {
    if (at_ < end) part(end - at_, name);
  }
  void part(uint32_t bytes, const std::string& name) {
    for (uint32_t i = 0; i < bytes; i += 16) {
      char word[16];
      std::snprintf(word, sizeof word, "%04x ", at_);
      std::string line = word;
      for (uint32_t k = 0; k < 16 && i + k < bytes; ++k, ++at_) {
        std::snprintf(word, sizeof word, " %02x", image_.at(at_));
        line += word;
      }
      if (i == 0) {
        line.resize(std::max<size_t>(line.size(), 54), ' ');
        line += "   " + name;
      }
      out_ += line + "\n";
    }
  }

  const Bytes& image_;
  std::vector<ChunkRecord> chunks_;
  std::string out_;
  uint32_t at_ = 0;
};

// The bytes of a table: of each line, what follows the offset while it is two
// hexadecimal digits.
inline Bytes table_bytes(const std::string& table) {
  Bytes bytes;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    for (int i = 0; i < 16 && words >> word; ++i) {
      const auto hex = [](char c) { return std::isxdigit(c) != 0; };
      if (word.size() != 2 || !hex(word[0]) || !hex(word[1])) break;
      bytes.push_back(static_cast<uint8_t>(std::stoi(word, nullptr, 16)));
    }
  }
  return bytes;
}

}  // namespace shoal::test
