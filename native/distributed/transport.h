// What an engine that carries messages between the processes of a job gives. Everything above it (sums, gathers,
// checks) is the same on every engine, so no bit of a result depends on one.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace lanewise::distributed {

// A message on its way; what the words mean is the transport's business. While it travels its memory is the engine's.
struct Request {
  std::array<void*, 2> words{};
};

// The engine could not carry a message.
class TransportError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The ranks 0 to size() - 1. Messages from one rank to another arrive in the order in which they were sent. All but
// abort() is called by one thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  // The engine and its version, for people.
  virtual std::string name() const = 0;

  // A message of at most INT_MAX bytes to or from another rank. Throws TransportError.
  virtual Request start_send(int to, const void* data, std::size_t bytes) = 0;
  virtual Request start_receive(int from, void* data, std::size_t bytes) = 0;
  // Whether it has arrived, or its memory is free again; then the request is over. Throws TransportError.
  virtual bool test(Request& request) = 0;

  // Lets messages move that the engine has accepted.
  virtual void progress() noexcept = 0;

  // Ends the processes of the whole job with that exit code. On any thread, at any time; may hang, and may return.
  virtual void abort(int code) noexcept = 0;
  // Closes the engine; waits for the other ranks.
  virtual void finalize() = 0;
};

}  // namespace lanewise::distributed
