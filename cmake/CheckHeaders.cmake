# Checks that every header under SOURCE_DIR/src serves somebody:  cmake -DSOURCE_DIR=DIR -P cmake/CheckHeaders.cmake
# A header is included by a file of src/ other than its own source (the .cc of the same name); what only tests include is
# dead code. Prints every header that is not, and fails if there is any.
cmake_minimum_required(VERSION 3.25)

# Declarations of a library whose wheel lacks its headers: libtorch's own headers include them as <gloo/...>.
set(stand_ins "^train/collective/gloo_declarations/")

# The names that the #include "..." lines of src/ give, each once, with the file that has it: "HEADER|FILE".
file(GLOB_RECURSE files RELATIVE "${SOURCE_DIR}/src" "${SOURCE_DIR}/src/*.h" "${SOURCE_DIR}/src/*.cc")
set(includes "")
foreach(file IN LISTS files)
  file(STRINGS "${SOURCE_DIR}/src/${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"[^\"]+\"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*" "\\1" header "${line}")
    list(APPEND includes "${header}|${file}")
  endforeach()
endforeach()

set(headers ${files})
list(FILTER headers INCLUDE REGEX "\\.h$")
list(FILTER headers EXCLUDE REGEX "${stand_ins}")
list(LENGTH headers number_of_headers)
if(number_of_headers EQUAL 0)
  message(FATAL_ERROR "no headers under ${SOURCE_DIR}/src")
endif()

set(offences 0)
foreach(header IN LISTS headers)
  string(REGEX REPLACE "\\.h$" ".cc" own_source "${header}")
  string(REGEX REPLACE "([.+])" "\\\\\\1" pattern "${header}")
  set(users ${includes})
  list(FILTER users INCLUDE REGEX "^${pattern}\\|")
  list(REMOVE_ITEM users "${header}|${own_source}")
  if(users STREQUAL "")
    message("src/${header}: no file of src/ includes it but its own source; remove it, or move what only tests need to tests/support")
    math(EXPR offences "${offences} + 1")
  endif()
endforeach()
if(offences GREATER 0)
  message(FATAL_ERROR "${offences} headers serve nobody (cmake/CheckHeaders.cmake)")
endif()
