# find_package(Hydragen) for projects outside this tree: Hydragen::HydragenIR and
# the other compiler libraries, Hydragen::runtime.

include(CMakePackageConfigHelpers)
set(HYDRAGEN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Hydragen)

get_property(libs GLOBAL PROPERTY HYDRAGEN_LIBS)
install(TARGETS ${libs} hydragen_flags hydragen_llvm EXPORT HydragenTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT HydragenTargets NAMESPACE Hydragen:: DESTINATION ${HYDRAGEN_CMAKE_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hydragen ${PROJECT_BINARY_DIR}/include/hydragen
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc")

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/HydragenConfig.cmake.in
  ${PROJECT_BINARY_DIR}/HydragenConfig.cmake INSTALL_DESTINATION ${HYDRAGEN_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/HydragenConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/HydragenConfig.cmake
  ${PROJECT_BINARY_DIR}/HydragenConfigVersion.cmake DESTINATION ${HYDRAGEN_CMAKE_DIR})
