// A board that runs alone, on a thread of its own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/alone/alone_engine.h"
#include "host/engine/alone/testing/board_thread.h"
#include "host/engine/alone/testing/relay.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/serial.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {

inline constexpr int kRows = 12, kColumns = 10;

// Rows of ten channels, so that outputs have several windows' rows.
inline Graph small_network() {
  ModelBuilder b;
  std::mt19937 random(5);
  std::vector<int8_t> weights(10 * 3 * 3 * 3);
  for (int8_t& w : weights) w = static_cast<int8_t>(random());
  const int x = b.input({1, kRows, kColumns, 3}, {0.05f, -3});
  const int w = b.weights({10, 3, 3, 3}, weights, {0.004f}, 0);
  b.output(b.conv(x, w, -1, {0.5f, 2}, {.same = true}));
  return import_tflite(b.finish(), "small");
}

// Counts the frames: each output is the sum of the inputs so far.
inline Graph counting_network() {
  ModelBuilder b;
  const BuilderScale scale{1.0f, 0};
  const int x = b.input({1, kRows, kColumns, 3}, scale);
  const int v = b.variable({1, kRows, kColumns, 3}, scale,
                           std::vector<int8_t>(kRows * kColumns * 3, 5));
  const int sum = b.add(b.read_variable(v), x, scale);
  b.assign_variable(v, sum);
  b.output(sum);
  return import_tflite(b.finish(), "counter");
}

inline std::shared_ptr<const Prepared> small_program() {
  return std::make_shared<const Prepared>(
      prepare(small_network(), one_node(find_board("host"))));
}

using Programs = std::vector<const Prepared*>;

// Networks in one arena, named "one" and "two".
class OpenedNetworks {
 public:
  explicit OpenedNetworks(const Programs& programs)
      : arena_(arena_bytes(programs)), nodes_(programs.size()) {
    static const std::string labels = "one\ntwo\n";
    for (size_t i = 0; i < programs.size(); ++i) {
      const Prepared& p = *programs[i];
      StoreInfo ends;
      set_ends(ends, p.graph, p.net);
      descriptions_.push_back(format_ends(ends));
      shoal_config config{};
      config.image = p.images[0].data();
      config.image_bytes = static_cast<uint32_t>(p.images[0].size());
      EXPECT_EQ(
          shoal_open(&nodes_[i], &config, arena_.data(), arena_bytes(programs)),
          SHOAL_OK);
      kept_.emplace_back(1000);
    }
    for (size_t i = 0; i < programs.size(); ++i) {
      AloneNetwork network{};
      network.name = i == 0 ? "one" : "two";
      network.node = &nodes_[i];
      network.program[0] = static_cast<uint8_t>(1 + i);
      network.texts[0] =
          reinterpret_cast<const uint8_t*>(descriptions_[i].data());
      network.text_bytes[0] = static_cast<uint32_t>(descriptions_[i].size());
      network.texts[1] = reinterpret_cast<const uint8_t*>(labels.data());
      network.text_bytes[1] = static_cast<uint32_t>(labels.size());
      network.kept = kept_[i].data();
      table_.push_back(network);
    }
    networks_.emplace(table_.data(), static_cast<uint32_t>(table_.size()));
  }
  Networks& networks() { return *networks_; }

 private:
  static uint32_t arena_bytes(const Programs& programs) {
    uint32_t most = 0;
    for (const Prepared* p : programs) {
      most = std::max(most, p->plan.nodes[0].arena_bytes);
    }
    return most;
  }

  Arena arena_;
  std::vector<shoal_node> nodes_;
  std::vector<std::string> descriptions_;
  std::vector<Bytes> kept_;
  std::vector<AloneNetwork> table_;
  std::optional<Networks> networks_;
};

// A board on a thread of its own.
class ServedBoard {
 public:
  using Change = std::function<void(Bytes& message)>;
  static constexpr uint16_t kLayers = 40;

  ServedBoard(const Prepared& p, int line, bool fast = false)
      : ServedBoard(Programs{&p}, std::make_unique<SerialTransport>(line),
                    fast) {}
  ServedBoard(const Programs& programs, std::unique_ptr<HostTransport> line,
              bool fast = false)
      : ServedBoard(programs, std::move(line), fast, nullptr) {}
  // `change`: changes what the board sends.
  ServedBoard(const Programs& programs, std::unique_ptr<HostTransport> line,
              bool fast, Change change)
      : change_(std::move(change)),
        opened_(programs),
        times_(kLayers),
        line_(line->transport()),
        thread_(std::move(line), changed_line(fast), board()) {}

 private:
  shoal_transport changed_line(bool fast) {
    shoal_transport transport = line_;
    if (change_) {
      transport.user = this;
      transport.send = send_changed;
      transport.receive = receive_on;
      transport.now_us = [](void*) { return steady_us(); };
    }
    if (fast) transport.now_us = fast_us;
    return transport;
  }
  AloneBoard board() {
    AloneBoard board{};
    board.networks = &opened_.networks();
    board.name = "a board with a long name";
    board.self_test = [](void*, uint32_t network, uint32_t* differs_at) {
      *differs_at = 7 + network;
      return alone::Code::kDiffers;
    };
    board.times = times_.data();
    board.layers = kLayers;
    // Its 24 bits wrap again and again.
    board.counter = [](void*) {
      return CycleCounter{"count",
                          [] {
                            static uint32_t ticks = 0;
                            return (ticks += 1'000'000) & 0xFFFFFF;
                          },
                          0xFFFFFF, 1'000'000};
    };
    return board;
  }

  static int send_changed(void* self, uint64_t to, const void* message,
                          uint32_t bytes) {
    const auto& b = *static_cast<ServedBoard*>(self);
    const auto* const from = static_cast<const uint8_t*>(message);
    Bytes changed(from, from + bytes);
    b.change_(changed);
    const shoal_transport& t = b.line_;
    return t.send(t.user, to, changed.data(),
                  static_cast<uint32_t>(changed.size()));
  }
  static uint32_t receive_on(void* self, uint64_t* from, void* to,
                             uint32_t capacity) {
    const shoal_transport& t = static_cast<ServedBoard*>(self)->line_;
    return t.receive(t.user, from, to, capacity);
  }

  const Change change_;
  OpenedNetworks opened_;
  std::vector<uint32_t> times_;
  const shoal_transport line_;  // before it is changed
  BoardThread thread_;
};

inline AloneLine line_of(const Relay& relay) {
  return {std::make_unique<SerialTransport>(relay.computer()), kSerialAddress};
}

inline std::vector<Bytes> random_inputs(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Bytes> all(count, Bytes(kRows * kColumns * 3));
  for (Bytes& input : all) {
    for (uint8_t& b : input) b = static_cast<uint8_t>(random());
  }
  return all;
}

inline std::vector<Bytes> outputs_of(Engine& engine,
                                     const std::vector<Bytes>& inputs) {
  std::vector<Bytes> all;
  run_frames(engine, inputs, static_cast<int64_t>(inputs.size()),
             [&](int64_t, const Answer& a) { all.push_back(a.output); });
  return all;
}

}  // namespace shoal
