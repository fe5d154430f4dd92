// Makes errors for people of what a board says when it does not run.
#pragma once

#include <string>

#include "device/port/console.h"
#include "host/base/error.h"
#include "host/board/board.h"

namespace shoal {

// `kept`: the file that an emulated board's storage stays in, or empty.
Error refusal_error(const Board&, const ConsoleRefused&,
                    const std::string& kept = {});
// Returns the error of an exception of the board's CPU.
Error exception_error(const Board&, const ConsoleFault&);

}  // namespace shoal
