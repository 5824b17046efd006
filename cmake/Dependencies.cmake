# Third-party libraries. Arrow, libtorch and plotly.js come from pinned PyPI wheels that `./run` unpacks into MANYSHOT_DEPS_DIR
# (tools/setup/wheels-*.txt); everything else is a system package. Each is wrapped in one place of src/.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial)  # Debian's build without MPI
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)

function(require_wheel_file path)
  if(NOT EXISTS "${path}")
    message(FATAL_ERROR "${path} is missing: run ./run build, which unpacks the pinned wheels, or point MANYSHOT_DEPS_DIR at their folder")
  endif()
endfunction()

# Arrow C++ inside the pyarrow wheel.
set(ARROW_DIR "${MANYSHOT_DEPS_DIR}/pyarrow")
set(ARROW_SO_VERSION 2600)
foreach(lib arrow parquet)
  require_wheel_file("${ARROW_DIR}/lib${lib}.so.${ARROW_SO_VERSION}")
  add_library(Arrow::${lib} SHARED IMPORTED)
  set_target_properties(Arrow::${lib} PROPERTIES
    IMPORTED_LOCATION "${ARROW_DIR}/lib${lib}.so.${ARROW_SO_VERSION}"
    IMPORTED_SONAME "lib${lib}.so.${ARROW_SO_VERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${ARROW_DIR}/include")
endforeach()
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)

# plotly.js, which reports carry within them.
set(PLOTLY_SCRIPT "${MANYSHOT_DEPS_DIR}/plotly/package_data/plotly.min.js")
require_wheel_file("${PLOTLY_SCRIPT}")

# XGBoost's C API (Debian ships no CMake package for it).
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h REQUIRED)
find_library(XGBOOST_LIBRARY xgboost REQUIRED)

# libtorch inside the torch wheel: libtorch_cpu and c10 only (libtorch.so would pull in CUDA; TorchConfig.cmake wants a CUDA
# toolkit). -idirafter, because the wheel's include folder shadows fmt and others. Its checks name their source file in messages,
# by the path the compiler was given: the maps keep this machine's folders out of what is packed.
if(MANYSHOT_TORCH)
  set(TORCH_DIR "${MANYSHOT_DEPS_DIR}/torch")
  foreach(lib libtorch_cpu.so libc10.so libgomp.so.1)
    require_wheel_file("${TORCH_DIR}/lib/${lib}")
  endforeach()
  file(STRINGS "${TORCH_DIR}/version.py" torch_version REGEX "^__version__")
  if(NOT torch_version MATCHES "2\\.11\\.0")
    message(FATAL_ERROR "libtorch 2.11.0 is needed, ${TORCH_DIR} holds ${torch_version}: remove that folder and run ./run build")
  endif()
  add_library(torch_cpu INTERFACE)
  target_compile_options(torch_cpu INTERFACE -fopenmp
    "SHELL:-idirafter \"${TORCH_DIR}/include\"" "SHELL:-idirafter \"${TORCH_DIR}/include/torch/csrc/api/include\""
    "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" "-fmacro-prefix-map=${MANYSHOT_DEPS_DIR}/=")
  target_link_libraries(torch_cpu INTERFACE "${TORCH_DIR}/lib/libtorch_cpu.so" "${TORCH_DIR}/lib/libc10.so" "${TORCH_DIR}/lib/libgomp.so.1")
  target_link_options(torch_cpu INTERFACE -Wl,--allow-shlib-undefined)
endif()
