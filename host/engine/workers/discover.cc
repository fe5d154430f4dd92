#include "host/engine/workers/discover.h"

#include <algorithm>
#include <cstring>
#include <future>

#include "device/storage/program_store.h"
#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

constexpr size_t kAtOnce = 32;

constexpr uint32_t kMostPrograms = 64;

[[noreturn]] void no_sense(const std::string& name) {
  throw Error(Exit::kNode,
              "node " + name +
                  ": it describes its programs in a way that cannot be right",
              "use the same version of shoal on both sides");
}

// Programs are asked for one by one. None: who does not know the question.
// What a later agent says behind the answer is not read.
struct ProgramAnswer {
  std::optional<HeldPrograms> held;
  bool answered = false;
};

std::optional<KeptPrograms> ask_kept(Coordinator& coordinator,
                                     const Inquiry& inquiry,
                                     const StopSignals& signals) {
  const std::string name = coordinator.identity(0).name;
  KeptPrograms kept;
  for (uint32_t index = 0;; ++index) {
    ProgramAnswer asked;
    std::vector<uint8_t> data(sizeof(HeldRequest));
    const HeldRequest request{index};
    std::memcpy(data.data(), &request, sizeof request);
    coordinator.ask(0, Request::kHeld, std::move(data),
                    [&](Reply reply, std::span<const uint8_t> said) {
                      asked.answered = true;
                      if (reply == Reply::kMalformed) return;
                      HeldPrograms h;
                      if (reply != Reply::kOk || said.size() < sizeof h) {
                        no_sense(name);
                      }
                      std::memcpy(&h, said.data(), sizeof h);
                      asked.held = h;
                    });
    const bool heard = drive(coordinator, *inquiry.transport, &signals,
                             [&] { return asked.answered; });
    if (!heard || !asked.held) return std::nullopt;
    const HeldPrograms& h = *asked.held;
    if (h.free_bytes > h.storage_bytes || h.programs > kMostPrograms ||
        (h.program_bytes == 0) != (index >= h.programs)) {
      no_sense(name);
    }
    kept.storage_bytes = h.storage_bytes;
    kept.free_bytes = h.free_bytes;
    if (h.program_bytes == 0) return kept;
    KeptProgram& one = kept.programs.emplace_back();
    one.bytes = h.program_bytes;
    std::ranges::copy(h.program_hash, one.hash.begin());
    if (index + 1 == h.programs) return kept;
  }
}

Discovered ask(const Inquiry& inquiry, const StopSignals& signals) {
  Discovered found{inquiry.address, {}, {}, {}};
  Coordinator coordinator(inquiry.config);
  try {
    coordinator.connect({inquiry.address});
    if (drive(coordinator, *inquiry.transport, &signals,
              [&] { return coordinator.connected(); })) {
      found.kept = ask_kept(coordinator, inquiry, signals);
      found.identity = coordinator.identity(0);
    } else {
      found.why = Error(Exit::kNode, inquiry.address.label + ": interrupted");
    }
  } catch (const Error& e) {
    found.why = e;
  }
  try {
    stop_all(coordinator, *inquiry.transport);
  } catch (const Error&) {
    // It has answered, or it has not; what it does now changes nothing.
  }
  return found;
}

}  // namespace

std::vector<Discovered> discover(std::vector<Inquiry> inquiries,
                                 const StopSignals& signals) {
  std::vector<Discovered> found;
  for (size_t i = 0; i < inquiries.size() && !signals.asked(); i += kAtOnce) {
    const size_t end = std::min(inquiries.size(), i + kAtOnce);
    std::vector<std::future<Discovered>> answers;
    for (size_t j = i; j < end; ++j) {
      answers.push_back(std::async(std::launch::async, ask,
                                   std::cref(inquiries[j]),
                                   std::cref(signals)));
    }
    for (auto& answer : answers) found.push_back(answer.get());
  }
  return found;
}

}  // namespace shoal
