// Shared libraries of ours that are opened only when they are needed, since what they bring along is slow to start.
#pragma once

#include <string>

namespace manyshot {

// The folder that this program's libraries stand in, links followed. Throws Error(kInternal) where the loader does not
// know it.
std::string library_folder();

// A function with C linkage in a library of library_folder().
struct LibraryFunction {
  const char* file;        // "libmanyshot_torch.so"
  const char* symbol;      // the function's name
  const char* needed_for;  // begins the message where the library is missing: "engine reference needs"
  const char* instead;     // ends it: "use engine auto"
};

// Opens the library, for as long as the program runs, and returns the function's address. Throws Error(kUnsupported)
// without the library, kInternal when it has no such function.
void* open_library(const LibraryFunction& function);

}  // namespace manyshot
