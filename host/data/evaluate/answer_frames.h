// Runs the frames of an accuracy run on an engine, and on others of its kind in
// threads of their own.
#pragma once

#include "host/data/evaluate/frames.h"
#include "host/engine/engine.h"

namespace shoal {

// Gives every frame that is left its answer, or throws the error of the lowest
// that failed. `jobs`: threads at most; returns how many there were, one if the
// engine has no others of its kind.
int answer_frames(Engine&, int jobs, Frames&);
// Does the same for frames that are handed out elsewhere (Team::share()).
int answer_frames(Engine&, int jobs, const Frames&, Items&);

}  // namespace shoal
