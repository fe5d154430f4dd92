// Runs the programs of a linked plan over a network in memory: pictures in,
// outputs put together from what the nodes send.
#pragma once

#include "device/runtime/testing/cluster.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/stream_table.h"
#include "host/program/emit/testing/emit_all.h"

namespace shoal {

// Whole tensors, by input or output, then frame.
using WholeFrames = test::CoordinatorParty::Frames;

struct LinkedRun {
  test::ClusterResult result;
  WholeFrames outputs;
};

// Copies a box between a view's bytes and those of the box alone.
template <class Copy>
void each_row(const View& view, const Box& box, const Copy& copy) {
  const auto row = static_cast<size_t>(box.channels());
  size_t packed = 0;
  for (int y = box.y0; y < box.y1; ++y) {
    for (int x = box.x0; x < box.x1; ++x, packed += row) {
      const Box& all = view.box;
      const auto pixel =
          static_cast<size_t>((y - all.y0) * all.columns() + (x - all.x0));
      copy(pixel * size_t(all.channels()) + size_t(box.c0 - all.c0), packed,
           row);
    }
  }
}

inline LinkedRun run_linked(const Net& net, const Plan& plan,
                            const WholeFrames& inputs,
                            const test::ClusterOptions& options) {
  constexpr uint16_t kWindow = 8;
  const std::vector<StreamEdge> edges = stream_edges(plan);
  const CoordinatorLinks links = coordinator_links(edges, plan, kWindow);
  WholeFrames parts;
  std::vector<uint32_t> sizes(links.streams.size());
  for (const StreamEdge& e : edges) {
    if (e.to.node < 0) sizes[e.to.number] = uint32_t(e.bytes());
    if (e.from.node >= 0) continue;
    const View& view = net.inputs[size_t(e.index)].place.view;
    parts.emplace_back();
    for (const test::Bytes& whole : inputs[size_t(e.index)]) {
      test::Bytes part(size_t(e.bytes()));
      each_row(view, e.box, [&](size_t at, size_t packed, size_t n) {
        std::copy_n(whole.begin() + long(at), n, part.begin() + long(packed));
      });
      parts.back().push_back(part);
    }
  }
  LinkedRun run;
  std::vector<test::Bytes> images = emit_all(net, plan);
  for (size_t n = images.size(); n-- > 0;) {
    // It has no program to run.
    if (plan.nodes[n].stages.empty()) images.erase(images.begin() + long(n));
  }
  run.result =
      test::run_images(images, {links.peers, links.streams, links.targets},
                       parts, sizes, options);
  for (const NetIo& io : net.outputs) {
    run.outputs.emplace_back(size_t(options.frames),
                             test::Bytes(size_t(io.place.view.box.elements())));
  }
  for (const StreamEdge& e : edges) {
    if (e.to.node >= 0) continue;
    const View& view = net.outputs[size_t(e.index)].place.view;
    for (size_t f = 0; f < size_t(options.frames); ++f) {
      const test::Bytes& part = run.result.outputs[e.to.number][f];
      test::Bytes& whole = run.outputs[size_t(e.index)][f];
      each_row(view, e.box, [&](size_t at, size_t packed, size_t n) {
        std::copy_n(part.begin() + long(packed), n, whole.begin() + long(at));
      });
    }
  }
  return run;
}

}  // namespace shoal
