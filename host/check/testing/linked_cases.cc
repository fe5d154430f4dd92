#include "host/check/testing/hand_cluster.h"

namespace shoal {
namespace {

Box rows_of(const Box& b, int y0, int y1) {
  Box r = b;
  r.y0 = y0, r.y1 = y1;
  return r;
}
Box columns_of(const Box& b, int x0, int x1) {
  Box r = b;
  r.x0 = x0, r.x1 = x1;
  return r;
}
Box channels_of(const Box& b, int c0, int c1) {
  Box r = b;
  r.c0 = c0, r.c1 = c1;
  return r;
}

HandCase linked_one() {
  HandNet n(1);
  const int in = n.tensor(12, 10, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.depthwise(a, 3, 2);
  n.input(in), n.output(b);
  HandCase made{"linked one", n.finish(), {}};
  HandCluster c(made.net, 1);
  c.stage();
  HandPlan& p = c[0];
  p.buffer(in, 4), p.buffer(a, 3), p.buffer(b, 2);
  p.input(0), p.actor(0), p.actor(1), p.output(0);
  made.plan = c.finish();
  return made;
}

// Two nodes, rows: the halo of `a` is exchanged across a segment's end, into
// the buffer that the node's own rows lie in.
HandCase row_halo() {
  HandNet n(2);
  const int in = n.tensor(11, 6, 3);
  const int a = n.conv(in, 3, 1, 8);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 5);
  n.input(in), n.output(c);
  HandCase made{"row halo", n.finish(), {}};
  const Net& net = made.net;
  const Box whole_a = net.tensors[a].box(), whole_b = net.tensors[b].box(),
            whole_c = net.tensors[c].box(), picture = net.tensors[in].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  const int cut = 6;
  const int own[2][2] = {{0, cut}, {cut, 11}};
  const int halo[2][2] = {{0, cut + 1}, {cut - 1, 11}};
  const BufferOptions both{.first_stage = 0, .last_stage = 1, .offset = 0};
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box seen = rows_of(picture, halo[i][0], halo[i][1]);
    p.part(a, rows_of(whole_a, halo[i][0], halo[i][1]), 0, both);
    p.part(in, seen, 3);
    p.input(0, 1, seen);
    p.share(0, 1, seen, 0, rows_of(whole_a, own[i][0], own[i][1]));
  }
  cluster.stream({0, 0}, {{1, 0}}, rows_of(whole_a, cut - 1, cut));
  cluster.stream({1, 0}, {{0, 0}}, rows_of(whole_a, cut, cut + 1));
  cluster.stage();
  cluster.segment(1);
  BufferOptions held = both;
  held.complete = true;
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = rows_of(whole_b, own[i][0], own[i][1]);
    const Box out = rows_of(whole_c, own[i][0], own[i][1]);
    const Box needed = rows_of(whole_a, halo[i][0], halo[i][1]);
    p.part(a, needed, 0, held);
    p.part(b, mine, 1), p.part(c, out, 2);
    p.share(1, 0, needed, 1, mine);
    p.share(2, 1, mine, 2, out);
    p.output(0, 2, out);
  }
  made.plan = cluster.finish();
  return made;
}

