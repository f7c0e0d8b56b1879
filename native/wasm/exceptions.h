// What an exception that has been caught by `catch (...)` is.
#pragma once

#include <exception>
#include <typeinfo>

namespace lanewise::wasm {

// Only within a catch block.
const std::type_info& caught_type();
// As what it is thrown: everything that lanewise and its standard library throw derives from std::exception.
const std::exception& caught_exception();

}  // namespace lanewise::wasm
