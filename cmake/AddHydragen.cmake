# Finds MLIR 22 and defines how this project's compiler libraries and tools are
# built. One linkage only: the MLIR and LLVM shared libraries.

find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "Hydragen needs LLVM and MLIR 22, found ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
endif()
message(STATUS "MLIR: ${MLIR_DIR}")
message(STATUS "LLVM: ${LLVM_DIR} (${LLVM_PACKAGE_VERSION})")
set(MLIR_LINK_MLIR_DYLIB ON)

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# LLVM_DEFINITIONS is one string; as it stands it would become one definition.
separate_arguments(HYDRAGEN_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# What a target needs to see LLVM's headers: as system headers, no exceptions.
add_library(hydragen_llvm INTERFACE)
target_include_directories(hydragen_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(hydragen_llvm INTERFACE ${HYDRAGEN_LLVM_DEFINITIONS})
target_compile_options(hydragen_llvm INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
                                               -Wno-deprecated-declarations)
target_link_libraries(hydragen_llvm INTERFACE MLIR LLVM)

# All tablegen output; every compiler library depends on it.
add_custom_target(hydragen-headers)

# Precompiled headers: a file that sees the dialects takes 20 s without, 4 s with.
if(HYDRAGEN_USE_PCH)
  file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
  add_library(hydragen_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
  target_link_libraries(hydragen_pch PRIVATE hydragen_llvm hydragen_flags)
  target_precompile_headers(hydragen_pch PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/HydragenPCH.h)
  # A precompiled header that is made again is the same: the compiler cache holds.
  target_compile_options(hydragen_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endif()

function(hydragen_configure_target name)
  target_link_libraries(${name} PRIVATE hydragen_flags)
  target_link_libraries(${name} PUBLIC hydragen_llvm)
  add_dependencies(${name} hydragen-headers)
  if(HYDRAGEN_USE_PCH)
    target_precompile_headers(${name} REUSE_FROM hydragen_pch)
  endif()
endfunction()

# hydragen_add_library(HydragenIR A.cpp B.cpp LINK OtherHydragenLib ...)
# A compiler library. It is linked into every tool and exported on install.
function(hydragen_add_library name)
  cmake_parse_arguments(ARG "TEST" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  hydragen_configure_target(${name})
  if(NOT ARG_TEST)
    set_property(GLOBAL APPEND PROPERTY HYDRAGEN_LIBS ${name})
  endif()
endfunction()

# hydragen_add_tool(hydragen-opt main.cpp LINK ...)
function(hydragen_add_tool name)
  cmake_parse_arguments(ARG "TEST" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  # -fPIC as in the libraries, not -fPIE: one precompiled header for both.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_compile_definitions(${name} PRIVATE HYDRAGEN_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  hydragen_configure_target(${name})
  set_property(GLOBAL APPEND PROPERTY HYDRAGEN_TOOLS ${name})
  if(NOT ARG_TEST)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# hydragen_tablegen(Name.td -gen-op-decls Name.h.inc [-extra args])
macro(hydragen_tablegen td out)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${out} ${ARGN})
endmacro()
