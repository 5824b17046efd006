// Ctrl-C and SIGTERM: long loops ask check_interrupted(), unfinished outputs are removed, and the process then ends by
// the same signal so that a calling shell sees it.
#pragma once

#include <string>

namespace manyshot {

// Call once in main(), before threads start. The first SIGINT or SIGTERM sets a flag; a second one removes unfinished
// outputs and ends the process at once by that signal. A SIGINT that the parent told us to ignore (nohup, background
// jobs) stays ignored. SIGXFSZ is ignored too, so that a file size limit becomes an error message of the writer.
void install_signal_handlers();
// Throws Error(kInterrupted) after a signal.
void check_interrupted();
// Whether one came.
bool was_signalled();
// Ends the process by the signal received (SIGINT if none was), for main() after Error(kInterrupted). Removes
// unfinished outputs.
[[noreturn]] void end_by_signal();

// Files to unlink should the process end by a signal. Used by OutputFile. At most 64 at a time; more are not
// registered.
void register_unfinished(const std::string& path);
void unregister_unfinished(const std::string& path);

}  // namespace manyshot
