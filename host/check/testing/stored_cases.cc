#include "host/check/testing/hand_plans.h"

namespace shoal {
namespace {

constexpr uint32_t kPage = 128;

// A tensor goes to storage in one stage and comes back in the next.
HandCase spilled_chain() {
  HandNet n(21);
  const int in = n.tensor(9, 7, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.depthwise(a, 3, 2);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{"spilled chain", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 3);
  const int made_a = p.buffer(a, 1);
  p.input(0);
  p.actor(0);
  p.spill(made_a, kPage);
  p.stage();
  const int back = p.buffer(a, 3);
  p.buffer(b, 1), p.buffer(c, 1);
  p.read_back(back);
  p.actor(1), p.actor(2);
  p.output(0);
  made.plan = p.finish();
  return made;
}

// The tensor that the last layer adds went to storage two stages before; the
// one that the second layer reads comes back too, into a whole buffer.
HandCase spilled_skip() {
  HandNet n(22);
  const int in = n.tensor(8, 6, 5);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 4);
  const int d = n.add(a, c);
  n.input(in), n.output(d);
  HandCase made{"spilled skip", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 1);
  const int made_a = p.buffer(a, 3), made_b = p.buffer(b, 2);
  p.input(0);
  p.actor(0), p.actor(1);
  p.spill(made_a, kPage), p.spill(made_b, kPage);
  p.stage();
  p.buffer(c, 0, {.first_stage = 1, .last_stage = 2, .offset = 0});
  p.read_back(p.buffer(b, 0));
  p.actor(2);
  p.stage();
  p.buffer(c, 0,
           {.first_stage = 1, .last_stage = 2, .complete = true, .offset = 0});
  p.read_back(p.buffer(a, 1));
  p.buffer(d, 1);
  p.actor(3);
  p.output(0);
  made.plan = p.finish();
  return made;
}

// Three layers: always in SRAM, in SRAM for the stage, on the tape.
HandCase weights_in_sram(bool unmapped) {
  HandNet n(23);
  const int in = n.tensor(6, 5, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.conv(a, 1, 1, 8);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{unmapped ? "weights in SRAM, unmapped" : "weights in SRAM",
                n.finish(),
                {}};
  HandPlan p(made.net);
  unmapped ? p.unmapped() : p.tape();
  p.stage();
  p.buffer(b, 0, {.first_stage = 0, .last_stage = 1, .offset = 0});
  p.buffer(in, 3), p.buffer(a, 1);
  p.input(0);
  p.actor(0, 1, 0, 2), p.in_sram(true);
  p.actor(1, 1, 0, 2), p.in_sram(false);
  p.order({{0, 1},
           {1, 1},
           {0, 1},
           {1, 1},
           {0, 1},
           {1, 1},
           {0, 1},
           {1, 1},
           {0, 1},
           {1, 1},
           {0, 1},
           {1, 1}});
  p.stage();
  p.buffer(b, 0,
           {.first_stage = 0, .last_stage = 1, .complete = true, .offset = 0});
  p.buffer(c, 3);
  p.actor(2, 3, 0, 3);
  p.output(0);
  p.order({{0, 2}});
  made.plan = p.finish();
  return made;
}

}  // namespace

std::vector<HandCase> stored_cases() {
  std::vector<HandCase> all;
  all.push_back(spilled_chain());
  all.push_back(spilled_skip());
  all.push_back(weights_in_sram(false));
  all.push_back(weights_in_sram(true));
  return all;
}

}  // namespace shoal