// Three nodes, output channels: every node's channels of `a` go to the two
// others row by row, in one segment. A row of a buffer is ready when all of
// its writers have passed it, so what a node sends lies in a ring of its own.
HandCase channels_inside() {
  HandNet n(3);
  const int in = n.tensor(9, 7, 4);
  const int a = n.conv(in, 3, 1, 10);
  const int b = n.conv(a, 3, 2, 7);
  n.input(in), n.output(b);
  HandCase made{"channels inside", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box(),
            whole_b = net.tensors[b].box();
  HandCluster cluster(net, 3);
  cluster.stage();
  const int cut_a[] = {0, 4, 7, 10}, cut_b[] = {0, 2, 4, 7};
  for (int i = 0; i < 3; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = channels_of(whole_a, cut_a[i], cut_a[i + 1]);
    const Box out = channels_of(whole_b, cut_b[i], cut_b[i + 1]);
    p.buffer(in, 3), p.buffer(a, 4), p.part(b, out, 1);
    p.part(a, mine, 2);
    p.input(0, 0, picture);
    p.share(0, 0, picture, 3, mine);
    p.copy(3, 1, mine);
    p.share(1, 1, whole_a, 2, out);
    p.output(0, 2, out);
  }
  for (int i = 0; i < 3; ++i) {
    cluster.stream({i, 3}, {{(i + 1) % 3, 1}, {(i + 2) % 3, 1}},
                   channels_of(whole_a, cut_a[i], cut_a[i + 1]));
  }
  made.plan = cluster.finish();
  return made;
}

// Two nodes, output channels, each holding its own whole; the next segment
// gathers them into rings, the node's own by a copy.
HandCase channels_across() {
  HandNet n(4);
  const int in = n.tensor(8, 6, 4);
  const int a = n.conv(in, 1, 1, 9);
  const int b = n.conv(a, 3, 1, 6);
  const int c = n.conv(b, 1, 1, 4);
  n.input(in), n.output(c);
  HandCase made{"channels across", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box(),
            whole_b = net.tensors[b].box(), whole_c = net.tensors[c].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  const int cut_a[] = {0, 5, 9}, cut_b[] = {0, 2, 6};
  const BufferOptions both{.first_stage = 0, .last_stage = 1, .offset = 0};
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = channels_of(whole_a, cut_a[i], cut_a[i + 1]);
    p.part(a, mine, 0, both);
    p.buffer(in, 1);
    p.input(0, 1, picture);
    p.share(0, 1, picture, 0, mine);
  }
  cluster.stage();
  cluster.segment(1);
  BufferOptions held = both;
  held.complete = true;
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = channels_of(whole_a, cut_a[i], cut_a[i + 1]);
    const Box out = channels_of(whole_b, cut_b[i], cut_b[i + 1]);
    p.part(a, mine, 0, held);
    p.buffer(a, 4), p.part(b, out, 1);
    p.copy(0, 1, mine);
    p.share(1, 1, whole_a, 2, out);
    if (i == 0) p.buffer(b, 2), p.buffer(c, 1);
  }
  for (int i = 0; i < 2; ++i) {
    cluster.stream({i, 0}, {{1 - i, 1}},
                   channels_of(whole_a, cut_a[i], cut_a[i + 1]));
  }
  // The last layer is one node's.
  const Box first = channels_of(whole_b, cut_b[0], cut_b[1]);
  cluster[0].copy(2, 3, first);
  cluster.stream({1, 2}, {{0, 3}}, channels_of(whole_b, cut_b[1], cut_b[2]));
  cluster[0].share(2, 3, whole_b, 4, whole_c);
  cluster[0].output(0, 4, whole_c);
  made.plan = cluster.finish();
  return made;
}

// Three nodes, input channels: the sums of every slice of outputs go along a
// chain that ends at its owner.
HandCase input_chains() {
  HandNet n(5);
  const int in = n.tensor(6, 5, 9);
  const int a = n.conv(in, 3, 1, 6);
  n.input(in), n.output(a);
  HandCase made{"input chains", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box();
  HandCluster cluster(net, 3);
  cluster.stage();
  const int cut_in[] = {0, 2, 5, 9}, cut_a[] = {0, 1, 4, 6};
  for (int i = 0; i < 3; ++i) {
    HandPlan& p = cluster[i];
    const Box seen = channels_of(picture, cut_in[i], cut_in[i + 1]);
    p.part(in, seen, 3);
    p.input(0, 0, seen);
  }
  const BufferOptions sums{.element_bytes = 4};
  for (int owner = 0; owner < 3; ++owner) {
    const Box slice = channels_of(whole_a, cut_a[owner], cut_a[owner + 1]);
    HandEnd before;
    for (int step = 0; step < 3; ++step) {
      const int i = (owner + 1 + step) % 3;
      HandPlan& p = cluster[i];
      const Box seen = channels_of(picture, cut_in[i], cut_in[i + 1]);
      HandShare s{.out_box = slice, .in = {0, -1}, .in_box = {seen, {}}};
      if (step > 0) {
        s.partial = p.part(a, slice, 1, sums);
        cluster.stream(before, {{i, s.partial}}, slice);
      }
      s.final = step == 2;
      s.out = s.final ? p.part(a, slice, 1) : p.part(a, slice, 1, sums);
      p.share(0, s);
      if (s.final) p.output(0, s.out, slice);
      before = {i, s.out};
    }
  }
  made.plan = cluster.finish();
  return made;
}

// Two nodes, columns: halos are computed twice; the last layer adds a skip.
HandCase column_tiles() {
  HandNet n(6);
  const int in = n.tensor(7, 12, 4);
  const int a = n.conv(in, 1, 1, 4);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.add(a, b);
  n.input(in), n.output(c);
  HandCase made{"column tiles", n.finish(), {}};
  const Net& net = made.net;
  const Box all = net.tensors[a].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  const int own[2][2] = {{0, 5}, {5, 12}}, halo[2][2] = {{0, 6}, {4, 12}};
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box wide = columns_of(all, halo[i][0], halo[i][1]);
    const Box mine = columns_of(all, own[i][0], own[i][1]);
    p.part(in, wide, 1), p.part(a, wide, 3), p.part(b, mine, 1);
    p.part(c, mine, 1);
    p.input(0, 0, wide);
    p.share(0, 0, wide, 1, wide);
    p.share(1, 1, wide, 2, mine);
    p.share(2,
            {.out = 3, .out_box = mine, .in = {1, 2}, .in_box = {mine, mine}});
    p.output(0, 3, mine);
  }
  made.plan = cluster.finish();
  return made;
}

