// Turns the C++ signature of an op into a JavaScript function.
#pragma once

#include <node_api.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/denormals.h"
#include "../core/thread_pool.h"
#include "../ops/context.h"
#include "arguments.h"
#include "errors.h"
#include "instance.h"

namespace lanewise::binding {

// A name as a template argument.
template <std::size_t size>
struct Name {
  constexpr Name(const char (&source)[size]) {  // NOLINT(google-explicit-constructor): written as a literal
    for (std::size_t i = 0; i < size; ++i) text[i] = source[i];
  }
  char text[size];
};

// The JavaScript arguments of a call, exactly `count` of them, and the function's data pointer.
template <std::size_t count>
std::array<napi_value, count> read_arguments(napi_env env, napi_callback_info info, void** data) {
  std::array<napi_value, count> values{};
  std::size_t given = count;
  check(napi_get_cb_info(env, info, &given, values.data(), nullptr, data));
  if (given != count) {
    throw WrongType("expected " + std::to_string(count) + " arguments, got " + std::to_string(given));
  }
  return values;
}

// The arguments of an op: `count`, and for an op with lists the arrays that stand behind them (Crossing).
template <std::size_t count, bool has_lists>
class OpArguments {
 public:
  OpArguments(napi_env env, napi_callback_info info, void** data) {
    check(napi_get_cb_info(env, info, &given_, few_.data(), nullptr, data));
    if (given_ < count || (!has_lists && given_ > count)) refuse();
    if (given_ <= kFew) return;
    many_.resize(given_);
    check(napi_get_cb_info(env, info, &given_, many_.data(), nullptr, nullptr));
  }

  napi_value operator[](std::size_t i) const { return all()[i]; }
  std::span<const napi_value> further() const { return {all() + count, given_ - count}; }
  [[noreturn]] void refuse() const {
    throw WrongType("expected " + std::to_string(count) + " arguments, got " + std::to_string(given_));
  }

 private:
  static constexpr std::size_t kFew = has_lists ? count + 12 : count;
  const napi_value* all() const { return given_ <= kFew ? few_.data() : many_.data(); }

  std::array<napi_value, kFew> few_{};
  std::vector<napi_value> many_;
  std::size_t given_ = kFew;
};

template <Name name, auto op>
struct Call;

template <Name name, typename... Args, void (*op)(const ops::Context&, Args...)>
struct Call<name, op> {
  static napi_value callback(napi_env env, napi_callback_info info) noexcept {
    return guarded(env, name.text, [&]() -> napi_value {
      invoke(env, info, std::index_sequence_for<Args...>());
      return nullptr;  // undefined
    });
  }

 private:
  template <std::size_t... index>
  static void invoke(napi_env env, napi_callback_info info, std::index_sequence<index...>) {
    constexpr std::size_t count = sizeof...(Args);
    void* data = nullptr;
    const OpArguments<count, (IsList<ops::Plain<Args>> || ...)> values(env, info, &data);
    const BoundOp& bound = *static_cast<const BoundOp*>(data);
    Crossing crossing{bound.instance.frame, values.further(), bound.instance.pointwise.programs};
    // Elements of lists first, because reading them can run JavaScript; from then on nothing does.
    const std::tuple lists{elements<ops::Plain<Args>>(Argument{env, values[index], index, &crossing})...};
    if (!crossing.arrays.empty()) values.refuse();
    // The braces fix the order, so that the first wrong argument is the one that is named.
    const std::tuple args{
        read<ops::Plain<Args>>(Argument{env, values[index], index, &crossing}, std::get<index>(lists))...};
    const ops::Context context{bound.kernels, core::ThreadPool::instance(), bound.instance.threads};
    const core::FlushDenormals flush;
    op(context, std::get<index>(args)...);
  }

  struct NoList {};
  template <typename T>
  static auto elements(const Argument& arg) {
    if constexpr (IsList<T>) {
      return list_elements(arg);
    } else {
      return NoList{};
    }
  }
  template <typename T, typename List>
  static auto read(const Argument& arg, const List& list) {
    if constexpr (IsList<T>) {
      return Read<T>::from(arg, list);
    } else {
      return Read<T>::from(arg);
    }
  }
};

}  // namespace lanewise::binding
