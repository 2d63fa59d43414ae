# Flags for every target of this project, the runtime included.

add_library(hydragen_flags INTERFACE)
target_compile_options(hydragen_flags INTERFACE -Wall -Wextra -Wno-unused-parameter
                                                -fno-semantic-interposition)
if(HYDRAGEN_WERROR)
  target_compile_options(hydragen_flags INTERFACE -Werror)
endif()

if(HYDRAGEN_ENABLE_ASSERTIONS)
  # Release flags define NDEBUG; the later -U wins.
  add_compile_options(-UNDEBUG)
endif()

if(HYDRAGEN_SANITIZE)
  add_compile_options(-fsanitize=${HYDRAGEN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HYDRAGEN_SANITIZE})
  # The vptr check needs RTTI of classes in the uninstrumented LLVM libraries.
  add_compile_options(-fno-sanitize=vptr,function)
endif()