// Two nodes, one after the other: frames overlap.
HandCase pipeline() {
  HandNet n(7);
  const int in = n.tensor(10, 6, 3);
  const int a = n.conv(in, 3, 2, 6);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 5);
  n.input(in), n.output(c), n.output(a);
  HandCase made{"pipeline", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box(),
            whole_b = net.tensors[b].box(), whole_c = net.tensors[c].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  HandPlan &p = cluster[0], &q = cluster[1];
  p.buffer(in, 3), p.buffer(a, 1);
  p.input(0, 0, picture);
  p.share(0, 0, picture, 1, whole_a);
  q.buffer(a, 3), q.buffer(b, 1), q.buffer(c, 1);
  cluster.stream({0, 1}, {{1, 0}}, whole_a);
  p.output(1, 1, whole_a);
  q.share(1, 0, whole_a, 1, whole_b);
  q.share(2, 1, whole_b, 2, whole_c);
  q.output(0, 2, whole_c);
  made.plan = cluster.finish();
  return made;
}

// Two nodes, each with half of the hidden channels of an inverted bottleneck,
// in groups: the first one's sums go to the second, which ends them.
HandCase hidden_channels() {
  HandNet n(8);
  const int in = n.tensor(7, 5, 4);
  const int a = n.conv(in, 1, 1, 12);
  const int b = n.depthwise(a, 3, 1);
  const int c = n.conv(b, 1, 1, 6);
  n.input(in), n.output(c);
  HandCase made{"hidden channels", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_c = net.tensors[c].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    p.buffer(in, 4);
    p.private_buffer(a, 4, 3);
    p.private_buffer(b, 2, 3);
    const int sums = p.buffer(c, 2, {.element_bytes = 4});
    HandShare s{.out = sums, .out_box = whole_c, .in = {0, -1}};
    s.band = 2;
    p.input(0, 0, picture);
    if (i == 0) {
      s.final = false;
      p.loop_part(0, 3, 2, 0, 5, s);
      continue;
    }
    s.partial = sums;
    s.out = p.buffer(c, 2);
    cluster.stream({0, 3}, {{1, sums}}, whole_c);
    p.loop_part(0, 3, 3, 5, 12, s);
    p.output(0, s.out, whole_c);
  }
  made.plan = cluster.finish();
  return made;
}

