// A board that runs alone, whose computer sends any bytes, for fuzz_alone and
// the writer of its seeds. A talk is bytes: the number of a sample program,
// with which the next one shares the arena, then messages, each behind a byte
// with its length; 0: a second passes.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "device/alone/server.h"
#include "device/port/payload.h"
#include "device/program/image.h"
#include "device/runtime/node.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {

// Answers what the board sends, if it is set, with one message.
using Answerer = Bytes (*)(const uint8_t* message, uint32_t bytes);

class AloneTalk {
 public:
  // Returns all messages that the board got, as a talk.
  static Bytes run(const Bytes& talk, Answerer answer) {
    if (talk.empty()) return {};
    AloneTalk t(talk, answer);
    const size_t count = images().size();
    t.serve(*images()[talk[0] % count], *images()[(talk[0] + 1u) % count]);
    return t.got_;
  }

 private:
  AloneTalk(const Bytes& talk, Answerer answer)
      : talk_(talk), answer_(answer), got_{talk[0]} {}

  // The samples that are mapped, as boards that run alone have them.
  static const std::vector<std::unique_ptr<AlignedBytes>>& images() {
    static const auto all = [] {
      std::vector<std::unique_ptr<AlignedBytes>> built;
      std::vector<Sample> samples = sample_programs();
      for (Sample& s : samples) {
        if (!s.program.mapped) continue;
        built.push_back(std::make_unique<AlignedBytes>(s.program.build()));
      }
      return built;
    }();
    return all;
  }

  static uint32_t arena_bytes_of(AlignedBytes& image) {
    Header head;
    std::memcpy(&head, image.data(), sizeof head);
    return head.arena_bytes;
  }

  // Two networks, which share an arena.
  void serve(AlignedBytes& first, AlignedBytes& second) {
    AlignedBytes* const both[] = {&first, &second};
    AlignedBytes arena(
        Bytes(std::max(arena_bytes_of(first), arena_bytes_of(second))));
    const uint8_t text[] = "a text of the board";
    shoal_node nodes[2];
    AloneNetwork table[2] = {};
    Bytes kept[2];
    for (int i = 0; i < 2; ++i) {
      shoal_config config{};
      config.image = both[i]->data();
      config.image_bytes = static_cast<uint32_t>(both[i]->size());
      if (shoal_open(&nodes[i], &config, arena.data(),
                     static_cast<uint32_t>(arena.size())) != SHOAL_OK) {
        return;
      }
      for (uint32_t v = 0, bytes = 0; v < shoal_variables(&nodes[i]); ++v) {
        variable_of(nodes[i], v, bytes);
        kept[i].resize(kept[i].size() + bytes);
      }
      table[i].name = i == 0 ? "first" : "second";
      table[i].node = &nodes[i];
      table[i].texts[0] = text;
      table[i].text_bytes[0] = sizeof text;
      table[i].kept = kept[i].data();
    }
    Networks networks(table, 2);
    uint8_t packets[2 * kSerialPayload];
    uint32_t checks[2 * kMostEnds];
    const shoal_transport line = {this, kSerialPayload, send, receive, now_us};
    AloneBoard board{};
    board.transport = &line;
    board.networks = &networks;
    board.name = "board";
    board.packets = packets;
    board.checks = checks;
    uint32_t times[2];
    board.times = times;
    board.layers = 2;
    board.counter = [](void*) {
      return CycleCounter{"count", [] { return 0u; }};
    };
    AloneServer server(board);
    while (at_ < talk_.size() || !answers_.empty()) server.poll();
  }

  static int send(void* self, uint64_t to, const void* message,
                  uint32_t bytes) {
    auto& t = *static_cast<AloneTalk*>(self);
    if (to > 1 || bytes < alone::Head::kBytes || bytes > kSerialPayload)
      abort();
    if (!t.answer_) return 0;
    const Bytes answer = t.answer_(static_cast<const uint8_t*>(message), bytes);
    if (!answer.empty()) t.answers_.push_back(answer);
    return 0;
  }

  static uint32_t receive(void* self, uint64_t* from, void* message,
                          uint32_t capacity) {
    auto& t = *static_cast<AloneTalk*>(self);
    t.now_us_ += 1000;
    *from = 1;
    Bytes next;
    if (!t.answers_.empty()) {
      next = t.answers_.front();
      t.answers_.erase(t.answers_.begin());
    } else if (t.at_ < t.talk_.size()) {
      const size_t left = t.talk_.size() - t.at_ - 1;
      const size_t bytes = std::min<size_t>(t.talk_[t.at_], left);
      const auto first = t.talk_.begin() + static_cast<long>(t.at_) + 1;
      next.assign(first, first + static_cast<long>(bytes));
      t.at_ += 1 + bytes;
    }
    if (next.empty()) t.now_us_ += 1000000;
    if (next.size() > capacity) next.resize(capacity);
    t.got_.push_back(static_cast<uint8_t>(next.size()));
    t.got_.insert(t.got_.end(), next.begin(), next.end());
    std::copy(next.begin(), next.end(), static_cast<uint8_t*>(message));
    return static_cast<uint32_t>(next.size());
  }

  static uint64_t now_us(void* self) {
    return static_cast<AloneTalk*>(self)->now_us_;
  }

  const Bytes& talk_;
  const Answerer answer_;
  size_t at_ = 1;
  std::vector<Bytes> answers_;
  Bytes got_;
  uint64_t now_us_ = 1;
};

}  // namespace shoal::test
