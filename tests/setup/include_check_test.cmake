# The include check on tests/setup/wrong_includes must report exactly the lines of wrong_includes.txt and fail.
# cmake -DSOURCE_DIR=repository -P include_check_test.cmake
execute_process(
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_CURRENT_LIST_DIR}/wrong_includes" -P "${SOURCE_DIR}/cmake/CheckIncludes.cmake"
  RESULT_VARIABLE exit_code ERROR_VARIABLE output)
if(exit_code EQUAL 0)
  message(FATAL_ERROR "the check passed a tree full of wrong includes")
endif()
string(REGEX REPLACE "CMake Error.*" "" reported "${output}")
file(READ "${CMAKE_CURRENT_LIST_DIR}/wrong_includes.txt" expected)
if(NOT reported STREQUAL expected)
  message(FATAL_ERROR "expected:\n${expected}\nreported:\n${reported}")
endif()