// Two nodes, rows, in two tiles of columns: each node holds what it makes of
// `b` over all three stages, the picture comes again for the second tile, and
// what reads `b` takes the other node's row of both tiles at once.
HandCase shared_tiles() {
  HandNet n(9);
  const int in = n.tensor(8, 9, 3);
  const int a = n.conv(in, 3, 1, 6);
  const int b = n.conv(a, 1, 1, 4);
  const int c = n.conv(b, 3, 1, 5);
  n.input(in), n.output(c);
  HandCase made{"shared tiles", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box(),
            whole_b = net.tensors[b].box(), whole_c = net.tensors[c].box();
  HandCluster cluster(net, 2);
  const int own[2][2] = {{0, 4}, {4, 8}}, halo[2][2] = {{0, 5}, {3, 8}};
  const int tile[2][2] = {{0, 5}, {5, 9}}, seen[2][2] = {{0, 6}, {4, 9}};
  BufferOptions held{.first_stage = 0, .last_stage = 2, .offset = 0};
  for (int t = 0; t < 2; ++t) {
    cluster.stage();
    cluster.segment(t);
    for (int i = 0; i < 2; ++i) {
      HandPlan& p = cluster[i];
      const auto part = [&](const Box& all) {
        return columns_of(rows_of(all, own[i][0], own[i][1]), tile[t][0],
                          tile[t][1]);
      };
      const Box read = columns_of(rows_of(picture, halo[i][0], halo[i][1]),
                                  seen[t][0], seen[t][1]);
      const Box inner = part(whole_a), out = part(whole_b);
      p.part(b, rows_of(whole_b, own[i][0], own[i][1]), 0, held);
      p.part(a, inner, 1), p.part(in, read, 3);
      p.input(0, 2, read);
      p.share(0, 2, read, 1, inner);
      p.share(1, 1, inner, 0, out);
    }
  }
  cluster.stage();
  cluster.segment(2);
  held.complete = true;
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = rows_of(whole_b, own[i][0], own[i][1]);
    const Box read = rows_of(whole_b, halo[i][0], halo[i][1]);
    const Box out = rows_of(whole_c, own[i][0], own[i][1]);
    p.part(b, mine, 0, held);
    p.part(b, read, 4), p.part(c, out, 1);
    p.copy(0, 1, mine);
    p.share(2, 1, read, 2, out);
    p.output(0, 2, out);
  }
  cluster.stream({0, 0}, {{1, 1}}, rows_of(whole_b, 3, 4));
  cluster.stream({1, 0}, {{0, 1}}, rows_of(whole_b, 4, 5));
  made.plan = cluster.finish();
  return made;
}

// Two nodes: each transposes the rows that it has, which are channels of the
// result, and both need all of these.
HandCase transposed_shares() {
  HandNet n(10);
  const int in = n.tensor(7, 3, 4);
  const int a = n.conv(in, 1, 1, 5);
  const int t = n.transpose(a);
  const int b = n.conv(t, 1, 1, 6);
  n.input(in), n.output(b);
  HandCase made{"transposed shares", n.finish(), {}};
  const Net& net = made.net;
  const Box picture = net.tensors[in].box(), whole_a = net.tensors[a].box(),
            whole_t = net.tensors[t].box(), whole_b = net.tensors[b].box();
  HandCluster cluster(net, 2);
  cluster.stage();
  const int rows[] = {0, 4, 7}, cut_b[] = {0, 2, 6};
  const BufferOptions both{.first_stage = 0, .last_stage = 1, .offset = 0};
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box seen = rows_of(picture, rows[i], rows[i + 1]);
    const Box mine = rows_of(whole_a, rows[i], rows[i + 1]);
    const Box out = channels_of(whole_t, rows[i], rows[i + 1]);
    p.part(t, out, 0, both);
    p.part(in, seen, 1), p.part(a, mine);
    p.input(0, 1, seen);
    p.share(0, 1, seen, 2, mine);
    p.share(1, 2, mine, 0, out);
  }
  cluster.stage();
  cluster.segment(1);
  BufferOptions held = both;
  held.complete = true;
  for (int i = 0; i < 2; ++i) {
    HandPlan& p = cluster[i];
    const Box mine = channels_of(whole_t, rows[i], rows[i + 1]);
    const Box out = channels_of(whole_b, cut_b[i], cut_b[i + 1]);
    p.part(t, mine, 0, held);
    p.buffer(t, 2), p.part(b, out, 1);
    p.copy(0, 1, mine);
    p.share(2, 1, whole_t, 2, out);
    p.output(0, 2, out);
  }
  for (int i = 0; i < 2; ++i) {
    cluster.stream({i, 0}, {{1 - i, 1}},
                   channels_of(whole_t, rows[i], rows[i + 1]));
  }
  made.plan = cluster.finish();
  return made;
}

}  // namespace

std::vector<HandCase> linked_cases() {
  std::vector<HandCase> all;
  for (auto make : {linked_one, row_halo, channels_inside, channels_across,
                    input_chains, column_tiles, pipeline, hidden_channels,
                    shared_tiles, transposed_shares}) {
    all.push_back(make());
  }
  return all;
}

}  // namespace shoal
