#include "device/agent/noise.h"

#include <gtest/gtest.h>
#include <mbedtls/chachapoly.h>

#include <algorithm>
#include <string>
#include <vector>

#include "device/agent/keys.h"
#include "device/link/cipher.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes from_hex(const std::string& text) {
  Bytes out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(
        static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return out;
}

const DiffieHellman& dh() { return x25519_mbedtls(); }

Bytes shared(const Bytes& secret, const Bytes& theirs) {
  Bytes out(kDhBytes);
  EXPECT_EQ(dh().shared(secret.data(), theirs.data(), out.data()), 0);
  return out;
}

Bytes public_of(const Bytes& secret) {
  Bytes out(kDhBytes);
  EXPECT_EQ(dh().public_key(secret.data(), out.data()), 0);
  return out;
}

// RFC 7748, sections 5.2 and 6.1.
TEST(X25519, VectorsOfTheRfc) {
  EXPECT_EQ(shared(from_hex("a546e36bf0527c9d3b16154b82465edd"
                            "62144c0ac1fc5a18506a2244ba449ac4"),
                   from_hex("e6db6867583030db3594c1a424b15f7c"
                            "726624ec26b3353b10a903a6d0ab1c4c")),
            from_hex("c3da55379de9c6908e94ea4df28d084f"
                     "32eccf03491c71f754b4075577a28552"));
  EXPECT_EQ(shared(from_hex("4b66e9d4d1b4673c5ad22691957d6af5"
                            "c11b6421e0ea01d42ca4169e7918ba0d"),
                   from_hex("e5210f12786811d3f4b7959d0538ae2c"
                            "31dbe7106fc03c3efc4cd549c715a493")),
            from_hex("95cbde9476e8907d7aade45cb4b873f8"
                     "8b595a68799fa152e6f8f7647aac7957"));
  const Bytes alice = from_hex(
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Bytes bob = from_hex(
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const Bytes alices = from_hex(
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const Bytes bobs = from_hex(
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(public_of(alice), alices);
  EXPECT_EQ(public_of(bob), bobs);
  const Bytes both = from_hex(
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(shared(alice, bobs), both);
  EXPECT_EQ(shared(bob, alices), both);
}

// With them the result would not depend on the secret.
TEST(X25519, LowOrderPointsAreRefused) {
  const Bytes secret(32, 7);
  for (const char* point :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    const Bytes theirs = from_hex(point);
    Bytes out(kDhBytes);
    EXPECT_NE(dh().shared(secret.data(), theirs.data(), out.data()), 0)
        << point;
    Identity identity;
    EXPECT_FALSE(make_identity(dh(), secret.data(), theirs.data(), identity));
  }
  Identity own;
  EXPECT_FALSE(
      make_identity(dh(), secret.data(), public_of(secret).data(), own));
}

// Noise_KK_25519_ChaChaPoly_SHA256 of the Cacophony vectors, as published in
// github.com/mcginty/snow, tests/vectors/cacophony.txt.
struct Vector {
  Bytes prologue = from_hex("4a6f686e2047616c74");
  Bytes statics[2] = {
      from_hex(
          "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"),
      from_hex(
          "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893")};
  Bytes ephemerals[2] = {
      from_hex(
          "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"),
      from_hex(
          "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b")};
  Bytes hash = from_hex(
      "24c6b51ecb76277140ca018b5985bc9f03de321dae2d34dcae433dafef0131d9");
  Bytes payloads[6] = {from_hex("4c756477696720766f6e204d69736573"),
                       from_hex("4d757272617920526f746862617264"),
                       from_hex("462e20412e20486179656b"),
                       from_hex("4361726c204d656e676572"),
                       from_hex("4a65616e2d426170746973746520536179"),
                       from_hex("457567656e2042f6686d20766f6e2042617765726b")};
  Bytes messages[6] = {
      from_hex(
          "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
          "0177015efc1fe7a37c629af7120a96274e6ab7afcc9261901d0e09ae32a5bb96"),
      from_hex(
          "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
          "b274d3429adc47ca093ba63ef90f8da89fda108db471dccfa4894aa7b00003"),
      from_hex("966b05bc69ec01b8454d3160a214e6f24a3d884eb31ec2408af63f"),
      from_hex("0ad887fba4f611bbb4afe44ba3556b8164332ca7d5934634d63d80"),
      from_hex(
          "012b28ae646ae7830e2c5472cb023eab071c1db3d8413ec69b513b83832f974c2d"),
      from_hex("bb3e6a48160d9c5971d37f975727294e0d868342db31832e54d07191ab0ca3"
               "c3703b5ed3d9")};

  Identity identity(int side) const {
    Identity i;
    EXPECT_TRUE(make_identity(dh(), statics[side].data(),
                              public_of(statics[1 - side]).data(), i));
    return i;
  }
};

TEST(Noise, PublishedVectorOfKk) {
  const Vector v;
  const Identity us = v.identity(0), them = v.identity(1);
  EXPECT_EQ(Bytes(us.own, us.own + 32),
            from_hex("6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c2"
                     "2757b75a"));
  const auto bytes = static_cast<uint32_t>(v.prologue.size());
  NoiseKk first(dh(), us, true, v.prologue.data(), bytes);
  NoiseKk second(dh(), them, false, v.prologue.data(), bytes);
  Bytes message(v.messages[0].size()), payload(v.payloads[0].size());
  ASSERT_TRUE(first.write_first(v.ephemerals[0].data(), v.payloads[0].data(),
                                16, message.data()));
  EXPECT_EQ(message, v.messages[0]);
  ASSERT_TRUE(second.read_first(message.data(), payload.data(), 16));
  EXPECT_EQ(payload, v.payloads[0]);
  message.resize(v.messages[1].size()), payload.resize(15);
  ASSERT_TRUE(second.write_second(v.ephemerals[1].data(), v.payloads[1].data(),
                                  15, message.data()));
  EXPECT_EQ(message, v.messages[1]);
  ASSERT_TRUE(first.read_second(message.data(), payload.data(), 15));
  EXPECT_EQ(payload, v.payloads[1]);
  EXPECT_EQ(Bytes(first.hash(), first.hash() + 32), v.hash);
  EXPECT_EQ(Bytes(second.hash(), second.hash() + 32), v.hash);

  uint8_t keys[2][32], same[2][32];
  first.split(keys[0], keys[1]);
  second.split(same[0], same[1]);
  EXPECT_TRUE(equal_bytes(keys[0], same[0], 64));
  // The cipher and the numbers of session datagrams make Noise's messages.
  for (int i = 2; i < 6; ++i) {
    Bytes sealed = v.payloads[i];
    const auto size = static_cast<uint32_t>(sealed.size());
    sealed.resize(size + kNoiseTagBytes);
    ASSERT_EQ(chacha20_poly1305().seal(
                  keys[i % 2], session_nonce(static_cast<uint32_t>(i - 2) / 2),
                  nullptr, 0, sealed.data(), size),
              0);
    EXPECT_EQ(sealed, v.messages[i]) << i;
  }
}

// Every byte of a message, and of what comes with it, counts; what is refused
// leaves the side as it was.
TEST(Noise, WhatIsNotGenuineIsRefusedAndForgotten) {
  const Vector v;
  const Identity us = v.identity(0), them = v.identity(1);
  const auto bytes = static_cast<uint32_t>(v.prologue.size());
  NoiseKk second(dh(), them, false, v.prologue.data(), bytes);
  Bytes payload(16);
  for (size_t i = 0; i < v.messages[0].size(); ++i) {
    Bytes bad = v.messages[0];
    bad[i] ^= 1;
    EXPECT_FALSE(second.read_first(bad.data(), payload.data(), 16)) << i;
  }
  NoiseKk elsewhere(dh(), them, false, v.prologue.data(), bytes - 1);
  EXPECT_FALSE(elsewhere.read_first(v.messages[0].data(), payload.data(), 16));
  // Sent back to who said it.
  NoiseKk back(dh(), us, false, v.prologue.data(), bytes);
  EXPECT_FALSE(back.read_first(v.messages[0].data(), payload.data(), 16));
  ASSERT_TRUE(second.read_first(v.messages[0].data(), payload.data(), 16));
  Bytes message(v.messages[1].size());
  ASSERT_TRUE(second.write_second(v.ephemerals[1].data(), v.payloads[1].data(),
                                  15, message.data()));
  EXPECT_EQ(message, v.messages[1]);

  NoiseKk first(dh(), us, true, v.prologue.data(), bytes);
  Bytes said(v.messages[0].size());
  ASSERT_TRUE(first.write_first(v.ephemerals[0].data(), v.payloads[0].data(),
                                16, said.data()));
  for (size_t i = 0; i < message.size(); ++i) {
    Bytes bad = message;
    bad[i] ^= 128;
    // The highest bit of a public key does not count in X25519, but here.
    EXPECT_FALSE(first.read_second(bad.data(), payload.data(), 15)) << i;
  }
  EXPECT_TRUE(first.read_second(message.data(), payload.data(), 15));
}

TEST(Noise, AnotherIdentityIsRefused) {
  const Vector v;
  Identity us = v.identity(0), them = v.identity(1), other;
  const Bytes stranger(32, 0x55);
  ASSERT_TRUE(make_identity(dh(), stranger.data(), us.theirs, other));
  NoiseKk second(dh(), them, false, nullptr, 0);
  NoiseKk first(dh(), other, true, nullptr, 0);
  Bytes message(kDhBytes + kNoiseTagBytes);
  ASSERT_TRUE(
      first.write_first(v.ephemerals[0].data(), nullptr, 0, message.data()));
  EXPECT_FALSE(second.read_first(message.data(), nullptr, 0));
}

// ENCRYPT(k, 2^64 - 1, nothing, 32 zeros), its first 32 bytes.
TEST(Noise, RekeyIsDefinedByChaChaPoly) {
  Bytes key(32, 9), again = key;
  next_key(key.data());
  Bytes zeros(32 + kNoiseTagBytes);
  mbedtls_chachapoly_context c;
  mbedtls_chachapoly_init(&c);
  ASSERT_EQ(mbedtls_chachapoly_setkey(&c, again.data()), 0);
  const Bytes nonce = from_hex("00000000ffffffffffffffff");
  ASSERT_EQ(mbedtls_chachapoly_encrypt_and_tag(&c, 32, nonce.data(), nullptr, 0,
                                               zeros.data(), zeros.data(),
                                               zeros.data() + 32),
            0);
  mbedtls_chachapoly_free(&c);
  zeros.resize(32);
  EXPECT_EQ(key, zeros);
  EXPECT_NE(key, again);
}

}  // namespace
}  // namespace shoal
