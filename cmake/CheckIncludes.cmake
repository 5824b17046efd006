# Checks who includes what under SOURCE_DIR/src:  cmake -DSOURCE_DIR=DIR -P cmake/CheckIncludes.cmake
# The folders are the data flow: a file includes headers of its own place and of those before it. Places are the paths below;
# a file's place is the longest that it stands in. A third-party library has one home. Prints every offence as file:line and
# fails if there is any.
cmake_minimum_required(VERSION 3.25)

set(data_flow
  core database report kernels table
  prior/options.h prior/random prior/task prior/scm prior/graph prior
  teacher
  encoding encoding/tokenizer encoding/text encoding/parts
  corpus corpus/hdf5
  model/dtype.h model/device model/decoder model/files model/model.h model/compact model/language model/torch model
  train train/data train/optimizer train/compact train/language train/device train/collective
  train/models train/display train/record train/plan train/run
  predict generate
  evaluate/endpoint evaluate/knowledge evaluate/protocol evaluate/summary evaluate/report evaluate c_api
  train_evaluation
  lab/words lab/world lab/data lab/make lab/augment lab/score lab/run lab/cost lab/report
  serve memory mcp cli)

# The functions below read the include at hand: `file` (its path from src/), `line_number`, `header`.

function(report rule)
  message("src/${file}:${line_number}: ${rule}")
  set_property(GLOBAL PROPERTY offences_found TRUE)
endfunction()

# find_place(PATH PLACE POSITION): the longest entry of the data flow that PATH is or stands in, and its place in the order; ""
# and -1 without one.
function(find_place path place position)
  set(${place} "" PARENT_SCOPE)
  set(${position} -1 PARENT_SCOPE)
  while(path)
    list(FIND data_flow "${path}" found)
    if(NOT found EQUAL -1)
      set(${place} "${path}" PARENT_SCOPE)
      set(${position} "${found}" PARENT_SCOPE)
      return()
    endif()
    cmake_path(GET path PARENT_PATH path)
  endwhile()
endfunction()

function(check_own_header)
  find_place("${file}" place position)
  find_place("${header}" header_place header_position)
  if(header_position EQUAL -1)
    report("\"${header}\" is not a path from src/, such as \"core/error.h\"")
  elseif(position EQUAL -1)
    report("src/${file} is not in the data flow: add its folder to cmake/CheckIncludes.cmake")
  elseif(header_position GREATER position)
    report("\"${header}\" belongs to src/${header_place}, which comes after src/${place} in the data flow")
  endif()
endfunction()

# library_home(NAME HEADERS FILES WORDS): headers matching HEADERS may be included only by files matching FILES.
function(library_home name headers files words)
  if(header MATCHES "${headers}" AND NOT file MATCHES "${files}")
    report("<${header}>: ${name} may be included only in ${words}")
  endif()
endfunction()

function(check_library_header)
  library_home("libtorch" "^(torch|ATen|c10|caffe2)/" "^(model/torch|train/collective|train/device)/" "src/model/torch, src/train/collective and src/train/device")
  library_home("Arrow" "^(arrow|parquet)/" "^table/" "src/table")
  library_home("nlohmann-json" "^nlohmann/" "^core/json\\.h$" "src/core/json.h")
  library_home("CLI11" "^CLI/" "^cli/" "src/cli")
  library_home("toml++" "^toml(\\+\\+/|\\.hpp)" "^core/" "src/core")
  library_home("spdlog" "^spdlog/" "^core/" "src/core")
  library_home("PCRE2" "^pcre2" "^(encoding/tokenizer/regex_splitter|model/files/module_pattern)\\.cc$"
               "regex_splitter.cc of src/encoding/tokenizer and module_pattern.cc of src/model/files")
  library_home("SQLite" "^sqlite3" "^database/database\\.cc$" "src/database/database.cc")
  library_home("HDF5" "^hdf5" "^corpus/hdf5/task_dump_format\\.cc$" "src/corpus/hdf5/task_dump_format.cc")
  library_home("libcurl" "^curl/" "^evaluate/endpoint/http_client\\.cc$" "src/evaluate/endpoint/http_client.cc")
  library_home("cpp-httplib" "^httplib" "^serve/http_server\\.cc$" "src/serve/http_server.cc")
  library_home("XGBoost" "^xgboost/" "^predict/" "one file of src/predict")
  if(header MATCHES "^xgboost/" AND file MATCHES "^predict/")
    get_property(home GLOBAL PROPERTY xgboost_home)
    if(home AND NOT home STREQUAL file)
      report("<${header}>: XGBoost may be included only in one file, and src/${home} is it")
    endif()
    set_property(GLOBAL PROPERTY xgboost_home "${file}")
  endif()
endfunction()

function(check_file)
  file(READ "${SOURCE_DIR}/src/${file}" text)
  string(REGEX REPLACE "[][;\\\\]" "" text "${text}")  # these would upset CMake's lists
  string(REPLACE "\n" ";" lines "${text}")
  set(line_number 0)
  foreach(line IN LISTS lines)
    math(EXPR line_number "${line_number} + 1")
    if(line MATCHES "^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)")
      set(header "${CMAKE_MATCH_2}")
      if(CMAKE_MATCH_1 STREQUAL "\"")
        check_own_header()
      endif()
      check_library_header()
    endif()
  endforeach()
endfunction()

file(GLOB_RECURSE files RELATIVE "${SOURCE_DIR}/src" "${SOURCE_DIR}/src/*.h" "${SOURCE_DIR}/src/*.cc")
list(LENGTH files number_of_files)
if(number_of_files EQUAL 0)
  message(FATAL_ERROR "no source files under ${SOURCE_DIR}/src")
endif()
foreach(file IN LISTS files)
  check_file()
endforeach()

get_property(offences_found GLOBAL PROPERTY offences_found)
if(offences_found)
  message(FATAL_ERROR "Some includes break the rules above (cmake/CheckIncludes.cmake)")
endif()
