// The frames of `shoal run` through one session, timed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "host/cli/run_report.h"
#include "host/engine/local/session.h"

namespace shoal {

// The bytes so many times over.
std::vector<uint8_t> repeated(const std::vector<uint8_t>& bytes, int times);

double seconds_since(std::chrono::steady_clock::time_point);

// Runs `input` flags.frames times, `batch` at once; what is left of the last
// batch repeats it for nobody. `begin` is called before every batch.
// `storage`: of the session, or null.
RunOutcome run_session(const RunFlags& flags, Session&, int batch,
                       const FileStorage* storage,
                       const std::vector<uint8_t>& input,
                       const std::function<void()>& begin);

}  // namespace shoal
