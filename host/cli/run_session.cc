#include "host/cli/run_session.h"

#include <algorithm>
#include <string>

#include "host/base/error.h"

namespace shoal {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<uint8_t> repeated(const std::vector<uint8_t>& bytes, int times) {
  std::vector<uint8_t> all;
  all.reserve(bytes.size() * static_cast<size_t>(times));
  while (times-- > 0) all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

RunOutcome run_session(const RunFlags& flags, Session& session, int batch,
                       const FileStorage* storage,
                       const std::vector<uint8_t>& input,
                       const std::function<void()>& begin) {
  RunOutcome outcome;
  outcome.batch = batch;
  const std::vector<uint8_t> inputs = repeated(input, batch);
  const FileCounters before = storage ? storage->counters() : FileCounters{};
  const Clock::time_point start = Clock::now();
  int done = 0, batches = 0;
  for (; done < flags.frames; ++batches) {
    begin();
    const std::vector<uint8_t> outputs = session.run(inputs);
    const size_t bytes = outputs.size() / static_cast<size_t>(batch);
    for (int f = 0; f < batch && done < flags.frames; ++f, ++done) {
      const auto from = outputs.begin() + f * static_cast<ptrdiff_t>(bytes);
      const auto end = from + static_cast<ptrdiff_t>(bytes);
      if (done > 0 && !std::equal(from, end, outcome.output.begin())) {
        throw Error(Exit::kDiffers, "frame " + std::to_string(done) +
                                        " has another output than the first");
      }
      if (done == 0) outcome.output.assign(from, end);
    }
  }
  const double seconds = seconds_since(start);
  outcome.seconds = seconds / flags.frames;
  outcome.batch_seconds = seconds / batches;
  if (storage) {
    outcome.storage =
        storage_figures(before, storage->counters(), flags.frames);
  }
  return outcome;
}

}  // namespace shoal
