#include "host/engine/coordinator/coordinator.h"

#include "host/base/error.h"
#include "host/engine/coordinator/work.h"

namespace shoal {

Coordinator::Coordinator(CoordinatorConfig config)
    : work_(std::make_unique<Work>(std::move(config))) {}
Coordinator::~Coordinator() = default;

void Coordinator::connect(const std::vector<WorkerAddress>& workers) {
  work_->connect(workers);
}
bool Coordinator::connected() const { return work_->connected(); }
const WorkerIdentity& Coordinator::identity(int worker) const {
  return work_->identity(worker);
}
void Coordinator::deploy(const Prepared& prepared, Then then,
                         uint64_t successor, const SequenceStart& sequence) {
  work_->deploy(prepared, then, successor, sequence);
}
bool Coordinator::idle() const {
  return work_->started() && work_->frames()->idle();
}
void Coordinator::go_on(uint32_t frames) { work_->go_on(frames); }
void Coordinator::read_variables(uint32_t frames) {
  if (!work_->started()) throw Error(Exit::kInternal, "no run has started");
  work_->read_variables(frames);
}
std::optional<VariableValues> Coordinator::take_variables() {
  return work_->take_variables();
}
uint32_t Coordinator::number() const { return work_->number(); }
const CoordinatorPlace& Coordinator::place() const { return work_->place(); }
bool Coordinator::deployed() const { return work_->deployed(); }
bool Coordinator::started() const { return work_->started(); }

int Coordinator::free_frames() const {
  return work_->started() ? work_->frames()->free_frames() : 0;
}

void Coordinator::submit(std::span<const uint8_t> input) {
  if (!work_->started()) {
    throw Error(Exit::kInternal, "no run has started");
  }
  work_->frames()->submit(input);
  work_->news();
}

std::optional<std::vector<uint8_t>> Coordinator::result() {
  return work_->frames() ? work_->frames()->result() : std::nullopt;
}

void Coordinator::ask(
    int worker, Request request, std::vector<uint8_t> data,
    std::function<void(Reply, std::span<const uint8_t>)> answer) {
  if (!work_->connected())
    throw Error(Exit::kInternal, "there is no node to ask");
  work_->ask(worker, request, std::move(data), std::move(answer));
}

std::optional<bool> Coordinator::reaches(int worker,
                                         const WorkerAddress& outsider) {
  return work_->reaches(static_cast<size_t>(worker), outsider);
}

void Coordinator::leave(int worker) { work_->leave(worker); }
void Coordinator::stop() { work_->stop(); }
bool Coordinator::stopped() const { return work_->stopped(); }
Coordinator::StopCount Coordinator::stop_count() const {
  return work_->stop_count();
}
bool Coordinator::is_gone(int worker) const { return work_->is_gone(worker); }

void Coordinator::write_logs(const std::string& text) {
  work_->write_logs(text);
}

void Coordinator::hint(const std::string& text) const { work_->hint(text); }
void Coordinator::log(const std::string& text) const { work_->log(text); }
void Coordinator::poll() { work_->poll(); }
uint64_t Coordinator::next_timer_us() const { return work_->next_timer_us(); }
uint64_t Coordinator::now_us() const { return work_->now(); }
std::optional<LostNode> Coordinator::loss() const { return work_->loss(); }
std::optional<int> Coordinator::lost() const {
  const std::optional<LostNode> node = work_->loss();
  return node ? std::optional(node->worker) : std::nullopt;
}
WorkerReport Coordinator::report(int worker) const {
  return work_->report(worker);
}
shoal_link_counters Coordinator::counters() const { return work_->counters(); }

}  // namespace shoal
