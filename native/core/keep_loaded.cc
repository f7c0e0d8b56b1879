#include "keep_loaded.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace lanewise::core {

void keep_loaded() noexcept {
  void* const self = reinterpret_cast<void*>(&keep_loaded);
#if defined(_WIN32)
  HMODULE library;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, static_cast<LPCWSTR>(self),
                     &library);
#else
  // A second handle that is never closed; the flag keeps the library even when the count of handles falls to zero.
  Dl_info info;
  if (dladdr(self, &info) != 0 && info.dli_fname != nullptr) {
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}

}  // namespace lanewise::core
