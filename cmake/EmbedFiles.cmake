# manyshot_embed(TARGET [FOLDER folder] NAME=FILE...)
# Puts the bytes of files into a library: each NAME is a function of namespace manyshot::TARGET in "FOLDER/embedded.h"
# (by default that of the target's name) that returns them.
function(manyshot_embed target)
  cmake_parse_arguments(ARG "" "FOLDER" "" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER "${target}")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded")
  set(declarations "")
  set(definitions "")
  foreach(entry ${ARG_UNPARSED_ARGUMENTS})
    string(REGEX MATCH "^([a-z_]+)=(.*)$" matched "${entry}")
    set(name "${CMAKE_MATCH_1}")
    cmake_path(ABSOLUTE_PATH CMAKE_MATCH_2 BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" OUTPUT_VARIABLE file)
    list(APPEND files "${file}")
    string(APPEND declarations "std::string_view ${name}();\n")
    string(APPEND definitions "EMBEDDED_FILE(${name}, \"${file}\")\n")
  endforeach()
  file(CONFIGURE OUTPUT "${folder}/${ARG_FOLDER}/embedded.h" @ONLY CONTENT
"// The bytes of files that are part of the program (cmake/EmbedFiles.cmake).
#pragma once

#include <string_view>

namespace manyshot::@target@ {

@declarations@
}  // namespace manyshot::@target@
")
  file(CONFIGURE OUTPUT "${folder}/embedded.cc" @ONLY CONTENT
"#include \"${ARG_FOLDER}/embedded.h\"

#define EMBEDDED_FILE(name, path)                                                                \\
  __asm__(\".pushsection .rodata\\n\"                                                              \\
          \"manyshot_embedded_\" #name \":\\n.incbin \\\"\" path \"\\\"\\n\"                             \\
          \"manyshot_embedded_\" #name \"_end:\\n.byte 0\\n.popsection\\n\");                        \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char manyshot_embedded_##name[];      \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char manyshot_embedded_##name##_end[]; \\
  std::string_view manyshot::${target}::name() {                                                          \\
    return {manyshot_embedded_##name, manyshot_embedded_##name##_end};                           \\
  }

@definitions@
")
  set_source_files_properties("${folder}/embedded.cc" PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(manyshot_${target} PRIVATE "${folder}/embedded.cc")
  target_include_directories(manyshot_${target} PRIVATE "${folder}")
endfunction()
