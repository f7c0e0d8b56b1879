#include "mpi.h"

#if defined(_WIN32)

namespace lanewise::distributed {
std::unique_ptr<Transport> open_mpi(const std::string&) { throw TransportError("MPI is not supported on Windows"); }
}  // namespace lanewise::distributed

#else

#include <dlfcn.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include "mpi_abi.h"

namespace lanewise::distributed {
namespace {

// The library, never closed: its threads and hooks stay.
class Library {
 public:
  explicit Library(const std::string& name) : name_(name) {
    // MPICH's transport UCX replaces functions of memory, under which V8 crashes now and then, and takes signals that
    // are Node's. It reads these when it is loaded.
    setenv("UCX_MEM_EVENTS", "n", 0);
    setenv("UCX_ERROR_SIGNALS", "", 0);
    // GLOBAL: Open MPI's plugins look for its symbols.
    handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (handle_ == nullptr) throw TransportError(last_error());
  }

  void* find(const char* symbol) const noexcept { return dlsym(handle_, symbol); }

  template <typename Function>
  void bind(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(find(symbol));
    if (function == nullptr) throw TransportError(name_ + " is no MPI library that is known here: it lacks " + symbol);
  }

 private:
  static std::string last_error() {
    const char* const text = dlerror();
    return text == nullptr ? "the library cannot be loaded" : text;
  }

  std::string name_;
  void* handle_;
};

// An ABI: the types of handles, and what stands for the constants of the standard (mpi_abi.h).
struct OpenMpi {
  using Comm = void*;
  using Datatype = void*;
  using Errhandler = void*;
  using Request = void*;

  explicit OpenMpi(const Library& library)
      : world(library.find(abi::kOpenMpiWorld)),
        byte(library.find(abi::kOpenMpiByte)),
        errors_return(library.find(abi::kOpenMpiErrorsReturn)) {
    if (byte == nullptr || errors_return == nullptr) throw TransportError("this Open MPI lacks symbols of its ABI");
  }
  Comm world;
  Datatype byte;
  Errhandler errors_return;
  void* status_ignore = abi::kOpenMpiStatusIgnore;
};

struct Mpich {
  using Comm = int;
  using Datatype = int;
  using Errhandler = int;
  using Request = int;

