// self_test(): the built-in test inputs through the networks.
#include "shoal_app.h"

#include <cstring>

#include "shoal_frame.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

// The built-in test of a network: what it gives the node and expects of it.
struct Test {
  const shoal_network_facts& facts;
  uint32_t input_at[SHOAL_MOST_ENDS], output_at[SHOAL_MOST_ENDS];
  bool differs = false;
  uint32_t differs_at = 0;
  shoal::TopClasses<1> best;

  explicit Test(uint32_t network) : facts(shoal_networks[network]) {
    const shoal_node* const node = networks[network].node;
    uint32_t at = 0;
    for (uint32_t i = 0; i < facts.inputs; ++i) {
      const shoal_io_info info = shoal_input_info(node, i);
      input_at[i] = at;
      at += info.rows * info.row_bytes;
    }
    at = 0;
    for (uint32_t o = 0; o < facts.outputs; ++o) {
      const shoal_io_info info = shoal_output_info(node, o);
      output_at[o] = at;
      at += info.rows * info.row_bytes;
    }
  }

  static bool fill(void* user, uint32_t input, uint32_t offset, uint8_t* to,
                   uint32_t bytes) {
    const Test& t = *static_cast<const Test*>(user);
    std::memcpy(to, t.facts.test_input + t.input_at[input] + offset, bytes);
    return true;
  }

  static bool take(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    Test& t = *static_cast<Test*>(user);
    for (uint32_t i = 0; i < bytes; ++i) {
      const uint32_t at = t.output_at[output] + offset + i;
      if (from[i] != t.facts.test_output[at] &&
          (!t.differs || at < t.differs_at)) {
        t.differs = true;
        t.differs_at = at;
      }
    }
    return shoal::TopClasses<1>::take(&t.best, output, offset, from, bytes);
  }
};

void say_time(const shoal_port& port, uint64_t ticks) {
  Line line(port);
  if (ticks == 0) {
    line << "time unknown: the board's clock stands still";
    return;
  }
#ifdef SHOAL_INSTRUCTION_NS
  const uint64_t ns = ticks * (1000000000 / port.ticks_per_second);
  line << "instructions " << ns / SHOAL_INSTRUCTION_NS;
#else
  line << "time " << microseconds(port, ticks) << " us";
#endif
}

// Labels lie one a line.
void put_label(Line& line, const shoal::AloneNetwork& network, uint32_t label) {
  const uint8_t* at = network.texts[shoal::alone::kLabels];
  const uint8_t* const end = at + network.text_bytes[shoal::alone::kLabels];
  for (; label > 0 && at < end; ++at) label -= *at == '\n';
  if (at == end) return;
  line << " ";
  for (; at < end && *at != '\n'; ++at) {
    const char text[] = {static_cast<char>(*at), 0};
    line << text;
  }
}

}  // namespace

void say_label(const shoal_port& port, uint32_t label, shoal_network network) {
  Line line(port);
  line << "label " << uint64_t{label};
  put_label(line, networks[network], label);
}

TestResult run_test(uint32_t network) {
  if (is_sent(network)) return {shoal::alone::Code::kNoTest, 0, 0};
  Test test(network);
  // Variables begin with their initial values, and leave nothing behind.
  shoal_status status = networks.reset_variables(network);
  if (status == SHOAL_OK) {
    status = networks.run(network,
                          {&test, Test::fill, Test::take, nullptr, nullptr});
  }
  if (status == SHOAL_OK) status = networks.reset_variables(network);
  const uint32_t best = test.best.count() ? test.best.index(0) : 0;
  if (status != SHOAL_OK) {
    return {shoal::alone::Code::kFailed,
            static_cast<uint32_t>(static_cast<int32_t>(status)), 0};
  }
  return {
      test.differs ? shoal::alone::Code::kDiffers : shoal::alone::Code::kGood,
      test.differs_at, best};
}

namespace {

bool has_hung(const TestResult& result) {
  return result.code == shoal::alone::Code::kFailed &&
         static_cast<int32_t>(result.detail) == SHOAL_SECOND_CORE;
}

int test_network(const shoal_port& port, shoal_network network) {
  uint64_t start = port.read_ticks(port.user);
  TestResult result = run_test(network);
  if (has_hung(result) && leave_second_core()) {
    start = port.read_ticks(port.user);
    result = run_test(network);
  }
  const uint64_t ticks = port.read_ticks(port.user) - start;
  if (SHOAL_NETWORKS > 1) {
    Line(port) << "network " << networks[network].name;
  }
  if (result.code == shoal::alone::Code::kNoTest) {
    Line(port) << "sent " << networks[network].name;
    return kGood;
  }
  if (result.code == shoal::alone::Code::kFailed) {
    say_refused(port, network,
                static_cast<shoal_status>(static_cast<int32_t>(result.detail)));
    return kFailed;
  }
  if (shoal_networks[network].classes) {
    say_label(port, result.label, network);
  }
  const bool differs = result.code == shoal::alone::Code::kDiffers;
  if (differs) {
    Line(port) << "selfcheck differs at " << uint64_t{result.detail};
  } else {
    Line(port) << "selfcheck ok";
  }
  say_time(port, ticks);
  return differs ? kDiffers : kGood;
}

}  // namespace

int self_test(const shoal_port& port) {
  if (!open_programs(port)) return kFailed;
  int code = kGood;
  for (uint32_t n = 0; n < SHOAL_NETWORKS && code != kFailed; ++n) {
    const int one = test_network(port, static_cast<shoal_network>(n));
    if (one != kGood) code = one;
  }
  say_cores(port);
  return code;
}

int run(const shoal_port& port, ReadConsole read) {
  const int code = self_test(port);
  if (code == kGood) serve(port, read);
  return code;
}

}  // namespace shoal_app
