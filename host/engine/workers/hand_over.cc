#include "host/engine/workers/hand_over.h"

#include <mbedtls/sha256.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

// Asks the successor, one thing after another.
class Requests {
 public:
  explicit Requests(const Successor& to) : to_(to) {}

  template <class... T>
  void ask(Request request, const T&... values) {
    send(request, bytes_of(values...), [](std::span<const uint8_t>) {});
  }
  void send(Request request, std::vector<uint8_t> data,
            std::function<void(std::span<const uint8_t>)> answer) {
    ++open_;
    to_.coordinator.ask(0, request, std::move(data),
                        [this, answer](Reply r, std::span<const uint8_t> said) {
                          --open_;
                          if (r != Reply::kOk) refuse(r);
                          answer(said);
                        });
  }
  void wait(const StopSignals& signals) {
    drive_on(to_.coordinator, to_.transport, signals,
             [this] { return open_ == 0; });
  }

  template <class... T>
  static std::vector<uint8_t> bytes_of(const T&... values) {
    std::vector<uint8_t> data((sizeof values + ...));
    size_t at = 0;
    ((std::memcpy(data.data() + at, &values, sizeof values),
      at += sizeof values),
     ...);
    return data;
  }

 private:
  [[noreturn]] void refuse(Reply reply) const {
    const std::string name = "node " + to_.coordinator.identity(0).name;
    if (reply == Reply::kTooLarge) {
      throw Error(
          Exit::kDoesNotFit,
          name +
              ": it has too little memory for the picture, or for a list "
              "of the nodes that take it",
          "use another board as the first node, or fewer nodes");
    }
    if (reply == Reply::kProgram || reply == Reply::kMalformed) {
      throw Error(
          Exit::kNode,
          name + ": its firmware cannot start frames, or is of another version",
          "flash the firmware of a board on a network (node.elf) of this "
          "version of shoal");
    }
    const bool storage = reply == Reply::kStorage;
    throw Error(Exit::kNode,
                name + ": it does not start frames: " + because(reply),
                storage ? "use another storage, or another board"
                        : "deploy once more, with --take-over");
  }

  const Successor& to_;
  int open_ = 0;
};

void send_image(Requests& requests, const Successor& to,
                const StopSignals& signals, const std::vector<uint8_t>& image) {
  BeginRequest begin{static_cast<uint32_t>(image.size()), {}};
  mbedtls_sha256_ret(image.data(), image.size(), begin.hash, 0);
  HeldAnswer held{};
  requests.send(Request::kBegin, Requests::bytes_of(begin),
                [&](std::span<const uint8_t> said) {
                  if (said.size() == sizeof held) {
                    std::memcpy(&held, said.data(), sizeof held);
                  }
                });
  requests.wait(signals);
  if (held.held == 1) return;
  const uint32_t most = to.transport.transport().max_payload -
                        sizeof(SessionHead) - sizeof(RequestHead) -
                        sizeof(uint32_t) - kTagBytes;
  const auto size = static_cast<uint32_t>(image.size());
  for (uint32_t at = std::min(held.from, size); at < size;) {
    const uint32_t some = std::min(most, size - at);
    std::vector<uint8_t> piece(sizeof at + some);
    std::memcpy(piece.data(), &at, sizeof at);
    std::memcpy(piece.data() + sizeof at, image.data() + at, some);
    requests.send(Request::kWrite, std::move(piece), [](auto) {});
    at += some;
  }
  requests.send(Request::kEnd, {}, [](auto) {});
  requests.wait(signals);
}

}  // namespace

void hand_over(Coordinator& coordinator, const HostTransport& transport,
               const Prepared& prepared, const Successor& to,
               const std::vector<uint8_t>& image) {
  const StopSignals signals;
  Requests requests(to);
  send_image(requests, to, signals, image);
  coordinator.deploy(prepared, Then::kHandOver, to.address);
  drive_on(coordinator, transport, signals,
           [&] { return coordinator.stopped(); });
  const CoordinatorPlace& place = coordinator.place();
  const auto all = static_cast<uint16_t>(place.peers.size());
  for (uint16_t i = 0; i < all; ++i) {
    requests.ask(Request::kPeers,
                 PeersRequest{place.epoch, kCoordinator, i, 1, 0},
                 place.peers[i]);
  }
  requests.ask(Request::kStart, StartRequest{place.epoch, kCoordinator, all});
  requests.wait(signals);
}

}  // namespace shoal
