// Inside the loader: the checks of one kind of actor alone, its parameters and
// those of its shapes that kinds.h has no common rule for. The number of its
// parameters and its operands' ports have been checked. A build links those of
// the kinds that it fires (device/runtime/modules.h).
#pragma once

#include "device/program/module_checks.h"

namespace shoal {

bool check_reduce_sum(StageCheck&, const StageView&, const ActorRecord&);
bool check_reduced(StageCheck&, const StageView&, const ActorRecord&);
bool check_add(StageCheck&, const StageView&, const ActorRecord&);
bool check_mul(StageCheck&, const StageView&, const ActorRecord&);
bool check_prelu(StageCheck&, const StageView&, const ActorRecord&);
bool check_softmax(StageCheck&, const StageView&, const ActorRecord&);
bool check_move(StageCheck&, const StageView&, const ActorRecord&);
bool check_resize(StageCheck&, const StageView&, const ActorRecord&);
bool check_blocks(StageCheck&, const StageView&, const ActorRecord&);
bool check_transpose(StageCheck&, const StageView&, const ActorRecord&);
bool check_divide(StageCheck&, const StageView&, const ActorRecord&);
bool check_squared_difference(StageCheck&, const StageView&,
                              const ActorRecord&);
bool check_log_softmax(StageCheck&, const StageView&, const ActorRecord&);
bool check_bilinear(StageCheck&, const StageView&, const ActorRecord&);
bool check_arg_max(StageCheck&, const StageView&, const ActorRecord&);
bool check_running_sum(StageCheck&, const StageView&, const ActorRecord&);
bool check_matmul(StageCheck&, const StageView&, const ActorRecord&);
bool check_l2_norm(StageCheck&, const StageView&, const ActorRecord&);
bool check_probability(StageCheck&, const StageView&, const ActorRecord&);
bool check_lstm(StageCheck&, const StageView&, const ActorRecord&);
bool check_cell(StageCheck&, const StageView&, const ActorRecord&);

// In the order of OpCode.
inline constexpr KindCheck kKindChecks[] = {
    nullptr,  // conv
    nullptr,  // depthwise
    nullptr,  // transpose_conv
    nullptr,  // average_pool
    nullptr,  // max_pool
    check_reduce_sum,
    check_reduced,  // reduce_max
    check_add,         check_mul,
    nullptr,  // maximum
    nullptr,  // minimum
    check_prelu,
    nullptr,  // lut
    check_softmax,     check_move,
    check_resize,
    check_blocks,  // space_to_depth
    check_blocks,  // depth_to_space
    check_transpose,
    nullptr,  // reshape
    nullptr,  // constant
    nullptr,  // requantize
    check_divide,      check_squared_difference,
    check_log_softmax, check_bilinear,
    check_arg_max,     check_running_sum,
    check_matmul,      check_l2_norm,
    check_probability,
    nullptr,  // rescale
    nullptr,  // sigmoid
    nullptr,  // wide_softmax
    check_lstm,        check_cell};
static_assert(sizeof kKindChecks / sizeof kKindChecks[0] == kActorKindCount);

}  // namespace shoal
