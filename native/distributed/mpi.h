// MPI as a transport: a library that is on the machine already is opened at run time.
#pragma once

#include <memory>
#include <string>

#include "transport.h"

namespace lanewise::distributed {

// Opens the library and calls MPI_Init_thread on the calling thread, which is to make all other calls too. Knows the
// binary interfaces of Open MPI (libmpi.so.40: versions 3 to 5) and of MPICH (libmpich.so.12, elsewhere libmpi.so.12;
// also Intel MPI, MVAPICH, Cray) and tells them apart by their symbols. Once in a process. Throws TransportError.
std::unique_ptr<Transport> open_mpi(const std::string& library);

}  // namespace lanewise::distributed
