#include "instance.h"

#include "errors.h"
#include "jobs.h"

namespace lanewise::binding {

Instance::Instance(std::size_t count) : threads(count) {}

Instance::~Instance() = default;

Instance& instance_of(napi_env env) {
  void* data = nullptr;
  check(napi_get_instance_data(env, &data));
  if (data == nullptr) throw Pending{};
  return *static_cast<Instance*>(data);
}

}  // namespace lanewise::binding
