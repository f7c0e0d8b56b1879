// What the two binary interfaces of MPI libraries have for the names of the standard. Both are promised to stay:
// Open MPI's libmpi.so.40 from version 3 on, MPICH's libmpi.so.12 by the MPICH ABI Compatibility Initiative.
// test/distributed/mpi-abi.test.ts compares this file with the headers of both where they are installed.
#pragma once

namespace lanewise::distributed::abi {

// Of both.
inline constexpr int kSuccess = 0;           // MPI_SUCCESS
inline constexpr int kThreadSerialized = 2;  // MPI_THREAD_SERIALIZED
inline constexpr int kMaxText = 8192;        // no less than MPI_MAX_LIBRARY_VERSION_STRING and MPI_MAX_ERROR_STRING

// Open MPI: handles are addresses of objects of the library.
inline constexpr const char* kOpenMpiWorld = "ompi_mpi_comm_world";            // MPI_COMM_WORLD
inline constexpr const char* kOpenMpiByte = "ompi_mpi_byte";                   // MPI_BYTE
inline constexpr const char* kOpenMpiErrorsReturn = "ompi_mpi_errors_return";  // MPI_ERRORS_RETURN
inline void* const kOpenMpiStatusIgnore = nullptr;                             // MPI_STATUS_IGNORE

// MPICH: handles are integers.
inline constexpr int kMpichWorld = 0x44000000;                       // MPI_COMM_WORLD
inline constexpr int kMpichByte = 0x4c00010d;                        // MPI_BYTE
inline constexpr int kMpichErrorsReturn = 0x54000001;                // MPI_ERRORS_RETURN
inline void* const kMpichStatusIgnore = reinterpret_cast<void*>(1);  // MPI_STATUS_IGNORE

}  // namespace lanewise::distributed::abi
