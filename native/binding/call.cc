#include "call.h"

#include <string>

namespace lanewise::binding {

void refuse_count(std::size_t expected, std::size_t given) {
  throw WrongType("expected " + std::to_string(expected) + " arguments, got " + std::to_string(given));
}

OpArguments::OpArguments(napi_env env, napi_callback_info info, std::size_t count, bool has_lists,
                         std::span<napi_value> few, std::vector<napi_value>& more)
    : env_(env), count_(count), values_(few.data()), given_(few.size()) {
  void* data = nullptr;
  check(napi_get_cb_info(env, info, &given_, few.data(), nullptr, &data));
  if (given_ < count || (!has_lists && given_ > count)) refuse_count(count, given_);
  if (given_ > few.size()) {
    more.resize(given_);
    check(napi_get_cb_info(env, info, &given_, more.data(), nullptr, nullptr));
    values_ = more.data();
  }
  bound_ = static_cast<const BoundOp*>(data);
  const Instance& instance = bound_->instance;
  crossing_ = {instance.frame, {values_ + count, given_ - count}, instance.pointwise.programs};
}

}  // namespace lanewise::binding
