# Build rules shared by every folder: language level, warnings, output places, and one function per kind of target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

# Every floating-point result must be the same wherever a loop is compiled: no contraction behind our back, no fast-math.
add_library(manyshot_flags INTERFACE)
target_compile_options(manyshot_flags INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers -ffp-contract=off)
if(MANYSHOT_WARNINGS_AS_ERRORS)
  target_compile_options(manyshot_flags INTERFACE -Werror)
endif()
if(MANYSHOT_SANITIZE)
  target_compile_options(manyshot_flags INTERFACE -fsanitize=${MANYSHOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(manyshot_flags INTERFACE -fsanitize=${MANYSHOT_SANITIZE})
endif()
if(MANYSHOT_FUZZ)
  target_compile_options(manyshot_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(MANYSHOT_CCACHE ccache)
if(MANYSHOT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MANYSHOT_CCACHE}")
endif()
find_program(MANYSHOT_MOLD mold)
if(MANYSHOT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# manyshot_library(NAME SOURCES ... PUBLIC ... PRIVATE ...)
# One shared library per folder of src/. --no-undefined makes the linker refuse a folder that uses one it does not name.
function(manyshot_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(manyshot_${name} SHARED ${ARG_SOURCES})
  target_include_directories(manyshot_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(manyshot_${name} PUBLIC ${ARG_PUBLIC} PRIVATE manyshot_flags ${ARG_PRIVATE})
  install(TARGETS manyshot_${name} LIBRARY DESTINATION lib)
  if(NOT MANYSHOT_SANITIZE AND NOT MANYSHOT_FUZZ)
    target_link_options(manyshot_${name} PRIVATE -Wl,--no-undefined)
  endif()
endfunction()

# All that is installed.
add_custom_target(program)

# manyshot_module(NAME SOURCES ... PRIVATE ...)
# A library that is opened at run time, never linked, and found beside the others (core/library.h): what it brings along is slow
# to start, or is not everywhere.
function(manyshot_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_library(manyshot_${name} MODULE ${ARG_SOURCES})
  target_link_libraries(manyshot_${name} PRIVATE manyshot_flags ${ARG_PRIVATE})
  install(TARGETS manyshot_${name} LIBRARY DESTINATION lib)
  add_dependencies(program manyshot_${name})
endfunction()

# manyshot_test(NAME SOURCES ... LIBRARIES ... [SLOW])
# A GoogleTest program with the library tests/support, run by CTest under the label `fast` (default) or `slow`. MANYSHOT_SOURCE_DIR, MANYSHOT_PROGRAM and
# MANYSHOT_SHARED_DIR (the evaluation tables, which may be absent) reach it through the environment.
function(manyshot_test name)
  cmake_parse_arguments(ARG "SLOW" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} manyshot_test_support manyshot_flags GTest::gmock_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    LABELS $<IF:$<BOOL:${ARG_SLOW}>,slow,fast>
    ENVIRONMENT "MANYSHOT_SOURCE_DIR=${PROJECT_SOURCE_DIR};MANYSHOT_PROGRAM=${PROJECT_BINARY_DIR}/bin/manyshot;MANYSHOT_SHARED_DIR=${PROJECT_SOURCE_DIR}/../shared")
endfunction()

# manyshot_fuzzer(NAME SOURCES ... LIBRARIES ... CORPUS dir ...)
# A libFuzzer target, and a CTest entry that replays the corpus and fuzzes on for MANYSHOT_FUZZ_SECONDS.
set(MANYSHOT_FUZZ_SECONDS 10 CACHE STRING "Seconds each fuzz target runs under CTest")
function(manyshot_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;CORPUS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} manyshot_flags)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/corpus/${name}")
  add_test(NAME ${name} COMMAND ${name} -max_total_time=${MANYSHOT_FUZZ_SECONDS} -rss_limit_mb=4096 -timeout=20
    "${PROJECT_BINARY_DIR}/corpus/${name}" ${ARG_CORPUS})
  set_tests_properties(${name} PROPERTIES LABELS fuzz)
endfunction()
