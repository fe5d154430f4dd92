#include "host/quantize/own_normalization.h"

#include <gtest/gtest.h>

#include "host/oracle/float/float_oracle.h"
#include "host/quantize/testing/float_net.h"

namespace shoal {
namespace {

constexpr Shape::value_type kChannels = 3;

// ((255 x - mean) / deviation, as exporters write it.
FloatNet normalizing(int& inside) {
  FloatNet net(3);
  const int x = net.input({1, 6, 6, kChannels});
  inside = net.binary(OpKind::kMul, x, net.constant({}, {255}));
  inside = net.binary(OpKind::kSub, inside,
                      net.constant({kChannels}, {123.7F, 116.3F, 103.5F}));
  inside = net.binary(OpKind::kDiv, inside,
                      net.constant({1, 1, 1, kChannels}, {58, 57, 56}));
  net.output(net.conv(inside, 4, {.kernel = 3}));
  return net;
}

TEST(OwnNormalization, IsFoundAndTakenAway) {
  int inside = -1;
  const FloatNet net = normalizing(inside);
  const auto own = own_normalization(net.graph());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->result, inside);
  EXPECT_EQ(own->ops.size(), 3u);
  const auto all = joined({{0}, {255}}, *own);
  ASSERT_TRUE(all);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(all->mean[c], (std::vector{123.7F, 116.3F, 103.5F})[c], 1e-4F);
    EXPECT_NEAR(all->deviation[c], 58.F - static_cast<float>(c), 1e-4F);
  }

  const Graph rest = without_own(net.graph(), *own, *all);
  EXPECT_EQ(rest.ops.size(), 1u);
  EXPECT_EQ(rest.pixels, all);
  std::vector<float> before, after;
  for (int i = 0; i < 6 * 6 * kChannels; ++i) {
    const auto pixel = static_cast<float>(i * 7 % 256);
    const auto c = static_cast<size_t>(i % kChannels);
    before.push_back(pixel / 255);
    after.push_back((pixel - all->mean[c]) / all->deviation[c]);
  }
  FloatOracle whole(net.graph()), part(rest);
  whole.run(before);
  part.run(after);
  const std::vector<float> wanted = whole.output(), got = part.output();
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4);
}

TEST(OwnNormalization, AConstantLessTheInputTurnsItsSign) {
  FloatNet net(3);
  const int x = net.input({1, 4, 4, 2});
  int y = net.binary(OpKind::kSub, net.constant({}, {1}), x);
  y = net.binary(OpKind::kMul, y, net.constant({}, {2}));
  net.output(net.conv(y, 2, {}));
  const auto own = own_normalization(net.graph());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->scale, std::vector<float>{-2});
  EXPECT_EQ(own->offset, std::vector<float>{2});
  EXPECT_FALSE(joined({{0}, {255}}, *own));
}

TEST(OwnNormalization, StopsWhereSomethingElseIsRead) {
  const auto found = [](auto make) {
    FloatNet net(3);
    const int x = net.input({1, 4, 4, 2});
    make(net, x);
    return own_normalization(net.graph()).has_value();
  };
  const auto half = [](FloatNet& net, int x, Activation act) {
    return net.binary(OpKind::kMul, x, net.constant({}, {.5F}), act);
  };
  EXPECT_TRUE(found([&](FloatNet& net, int x) {
    net.output(net.conv(half(net, x, Activation::kNone), 2, {}));
  }));
  EXPECT_FALSE(found([&](FloatNet& net, int x) {
    net.output(net.conv(half(net, x, Activation::kRelu), 2, {}));
  })) << "an activation";
  EXPECT_FALSE(found([&](FloatNet& net, int x) {
    const int y = half(net, x, Activation::kNone);
    net.output(net.binary(OpKind::kAdd, x, net.conv(y, 2, {})));
  })) << "the input is read elsewhere";
  EXPECT_FALSE(found([&](FloatNet& net, int x) {
    net.output(half(net, x, Activation::kNone));
  })) << "nothing is left";
  EXPECT_FALSE(found([&](FloatNet& net, int x) {
    net.output(net.binary(OpKind::kMul, x, x));
  })) << "no constant";
}

TEST(OwnNormalization, DoubtsWhatCannotBeMeant) {
  const OwnNormalization of_pixels{{1 / 127.5F}, {-1}, 1, {0}};
  EXPECT_EQ(doubt_about_input(of_pixels, 0, 255), "");
  EXPECT_EQ(doubt_about_input(of_pixels, 0, 1),
            "the model normalizes its input itself, and of values of 0 to 1 it "
            "makes -1 to -0.9922: pixels as they are would fit (--mean 0 --std "
            "1)");
  const OwnNormalization of_shares{{1 / .225F}, {-.45F / .225F}, 1, {0}};
  EXPECT_EQ(doubt_about_input(of_shares, 0, 1), "");
  EXPECT_EQ(doubt_about_input(of_shares, -2.1F, 2.6F),
            "the model normalizes its input itself, and of values of -2.1 to "
            "2.6 it makes -11.33 to 9.556: pixels of 0 to 1 would fit (no "
            "--mean, no --std)");
}

}  // namespace
}  // namespace shoal