  explicit Mpich(const Library&) {}
  Comm world = abi::kMpichWorld;
  Datatype byte = abi::kMpichByte;
  Errhandler errors_return = abi::kMpichErrorsReturn;
  void* status_ignore = abi::kMpichStatusIgnore;
};

template <typename Abi>
class Mpi final : public Transport {
 public:
  explicit Mpi(const Library& library) : abi_(library) {
    library.bind(init_thread_, "MPI_Init_thread");
    library.bind(initialized_, "MPI_Initialized");
    library.bind(comm_rank_, "MPI_Comm_rank");
    library.bind(comm_size_, "MPI_Comm_size");
    library.bind(comm_set_errhandler_, "MPI_Comm_set_errhandler");
    library.bind(isend_, "MPI_Isend");
    library.bind(irecv_, "MPI_Irecv");
    library.bind(test_, "MPI_Test");
    library.bind(iprobe_, "MPI_Iprobe");
    library.bind(abort_, "MPI_Abort");
    library.bind(finalize_, "MPI_Finalize");
    library.bind(error_string_, "MPI_Error_string");
    library.bind(version_, "MPI_Get_library_version");

    int done = 0;
    initialized_(&done);
    if (done != 0) throw TransportError("MPI has been initialized in this process before");
    int provided = 0;
    check(init_thread_(nullptr, nullptr, abi::kThreadSerialized, &provided), "MPI_Init_thread");
    check(comm_set_errhandler_(abi_.world, abi_.errors_return), "MPI_Comm_set_errhandler");
    check(comm_rank_(abi_.world, &rank_), "MPI_Comm_rank");
    check(comm_size_(abi_.world, &size_), "MPI_Comm_size");
    std::string text(abi::kMaxText, '\0');
    int length = 0;
    check(version_(text.data(), &length), "MPI_Get_library_version");
    // The first line, and of that what stands before a comma: the rest says how it was built.
    name_ = text.substr(0, text.find_first_of(std::string_view(",\n\0", 3)));
    for (char& c : name_) {
      if (c == '\t') c = ' ';
    }
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name() const override { return name_; }

  Request start_send(int to, const void* data, std::size_t bytes) override {
    typename Abi::Request request{};
    check(isend_(data, static_cast<int>(bytes), abi_.byte, to, kTag, abi_.world, &request), "MPI_Isend");
    return wrapped(request);
  }
  Request start_receive(int from, void* data, std::size_t bytes) override {
    typename Abi::Request request{};
    check(irecv_(data, static_cast<int>(bytes), abi_.byte, from, kTag, abi_.world, &request), "MPI_Irecv");
    return wrapped(request);
  }
  bool test(Request& wrapper) override {
    auto request = unwrapped(wrapper);
    int done = 0;
    check(test_(&request, &done, abi_.status_ignore), "MPI_Test");
    wrapper = wrapped(request);
    return done != 0;
  }
  void progress() noexcept override {
    int found = 0;
    iprobe_(0, kOtherTag, abi_.world, &found, abi_.status_ignore);
  }

  void abort(int code) noexcept override { abort_(abi_.world, code); }
  void finalize() override { check(finalize_(), "MPI_Finalize"); }

 private:
  // No message has the other one: to look for it is to let the engine move.
  static constexpr int kTag = 1, kOtherTag = 2;

  static Request wrapped(typename Abi::Request request) {
    if constexpr (std::is_pointer_v<typename Abi::Request>) {
      return {{request, nullptr}};
    } else {
      return {{reinterpret_cast<void*>(static_cast<std::intptr_t>(request)), nullptr}};
    }
  }
  static typename Abi::Request unwrapped(const Request& request) {
    if constexpr (std::is_pointer_v<typename Abi::Request>) {
      return request.words[0];
    } else {
      return static_cast<int>(reinterpret_cast<std::intptr_t>(request.words[0]));
    }
  }

  void check(int code, const char* what) const {
    if (code == abi::kSuccess) return;
    std::array<char, abi::kMaxText> text{};
    int length = 0;
    if (error_string_(code, text.data(), &length) != abi::kSuccess) text[0] = '\0';
    throw TransportError(std::string(what) + ": " + (text[0] != '\0' ? text.data() : "error " + std::to_string(code)));
  }

  using Comm = typename Abi::Comm;
  using Datatype = typename Abi::Datatype;
  const Abi abi_;
  int rank_ = 0, size_ = 1;
  std::string name_;
  int (*init_thread_)(int*, char***, int, int*) = nullptr;
  int (*initialized_)(int*) = nullptr;
  int (*comm_rank_)(Comm, int*) = nullptr;
  int (*comm_size_)(Comm, int*) = nullptr;
  int (*comm_set_errhandler_)(Comm, typename Abi::Errhandler) = nullptr;
  int (*isend_)(const void*, int, Datatype, int, int, Comm, typename Abi::Request*) = nullptr;
  int (*irecv_)(void*, int, Datatype, int, int, Comm, typename Abi::Request*) = nullptr;
  int (*test_)(typename Abi::Request*, int*, void*) = nullptr;
  int (*iprobe_)(int, int, Comm, int*, void*) = nullptr;
  int (*abort_)(Comm, int) = nullptr;
  int (*finalize_)() = nullptr;
  int (*error_string_)(int, char*, int*) = nullptr;
  int (*version_)(char*, int*) = nullptr;
};

}  // namespace

std::unique_ptr<Transport> open_mpi(const std::string& name) {
  const Library library(name);
  if (library.find(abi::kOpenMpiWorld) != nullptr) return std::make_unique<Mpi<OpenMpi> >(library);
  return std::make_unique<Mpi<Mpich> >(library);
}

}  // namespace lanewise::distributed

#endif
