#include "host/check/testing/hand_plans.h"

namespace shoal {
namespace {

// conv -> depthwise -> pointwise, all rings.
HandCase chain(const std::string& name, int conv_band, int depthwise_band,
               int groups, std::vector<int> slots) {
  HandNet n(1);
  const int in = n.tensor(12, 10, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.depthwise(a, 3, 2);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{name, n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, slots[0]);
  p.buffer(a, slots[1]);
  p.buffer(b, slots[2]);
  p.buffer(c, slots[3]);
  p.input(0);
  p.actor(0, conv_band, 0, groups);
  p.actor(1, depthwise_band, 0, groups);
  p.actor(2, 1, 0, groups);
  p.output(0);
  made.plan = p.finish();
  return made;
}

HandCase skip() {
  HandNet n(2);
  const int in = n.tensor(8, 8, 5);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 4);
  const int d = n.add(a, c);
  n.input(in), n.output(d);
  HandCase made{"skip", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 1), p.buffer(a, 3), p.buffer(b, 1), p.buffer(c, 1);
  p.buffer(d, 1);
  p.input(0);
  for (int layer = 0; layer < 4; ++layer) p.actor(layer);
  p.output(0);
  made.plan = p.finish();
  return made;
}

HandCase two_stages() {
  HandNet n(3);
  const int in = n.tensor(9, 7, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.depthwise(a, 3, 2);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{"two stages", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(a, 0, {.first_stage = 0, .last_stage = 1, .offset = 0});
  p.buffer(in, 3);
  p.input(0);
  p.actor(0);
  p.stage();
  p.buffer(a, 0,
           {.first_stage = 0, .last_stage = 1, .complete = true, .offset = 0});
  p.buffer(b, 1), p.buffer(c, 1);
  p.actor(1), p.actor(2);
  p.output(0);
  made.plan = p.finish();
  return made;
}

HandCase cut_fully_connected() {
  HandNet n(4);
  const int in = n.tensor(40, 3, 8);
  const int a = n.conv_valid(in, 40, 3, 10);
  n.input(in), n.output(a);
  HandCase made{"cut fully connected", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 16), p.buffer(a, 1);
  p.input(0);
  p.actor(0, 1, 16, 2);
  p.output(0);
  made.plan = p.finish();
  return made;
}

HandCase concatenation() {
  HandNet n(6);
  const int in = n.tensor(6, 5, 4);
  const int a = n.tensor(6, 5, 12);
  n.conv_into(in, a, 0, 5);
  n.conv_into(in, a, 5, 7);
  const int b = n.conv(a, 3, 1, 4);
  n.input(in), n.output(b);
  HandCase made{"concatenation", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 1), p.buffer(a, 3), p.buffer(b, 1);
  p.input(0);
  for (int layer = 0; layer < 3; ++layer) p.actor(layer);
  p.output(0);
  made.plan = p.finish();
  return made;
}

HandCase recorded_order(bool unmapped) {
  HandNet n(7);
  const int in = n.tensor(4, 6, 3);
  const int a = n.conv(in, 1, 1, 8);
  const int b = n.depthwise(a, 3, 1);
  n.input(in), n.output(b);
  HandCase made{unmapped ? "tape" : "recorded order", n.finish(), {}};
  HandPlan p(made.net);
  if (unmapped) p.unmapped();
  p.stage();
  p.buffer(in, 1), p.buffer(a, 3), p.buffer(b, 1);
  p.input(0);
  p.actor(0), p.actor(1);
  p.output(0);
  p.order({{0, 2}, {1, 1}, {0, 1}, {1, 1}, {0, 1}, {1, 2}});
  made.plan = p.finish();
  return made;
}

// expand -> depthwise -> project, four hidden channels at a time.
HandCase loop() {
  HandNet n(8);
  const int in = n.tensor(7, 5, 4);
  const int a = n.conv(in, 1, 1, 12);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{"loop", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 4);
  p.private_buffer(a, 4, 4);
  p.private_buffer(b, 2, 4);
  p.buffer(c, 2);
  p.input(0);
  p.loop(0, 3, 3, 2);
  p.output(0);
  made.plan = p.finish();
  return made;
}

// Four layers in a recorded order; the third ring lies over the first, whose
// row is used up by then.
HandCase shared_bytes() {
  constexpr int kRows = 5;
  HandNet n(12);
  const int in = n.tensor(kRows, 6, 3);
  const int a = n.conv(in, 1, 1, 8);
  const int b = n.conv(a, 1, 1, 8);
  const int c = n.conv(b, 1, 1, 8);
  const int d = n.conv(c, 1, 1, 5);
  n.input(in), n.output(d);
  HandCase made{"shared bytes", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(a, 1, {.offset = 0}), p.buffer(c, 1, {.offset = 0});
  p.buffer(in, 1), p.buffer(b, 1), p.buffer(d, 1);
  p.input(0);
  for (int layer = 0; layer < 4; ++layer) p.actor(layer);
  p.output(0);
  std::vector<PlanRun> runs;
  for (int y = 0; y < kRows; ++y) {
    for (int layer = 0; layer < 4; ++layer) runs.push_back({layer, 1});
  }
  p.order(runs);
  made.plan = p.finish();
  return made;
}

// A loop among rings that a recorded order would allow to share bytes.
HandCase loop_in_order() {
  HandNet n(13);
  const int in = n.tensor(4, 5, 4);
  const int a = n.conv(in, 1, 1, 12);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 6);
  const int d = n.conv(c, 1, 1, 4);
  n.input(in), n.output(d);
  HandCase made{"loop in order", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in);
  p.private_buffer(a, 4, 4);
  p.private_buffer(b, 2, 4);
  p.buffer(c, 2), p.buffer(d, 1);
  p.input(0);
  p.loop(0, 3, 3, 2);
  p.actor(3);
  p.output(0);
  p.order({{0, 1}, {3, 2}, {0, 1}, {3, 2}});
  made.plan = p.finish();
  return made;
}

HandCase partial_sums() {
  HandNet n(9);
  const int in = n.tensor(6, 5, 8);
  const int a = n.conv(in, 3, 1, 6);
  n.input(in), n.output(a);
  HandCase made{"partial sums", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(in, 3), p.buffer(a, 1);
  p.input(0);
  p.cut_conv(0, 3);
  p.output(0);
  made.plan = p.finish();
  return made;
}

// Every layer in two boxes: columns, rows, channels, rows, columns.
HandCase tiles() {
  HandNet n(10);
  const int in = n.tensor(9, 9, 3);
  const int a = n.conv(in, 3, 2, 4);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.depthwise(b, 3, 1);
  const int d = n.resize(c, 2);
  const int e = n.pad(d, 1, 5);
  n.input(in), n.output(e);
  HandCase made{"tiles", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  for (int tensor : {in, a, b, c, d, e}) p.buffer(tensor);
  p.input(0);
  p.tile(0, {0, 5, 0, 3, 0, 4}, {0, 9, 0, 6, 0, 3});
  p.tile(0, {0, 5, 3, 5, 0, 4}, {0, 9, 5, 9, 0, 3});
  p.tile(1, {0, 3, 0, 5, 0, 4}, {0, 4, 0, 5, 0, 4});
  p.tile(1, {3, 5, 0, 5, 0, 4}, {2, 5, 0, 5, 0, 4});
  p.tile(2, {0, 5, 0, 5, 0, 1}, {0, 5, 0, 5, 0, 1});
  p.tile(2, {0, 5, 0, 5, 1, 4}, {0, 5, 0, 5, 1, 4});
  p.tile(3, {0, 5, 0, 10, 0, 4}, {0, 3, 0, 5, 0, 4});
  p.tile(3, {5, 10, 0, 10, 0, 4}, {2, 5, 0, 5, 0, 4});
  p.tile(4, {0, 12, 0, 7, 0, 4}, {0, 10, 0, 6, 0, 4});
  p.tile(4, {0, 12, 7, 12, 0, 4}, {0, 10, 6, 10, 0, 4});
  p.output(0);
  made.plan = p.finish();
  return made;
}

}  // namespace

HandCase overlay_case(int lead) {
  HandNet n(5);
  const int in = n.tensor(10, 6, 3);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{"overlay", n.finish(), {}};
  HandPlan p(made.net);
  p.stage();
  p.buffer(a, 0, {.first_stage = 0, .last_stage = 1, .offset = lead});
  p.buffer(in, 1);
  p.input(0);
  p.actor(0);
  p.stage();
  p.buffer(
      a, 0,
      {.first_stage = 0, .last_stage = 1, .complete = true, .offset = lead});
  p.buffer(b, 0,
           {.first_stage = 1, .last_stage = 2, .overlay = 0, .offset = 0});
  p.actor(1);
  p.stage();
  p.buffer(b, 0,
           {.first_stage = 1, .last_stage = 2, .complete = true, .offset = 0});
  p.buffer(c, 1);
  p.actor(2);
  p.output(0);
  made.plan = p.finish();
  return made;
}

std::vector<HandCase> hand_cases() {
  std::vector<HandCase> all;
  all.push_back(chain("chain", 1, 1, 1, {3, 3, 1, 1}));
  all.push_back(chain("bands", 4, 2, 2, {6, 8, 2, 1}));
  all.push_back(skip());
  all.push_back(two_stages());
  all.push_back(cut_fully_connected());
  all.push_back(overlay_case(48));  // two rows: depthwise looks one back
  all.push_back(concatenation());
  all.push_back(recorded_order(false));
  all.push_back(recorded_order(true));
  all.push_back(loop());
  all.push_back(loop_in_order());
  all.push_back(shared_bytes());
  all.push_back(partial_sums());
  all.push_back(tiles());
  return all;
}

}  // namespace shoal
