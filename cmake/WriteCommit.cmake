# Run at each build:  cmake -DSOURCE=… -DHEADER=… -P WriteCommit.cmake
# HEADER names the commit that the sources are at; it is touched only when that changes. Sources outside git have the one
# that the environment variable MANYSHOT_COMMIT names, or none.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty=-changed --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR NOT EXISTS "${SOURCE}/.git")
  set(commit "unknown")
  if(DEFINED ENV{MANYSHOT_COMMIT})
    set(commit "$ENV{MANYSHOT_COMMIT}")
  endif()
endif()
file(CONFIGURE OUTPUT "${HEADER}" CONTENT "// The commit that the sources are at. Made by cmake/WriteCommit.cmake.
#pragma once

namespace manyshot {

inline constexpr const char* kCommit = \"@commit@\";

}  // namespace manyshot
" @ONLY)
