# The Python module of host/python, where Python's headers and pybind11 are. It
# is a shared library, so everything that it links is compiled to lie anywhere.
option(SHOAL_PYTHON "the Python module, where pybind11 is installed" ON)
set(SHOAL_PYTHON_MODULE OFF)
# An interpreter without sanitizers cannot load what has them.
if(SHOAL_PYTHON AND NOT APPLE AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
  # pybind11 and NumPy are the system's packages, so its interpreter is the one
  # that is meant, not another that the PATH has before it.
  find_program(SHOAL_SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
  if(SHOAL_SYSTEM_PYTHON AND NOT DEFINED Python_EXECUTABLE AND
      NOT DEFINED ENV{VIRTUAL_ENV})
    set(Python_EXECUTABLE ${SHOAL_SYSTEM_PYTHON})
  endif()
  set(PYBIND11_FINDPYTHON ON)
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
  if(Python_FOUND)
    find_package(pybind11 QUIET CONFIG)
  endif()
  if(pybind11_FOUND)
    set(SHOAL_PYTHON_MODULE ON)
    message(STATUS "Python module: for Python ${Python_VERSION}")
  else()
    message(STATUS "No Python module: python3-dev or pybind11-dev is missing")
  endif()
endif()
if(SHOAL_PYTHON_MODULE)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  # Without it no function that others may call is inlined.
  set(CMAKE_C_VISIBILITY_PRESET hidden)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
endif()
