# A check on a tree full of offences, tests/setup/TREE, must report exactly the lines of TREE.txt and fail.
# cmake -DCHECK=cmake/CheckIncludes.cmake -DTREE=wrong_includes -P check_test.cmake
execute_process(
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_CURRENT_LIST_DIR}/${TREE}" -P "${CHECK}"
  RESULT_VARIABLE exit_code ERROR_VARIABLE output)
if(exit_code EQUAL 0)
  message(FATAL_ERROR "the check passed a tree full of offences")
endif()
string(REGEX REPLACE "CMake Error.*" "" reported "${output}")
file(READ "${CMAKE_CURRENT_LIST_DIR}/${TREE}.txt" expected)
if(NOT reported STREQUAL expected)
  message(FATAL_ERROR "expected:\n${expected}\nreported:\n${reported}")
endif()
