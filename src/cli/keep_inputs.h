// No output may destroy an input.
#pragma once

#include "core/options.h"

namespace manyshot {

// Throws Error(kBadInput) when an option of `list` that names an output (--out, --report) is a file or folder that
// another option reads, by whatever path, symbolic or hard link, or an existing file inside a folder that another
// option reads. `list`: the options of a command as they were given. Nothing is written.
void keep_inputs(const OptionList& list);

}  // namespace manyshot
