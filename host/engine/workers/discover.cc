#include "host/engine/workers/discover.h"

#include <algorithm>
#include <future>

#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

constexpr size_t kAtOnce = 32;

Discovered ask(const Inquiry& inquiry, const StopSignals& signals) {
  Discovered found{inquiry.address, {}, {}};
  Coordinator coordinator(inquiry.config);
  try {
    coordinator.connect({inquiry.address});
    if (drive(coordinator, *inquiry.transport, &signals,
              [&] { return coordinator.connected(); })) {
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
