// What a board says when it does not run, as errors for people.
#pragma once

#include "device/port/console.h"
#include "host/base/error.h"
#include "host/board/board.h"

namespace shoal {

Error refusal_error(const Board&, const RefusedFrame&);
// Of an exception of its CPU.
Error exception_error(const Board&, const FaultFrame&);

}  // namespace shoal
